"""Convergence under a log-Sobolev inequality: slide "Langevin Monte Carlo"."""

import numpy as np
import scipy

from refimpl.sampling import gaussian_law, langevin, log_sobolev_rates, metrics, targets
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.sampling.gaussian_law import noise_too_small
from verify.sampling.langevin_bias import grid_kernel
from verify.sampling.metrics import SLIDE, random_law

SOURCE = "Vempala & Wibisono 2019"


@claim("S05", slide=SLIDE, source=SOURCE)
def diffusion_forgets_at_twice_the_log_sobolev_constant(
    rng, *, lsi_flow_bound=log_sobolev_rates.lsi_flow_bound, gaussian_kl=metrics.gaussian_kl
):
    r"""KL(ρ_t‖π) ≤ e^{−2at}KL₀ on N(m, A⁻¹), a = λmin(A), exactly; tight for a shift along the flattest axis."""
    measured, bound = [], []
    for shifted in (False, False, False, True):
        m, A = random_law(rng)
        l, Q = np.linalg.eigh(A)
        C = symmetric((Q / l) @ Q.T)
        m0, C0 = (m + Q[:, 0], C) if shifted else random_law(rng)
        kl0 = gaussian_kl(m0, C0, m, C)
        for t in rng.uniform(0, 3, 5):
            decay = (Q * np.exp(-l * t)) @ Q.T
            C_t = symmetric(C + decay @ (C0 - C) @ decay)
            measured.append(gaussian_kl(m + decay @ (m0 - m), C_t, m, C))
            bound.append(lsi_flow_bound(kl0, l[0], t))
    yield at_most("KL(ρ_t‖π)", measured, bound, slack=rounding(1e4, 10), tight=1e-9)


def symmetric(C):
    """The symmetric part of a matrix that is symmetric but for rounding."""
    return (C + C.T) / 2


diffusion_forgets_at_twice_the_log_sobolev_constant.mutants(
    {
        "e^{−4at}": lambda kl0, a, t: kl0 * np.exp(-4 * a * t),
        "rate 1 % too fast": lambda kl0, a, t: kl0 * np.exp(-2.02 * a * t),
        "1 % too small": lambda kl0, a, t: 0.99 * kl0 * np.exp(-2 * a * t),
    },
    replaces="lsi_flow_bound",
)
diffusion_forgets_at_twice_the_log_sobolev_constant.mutants(
    {"√KL, a distance": lambda m0, C0, m1, C1: np.sqrt(metrics.gaussian_kl(m0, C0, m1, C1))}, replaces="gaussian_kl"
)


@claim("S05", slide=SLIDE, source=SOURCE)
def lmc_converges_up_to_its_bias(
    rng,
    *,
    lsi_lmc_bound=log_sobolev_rates.lsi_lmc_bound,
    lmc_covariance=gaussian_law.lmc_covariance,
    lmc_mean=gaussian_law.lmc_mean,
):
    r"""KL_k ≤ e^{−aηk}KL₀ + 8ηpL²/a for η ≤ a/(4L²): on N(m, A⁻¹), exactly, from k = 0 to the end.

    Tight at the start. The two terms are loose: the decay is e^{−2aηk}, and the bias is O(η²), for Gaussians.
    """
    measured, bound = [], []
    for share in (1e-6, 0.01, 0.3, 1.0):
        m, A = random_law(rng)
        l, Q = np.linalg.eigh(A)
        C, (m0, C0) = symmetric((Q / l) @ Q.T), random_law(rng)
        eta, kl0 = share * l[0] / (4 * l[-1] ** 2), metrics.gaussian_kl(m0, C0, m, C)
        for k in (0, 1, 10, 1000, 10**5, 10**8):
            C_k, m_k = symmetric(lmc_covariance(A, eta, k, C0)), lmc_mean(A, eta, k, m0, m)
            measured.append(metrics.gaussian_kl(m_k, C_k, m, C))
            bound.append(lsi_lmc_bound(kl0, l[0], l[-1], 3, eta, k))
    yield at_most("KL_k", measured, bound, slack=rounding(1e6, 10), tight=1e-2)


