"""Fokker-Planck as a gradient flow, JKO steps: slide "Iterative refinement like in optimization: MCMC", remarks."""

import autograd
import autograd.numpy as np
import scipy

from refimpl.sampling import gaussian_gradient_flow, gradient_flow, langevin
from refimpl.sampling.gaussian_gradient_flow import Gaussian
from verify.claims import claim
from verify.evidence import at_most, equal, rate, rounding

SLIDE = "Iterative refinement like in optimization: MCMC"
SOURCE = "Jordan, Kinderlehrer & Otto 1998"
X = np.linspace(-5, 5, 1601)
TAUS = np.geomspace(5e-4, 5e-3, 16)


def f(x):
    """A potential without symmetry, not convex."""
    return x**4 / 8 - x**2 / 4 + np.sin(x)


def slope(x):
    """Its derivative."""
    return x**3 / 2 - x / 2 + np.cos(x)


def bump(x):
    """A start away from equilibrium."""
    return np.exp(-((x - 0.5) ** 2) / 1.3)


def uneven(end, n):
    """Nodes from −end to end whose gaps vary by a factor of four."""
    t = np.linspace(-1, 1, n)
    return end * (t + t**3) / 2


def features(x):
    """Five functions whose means tell laws apart."""
    return np.array([x, x**2, np.cos(x), np.sin(2 * x), np.exp(-(x**2))])


def means(law):
    """Means of the five functions."""
    w = (np.append(law.mass, 0) + np.append(0, law.mass)) / 2
    return features(law.x) @ w


def fokker_planck(density, times):
    """Densities on X at times, by a symmetrised Markov chain on the grid with π as its exact equilibrium."""
    h = X[1] - X[0]
    root = np.exp(-f(X) / 2)
    jump = np.ones(len(X) - 1) / h**2
    leave = -(np.append(root[1:] / root[:-1], 0) + np.append(0, root[:-1] / root[1:])) / h**2
    values, modes = scipy.linalg.eigh_tridiagonal(leave, jump)
    start = density(X) / density(X).sum() / h
    return [root * (modes @ (np.exp(values * t) * (modes.T @ (start / root)))) for t in times]


@claim("S07", slide=SLIDE, source=SOURCE)
def jko_steps_follow_fokker_planck(rng, *, jko_step=gradient_flow.jko_step):
    r"""One JKO step differs from the Fokker-Planck equation by O(τ²): five means, for a target that is not convex."""
    law = gradient_flow.law_of(bump, X)
    steps = np.array([means(jko_step(slope, law, tau)) for tau in TAUS]) - means(law)
    start, *flow = fokker_planck(bump, [0.0, *TAUS])
    exact = np.array([features(X) @ (p - start) for p in flow]) * (X[1] - X[0])
    yield rate("error of five means in τ", TAUS, np.linalg.norm(steps - exact, axis=1), 2.0)


@claim("S07", slide=SLIDE, source=SOURCE)
def jko_steps_descend_and_are_exact_on_gaussians(rng, *, jko_step=gradient_flow.jko_step):
    r"""F(ρ⁺) + W₂²/(2τ) ≤ F(ρ) at every step, down to −log∫e^{−f}; a Gaussian stays the Gaussian of the closed form."""
    law, tau = gradient_flow.law_of(bump, X), 0.5
    w = (np.append(law.mass, 0) + np.append(0, law.mass)) / 2
    energies, prices = [gradient_flow.free_energy(f, law)], []
    for _ in range(40):
        after = jko_step(slope, law, tau)
        prices.append(w @ (after.x - law.x) ** 2 / (2 * tau))
        law = after
        energies.append(gradient_flow.free_energy(f, law))
    gain = np.diff(energies) + prices
    yield at_most("F(ρ⁺) + W₂²/(2τ) − F(ρ)", gain, 0.0, slack=rounding(4000), resolution=1e-6)
    least = -np.log(scipy.integrate.quad(lambda x: np.exp(-f(x)), -9, 9)[0])
    yield equal("F in the end", energies[-1], least, atol=1e-4)
    for tau in (0.02, 0.3, 2.0):
        mean, std, l = rng.uniform(-1, 1), rng.uniform(0.5, 1), rng.uniform(0.5, 3)
        x = mean + std * uneven(8, 1601)
        law = gradient_flow.law_of(lambda x, m=mean, s=std: np.exp(-(((x - m) / s) ** 2) / 2), x)
        new = means(jko_step(lambda x, l=l: l * x, law, tau))
        m, s = best_gaussian(mean, std, l, tau)
        yield equal(f"mean and variance on a Gaussian, τ = {tau}", [new[0], new[1] - new[0] ** 2], [m, s**2], atol=3e-5)


def best_gaussian(mean, std, l, tau):
    """The JKO step among Gaussians, by minimising numerically over (m, log s)."""

    def objective(q):
        m, s = q[0], np.exp(q[1])
        return l * (m**2 + s**2) / 2 - q[1] + ((m - mean) ** 2 + (s - std) ** 2) / (2 * tau)

    q = scipy.optimize.minimize(objective, [mean, np.log(std)], jac=autograd.grad(objective), options={"gtol": 1e-12}).x
    for _ in range(3):
        q = q - np.linalg.solve(autograd.hessian(objective)(q), autograd.grad(objective)(q))
    return q[0], np.exp(q[1])


WRONG_JKO_STEPS = {
    "half of the entropy": lambda g, law, tau: gradient_flow.jko_step(lambda x: 2 * g(x), law, tau / 2),
    "W₂² over τ, not 2τ": lambda g, law, tau: gradient_flow.jko_step(g, law, tau / 2),
    "τ 1 % too long": lambda g, law, tau: gradient_flow.jko_step(g, law, 1.01 * tau),
    "temperature 1.01": lambda g, law, tau: gradient_flow.jko_step(lambda x: g(x) / 1.01, law, tau),
    "stays": lambda g, law, tau: law,
}
jko_steps_follow_fokker_planck.mutants(WRONG_JKO_STEPS)
jko_steps_descend_and_are_exact_on_gaussians.mutants({
    **WRONG_JKO_STEPS,
    "potential at the old nodes": lambda g, law, tau: gradient_flow.jko_step(lambda y: g(law.x), law, tau),
    "ascends the potential": lambda g, law, tau: gradient_flow.jko_step(lambda x: -g(x), law, tau),
})


def mixture(t, x):
    """Density at time t of the flow towards N(0, 1) from a mixture of N(1, 0.3) and N(−1.5, 0.5), and its score."""
    m = np.exp(-t) * np.array([1.0, -1.5])
    v = 1 + np.exp(-2 * t) * (np.array([0.3, 0.5]) - 1)
    parts = np.array([0.4, 0.6]) * scipy.stats.norm.pdf(x[:, None], m, np.sqrt(v))
    return parts.sum(-1), (parts * (m - x[:, None]) / v).sum(-1) / parts.sum(-1)


def divergence(t):
    """KL to N(0, 1) of the mixture at time t, by quadrature."""
    x = np.linspace(-8, 8, 4001)
    return scipy.integrate.simpson(scipy.special.rel_entr(mixture(t, x)[0], scipy.stats.norm.pdf(x)), x=x)


@claim("S07", slide=SLIDE, source=SOURCE)
def divergence_falls_at_the_rate_of_the_fisher_information(
    rng,
    *,
    fisher_information=gradient_flow.fisher_information,
    velocity=gradient_flow.velocity,
    free_energy=gradient_flow.free_energy,
):
    r"""Along the flow −d/dt KL(ρₜ‖π) = FI(ρₜ‖π), and v = −x − (log ρ)': by the exact flow of a mixture."""
    x = uneven(7, 4001)
    middle = np.abs(x) < 3
    for t in rng.uniform(0.05, 1.0, 3):
        law = gradient_flow.law_of(lambda x, t=t: mixture(t, x)[0], x)
        e = 1e-3
        decay = (divergence(t - 2 * e) - 8 * divergence(t - e) + 8 * divergence(t + e) - divergence(t + 2 * e)) / (
            12 * e
        )
        yield equal(f"FI at t = {t:.3f}", fisher_information(lambda x: x, law), -decay, rtol=3e-4)
        v = velocity(lambda x: x, law)
        yield equal(f"v at t = {t:.3f}", v[middle], (-x - mixture(t, x)[1])[middle], atol=3e-4)
        energy = free_energy(lambda x: x**2 / 2, law)
        yield equal(f"F at t = {t:.3f}", energy, divergence(t) - np.log(2 * np.pi) / 2, atol=1e-5)


divergence_falls_at_the_rate_of_the_fisher_information.mutants(
    {
        "½ of it": lambda g, law: gradient_flow.fisher_information(g, law) / 2,
        "of ρ alone": lambda g, law: gradient_flow.fisher_information(np.zeros_like, law),
        "with −f": lambda g, law: gradient_flow.fisher_information(lambda x: -g(x), law),
        "1 % too large": lambda g, law: 1.01 * gradient_flow.fisher_information(g, law),
        "unweighted": lambda g, law: (gradient_flow.velocity(g, law) ** 2).mean(),
    },
    replaces="fisher_information",
)
divergence_falls_at_the_rate_of_the_fisher_information.mutants(
    {
        "sign": lambda grad_f, law: -gradient_flow.velocity(grad_f, law),
        "without diffusion": lambda grad_f, law: -grad_f(law.x),
    },
    replaces="velocity",
)
divergence_falls_at_the_rate_of_the_fisher_information.mutants(
    {
        "sign of the entropy": lambda f, law: (
            2 * gradient_flow.free_energy(f, law) - gradient_flow.free_energy(lambda x: -f(x), law)
        ),
        "masses for densities": lambda f, law: gradient_flow.free_energy(f, law) + law.mass @ np.log(np.diff(law.x)),
    },
    replaces="free_energy",
)