lmc_converges_up_to_its_bias.mutants(
    {
        "no bias": lambda kl0, a, L, p, eta, num_steps: kl0 * np.exp(-a * eta * num_steps),
        "decay of the diffusion's time k, not ηk": lambda kl0, a, L, p, eta, num_steps: (
            kl0 * np.exp(-a * num_steps) + 8 * eta * p * L**2 / a
        ),
        "four times the decay": lambda kl0, a, L, p, eta, num_steps: (
            kl0 * np.exp(-4 * a * eta * num_steps) + eta**2 * p * L**2 / a * 8
        ),
        "half of KL₀": lambda kl0, a, L, p, eta, num_steps: log_sobolev_rates.lsi_lmc_bound(
            kl0 / 2, a, L, p, eta, num_steps
        ),
    },
    replaces="lsi_lmc_bound",
)
lmc_converges_up_to_its_bias.mutants({"noise √η: ends in another law": noise_too_small}, replaces="lmc_covariance")
lmc_converges_up_to_its_bias.mutants({"the mean stays": lambda A, eta, num_steps, m0, m: m0}, replaces="lmc_mean")


@claim("S05", slide=SLIDE, source=SOURCE)
def lmc_bound_meets_its_corollary(rng, *, lsi_lmc_bound=log_sobolev_rates.lsi_lmc_bound):
    r"""η = aδ/(16pL²) and k = log(2KL₀/δ)/(aη) steps make the bound δ, where that η is at most a/(4L²)."""
    for p in (1, 3, 50):
        a, delta, k = 10 ** rng.uniform(-1, 0), 10 ** rng.uniform(-3, 0), int(rng.integers(10, 10**4))
        L = a * 10 ** rng.uniform(0, 1)
        eta = a * min(delta / (4 * p), 1) / (4 * L**2)
        start = delta / 2 * np.exp(a * eta * k)
        total = delta / 2 + 8 * eta * p * L**2 / a if delta > 4 * p else delta
        yield equal(f"bound after k steps, p = {p}", lsi_lmc_bound(start, a, L, p, eta, k), total, rtol=rounding(1e3))
        twice = lsi_lmc_bound(2 * start, a, L, p, eta, k)
        yield equal("decay alone: KL₀e^{−aηk}", twice, total + delta / 2, rtol=rounding(1e3))


lmc_bound_meets_its_corollary.mutants({
    "bias 1 % too small": lambda k0, a, L, p, eta, k: (
        log_sobolev_rates.lsi_lmc_bound(k0, a, L, p, eta, k) - 0.08 * eta * p * L**2 / a
    ),
    "decay 1 % too fast": lambda k0, a, L, p, eta, k: log_sobolev_rates.lsi_lmc_bound(
        k0 * np.exp(-0.01 * a * eta * k), a, L, p, eta, k
    ),
    "L for L² in the bias": lambda k0, a, L, p, eta, k: (
        log_sobolev_rates.lsi_lmc_bound(k0, a, L, p, eta, k) + 8 * eta * p * (L - L**2) / a
    ),
    "e^{−2aηk}": lambda k0, a, L, p, eta, k: log_sobolev_rates.lsi_lmc_bound(
        k0 * np.exp(-a * eta * k), a, L, p, eta, k
    ),
    "p left out": lambda k0, a, L, p, eta, k: log_sobolev_rates.lsi_lmc_bound(k0, a, L, 1, eta, k),
})


@claim("S05", slide=SLIDE, source=SOURCE)
def lmc_bound_ends_where_its_step_does(rng, *, lsi_lmc_bound=log_sobolev_rates.lsi_lmc_bound):
    r"""Up to η = a/(4L²) the bound is finite, 2p at that step from KL₀ = 0; above it there is none: ∞.

    Beyond it e^{−aηk}KL₀ + 8ηpL²/a may be false: for η > 2/L the law on N(0, I/L) diverges.
    """
    for p in (1, 3, 50):
        a = 10 ** rng.uniform(-1, 0)
        L = a * 10 ** rng.uniform(0, 1)
        edge = a / (4 * L**2)
        inside = [lsi_lmc_bound(1.0, a, L, p, edge * (1 - x), 3) for x in (1e-9, 0.5)]
        yield equal("finite up to a/(4L²)", np.isfinite(inside), True)
        yield equal("at the edge, from KL₀ = 0: 2p", lsi_lmc_bound(0.0, a, L, p, edge, 0), 2 * p, rtol=1e-12)
        yield equal("at the edge, at the start", lsi_lmc_bound(1.0, a, L, p, edge, 0), 1 + 2 * p, rtol=1e-12)
        beyond = [lsi_lmc_bound(1.0, a, L, p, edge * x, 3) for x in (1 + 1e-9, 2.0, 100.0)]
        yield equal("none beyond", np.isinf(beyond), True)
    law = gaussian_law.lmc_covariance(np.eye(1), 2.1, 400, np.eye(1))
    printed = 8 * 2.1
    kl = metrics.gaussian_kl([0.0], law, [0.0], np.eye(1))
    yield at_least("KL after 400 steps at η = 2.1/L, over the printed bound", kl / printed, 1.0, tight=1e40)