@claim("S07", slide=SLIDE, source="Wibisono 2018")
def gaussians_stay_gaussian_along_the_flow(rng, *, gaussian_flow=gaussian_gradient_flow.gaussian_flow):
    r"""Mean and variance solve m' = −lm and (s²)' = 2 − 2ls², by integration."""
    mean, std, l = rng.uniform(0.5, 2), rng.uniform(0.3, 0.6), rng.uniform(0.5, 2)
    for t in (0.0, 0.3, 1.7):
        ode = scipy.integrate.solve_ivp(
            lambda t, y: [-l * y[0], 2 - 2 * l * y[1]], (0, t), [mean, std**2], rtol=1e-12, atol=1e-13
        )
        m, s = gaussian_flow(mean, std, l, t)
        yield equal(f"flow at t = {t}", [m, s**2], ode.y[:, -1], atol=1e-10)


WRONG_FLOWS = {
    "e^{−2lt} of the mean": lambda m, s, l, t: gaussian_gradient_flow.gaussian_flow(m, s, 2 * l, t),
    "time 1 % too long": lambda m, s, l, t: gaussian_gradient_flow.gaussian_flow(m, s, l, 1.01 * t),
}
gaussians_stay_gaussian_along_the_flow.mutants(WRONG_FLOWS)


@claim("S07", slide=SLIDE, source="Wibisono 2018")
def gaussian_jko_step_is_the_minimiser(rng, *, gaussian_jko_step=gaussian_gradient_flow.gaussian_jko_step):
    r"""Among Gaussians it minimises KL(ρ‖π) + W₂²(ρ, ρ₀)/(2τ): by numerical minimisation."""
    mean, std, l = rng.uniform(0.5, 2), rng.uniform(0.3, 0.6), rng.uniform(0.5, 2)
    for tau in (0.05, 0.7):
        best = best_gaussian(mean, std, l, tau)
        yield equal(f"JKO, τ = {tau}", gaussian_jko_step(mean, std, l, tau), best, rtol=1e-12)


gaussian_jko_step_is_the_minimiser.mutants({
    "τ 1 % too long": lambda m, s, l, t: gaussian_gradient_flow.gaussian_jko_step(m, s, l, 1.01 * t),
    "explicit": lambda m, s, l, t: Gaussian(m - t * l * m, s + t * (1 / s - l * s)),
    "no entropy": lambda m, s, l, t: Gaussian(m / (1 + t * l), s / (1 + t * l)),
})


@claim("S07", slide=SLIDE, source="Wibisono 2018")
def three_steps_agree_to_first_order_on_gaussians(
    rng,
    *,
    gaussian_flow=gaussian_gradient_flow.gaussian_flow,
    gaussian_jko_step=gaussian_gradient_flow.gaussian_jko_step,
    lmc_step=langevin.lmc_step,
):
    r"""Against the flow, a JKO step and a step of LMC err by O(τ²), in mean and in deviation."""
    mean, std, l = rng.uniform(0.5, 2), rng.uniform(0.3, 0.6), rng.uniform(0.5, 2)
    taus = np.geomspace(1e-4, 1e-2, 12)
    exact = np.array([gaussian_flow(mean, std, l, tau) for tau in taus])
    jko = np.array([gaussian_jko_step(mean, std, l, tau) for tau in taus])
    ends = np.array([lmc_step(lambda a: l * a, np.array([mean, 0.0]), tau, np.array([0.0, 1.0])) for tau in taus])
    lmc = np.stack([ends[:, 0], np.hypot((1 - l * taus) * std, ends[:, 1])], -1)
    for name, step in [("JKO", jko), ("LMC", lmc)]:
        for i, what in enumerate(["mean", "deviation"]):
            yield rate(f"{what} of {name} in τ", taus, np.abs(step - exact)[:, i], 2.0)


three_steps_agree_to_first_order_on_gaussians.mutants(WRONG_FLOWS, replaces="gaussian_flow")
three_steps_agree_to_first_order_on_gaussians.mutants(
    {"τ 1 % too short": lambda m, s, l, t: gaussian_gradient_flow.gaussian_jko_step(m, s, l, 0.99 * t)},
    replaces="gaussian_jko_step",
)
three_steps_agree_to_first_order_on_gaussians.mutants(
    {
        "noise √η": lambda g, a, eta, z: a - eta * g(a) + np.sqrt(eta) * z,
        "drift 1 % too large": lambda g, a, eta, z: a - 1.01 * eta * g(a) + np.sqrt(2 * eta) * z,
    },
    replaces="lmc_step",
)