def up_to(edge):
    """The bound, taken for all η ≤ edge(a, L)."""

    def bound(k0, a, L, p, eta, k):
        return np.exp(-a * eta * k) * k0 + 8 * eta * p * L**2 / a if eta <= edge(a, L) else np.inf

    return bound


lmc_bound_ends_where_its_step_does.mutants({
    "used beyond a/(4L²)": up_to(lambda a, L: np.inf),
    "none above a/(8L²)": up_to(lambda a, L: a / (8 * L**2)),
    "used up to a/(2L²)": up_to(lambda a, L: a / (2 * L**2)),
    "none above 1/(4L)": up_to(lambda a, L: 1 / (4 * L)),
    "one step at least": lambda k0, a, L, p, eta, k: log_sobolev_rates.lsi_lmc_bound(k0, a, L, p, eta, max(k, 1)),
})


@claim("S05", slide=SLIDE, source=SOURCE)
def lmc_converges_up_to_its_bias_beyond_gaussians(
    rng, *, lsi_lmc_bound=log_sobolev_rates.lsi_lmc_bound, lmc_step=langevin.lmc_step
):
    r"""KL_k ≤ e^{−aηk}KL₀ + 8ηpL²/a on f = ax²/2 + log cosh x (a ≤ f'' ≤ a + 1), by quadrature of the chain's kernel.

    500 steps are enough for the start to be forgotten, whatever a: what is left is the bias.
    """
    a = rng.uniform(0.5, 1.5)
    L, x = a + 1, np.linspace(-12, 12, 1201)
    target = targets.Target(
        "ax²/2 + log cosh x",
        lambda x: (a * x**2 / 2 + np.logaddexp(x, -x)).sum(-1),
        lambda x: a * x + np.tanh(x),
    )
    pi = scipy.special.softmax(-target.f(x[:, None]))
    m0, v0 = rng.uniform(1, 3), rng.uniform(0.2, 1)
    eta = a / (4 * L**2)
    P = grid_kernel(lmc_step, target, eta, x)
    law = scipy.special.softmax(-((x - m0) ** 2) / (2 * v0))
    measured, bound = [], []
    kl0 = scipy.special.rel_entr(law, pi).sum()
    for k in range(500):
        measured.append(scipy.special.rel_entr(law, pi).sum())
        bound.append(lsi_lmc_bound(kl0, a, L, 1, eta, k))
        law = law @ P
    yield at_most(
        "KL_k on ax²/2 + log cosh x", measured, bound, slack=rounding(1e5, 10), resolution=8.1 * eta * L**2 / a
    )


lmc_converges_up_to_its_bias_beyond_gaussians.mutants(
    {
        "no bias": lambda kl0, a, L, p, eta, num_steps: kl0 * np.exp(-a * eta * num_steps),
        "a thousandth of the bias, decay e^{−6aηk}": lambda kl0, a, L, p, eta, num_steps: (
            kl0 * np.exp(-6 * a * eta * num_steps) + 8e-3 * eta * p * L**2 / a
        ),
    },
    replaces="lsi_lmc_bound",
)
lmc_converges_up_to_its_bias_beyond_gaussians.mutants(
    {
        "gradient with the wrong sign": lambda grad_f, a, eta, z: a + eta * grad_f(a) + np.sqrt(2 * eta) * z,
        "noise 3√(2η)": lambda grad_f, a, eta, z: a - eta * grad_f(a) + 3 * np.sqrt(2 * eta) * z,
    },
    replaces="lmc_step",
)
