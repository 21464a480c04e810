"""Projected Langevin Monte Carlo and its atoms: slide "Iterative refinement like in optimization: MCMC", variants."""

import numpy as np
import scipy

from refimpl.calculus import projections
from refimpl.sampling import projected
from verify.claims import claim
from verify.evidence import at_most, equal, mean, rate

SLIDE = "Iterative refinement like in optimization: MCMC"
SOURCE = "Bubeck, Eldan & Lehec 2018"
ETAS = np.geomspace(3e-4, 1e-2, 12)


def potential(a):
    """f = ¾ sin 2a − a²/2: neither even nor convex."""
    return 0.75 * np.sin(2 * a) - a**2 / 2


def slope(a):
    """Its derivative."""
    return 1.5 * np.cos(2 * a) - a


def density(x):
    """e^{−f} normalised on [−1, 1]."""
    return np.exp(-potential(x)) / scipy.integrate.quad(lambda a: np.exp(-potential(a)), -1, 1)[0]


def crooked(a):
    """A gradient of two coordinates, without symmetry."""
    return np.stack([a[..., 0] + np.sin(a[..., 1]) - 1.4, 2 * a[..., 1] + a[..., 0] * np.cos(a[..., 1])], -1)


def nearest_in_disc(a, radius):
    """The nearest point of a disc, from its angle."""
    angle = np.arctan2(a[:, 1], a[:, 0])
    return np.minimum(np.hypot(*a.T), radius)[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)


def sphere_law(eta):
    """(P(‖a‖ = 1), E‖a‖²) of the chain for the uniform law on the unit ball of R³, by its radius on 200 nodes.

    The radius of y + √(2η)z has the density (s/r)(φ(s − r) − φ(s + r)) for ‖y‖ = r.
    """
    nodes, weights = np.polynomial.legendre.leggauss(200)
    r, w, std = np.append((1 + nodes) / 2, 1.0), weights / 2, np.sqrt(2 * eta)
    near, far = ((r[:-1] + sign * r[:, None]) / std for sign in (-1, 1))
    gauss = scipy.stats.norm.pdf
    inside = w * r[:-1] / r[:, None] * (gauss(near) - gauss(far)) / std
    P = np.column_stack([inside, 1 - inside.sum(1)])
    values, vectors = np.linalg.eig(P.T)
    law = vectors[:, np.argmax(values.real)].real
    law /= law.sum()
    return law[-1], law @ r**2


@claim("S09", slide=SLIDE, source=SOURCE)
def projected_chains_follow_their_law(rng, *, projected_lmc=projected.projected_lmc):
    r"""Without noise: projected gradient steps; with noise: exact atoms and interior on a square, on a ball of R³."""
    a0, cold = rng.standard_normal((6, 2)), 1e-30
    for h, k in [(0.3, 4), (0.1, 1)]:
        expected = a0
        for _ in range(k):
            expected = nearest_in_disc(expected - h * crooked(expected), 0.8)
        disc = projections.onto_ball(0.0, 0.8)
        a = projected_lmc(lambda a, h=h: h / cold * crooked(a), disc, a0, cold, k, rng)
        yield equal(f"{k} steps without noise on a disc", a, expected, atol=1e-13)
    n, eta = 60_000, 0.05
    law = projected.interval_law(slope, -1.0, 1.0, eta)
    a = projected_lmc(slope, projections.onto_box(-1.0, 1.0), np.zeros((n, 2)), eta, 80, rng)
    yield at_most("the square is never left", np.abs(a).max(), 1.0, resolution=1e-15)
    yield mean("P(a₁ = −1)", a[:, 0] == -1, law.mass[0], delta=0.03)
    yield mean("P(a₂ = 1)", a[:, 1] == 1, law.mass[-1], delta=0.03)
    yield mean("P(on no edge)", (np.abs(a) < 1).all(1), law.mass[1:-1].sum() ** 2, delta=0.04)
    yield mean("P(a₁ ≤ −0.3)", a[:, 0] <= -0.3, float(projected.interval_cdf(law, -0.3)), delta=0.04)
    on_sphere, square = sphere_law(0.01)
    a = projected_lmc(np.zeros_like, projections.onto_ball(0.0, 1.0), np.zeros((30_000, 3)), 0.01, 100, rng)
    squares = (np.asarray(a) ** 2).sum(1)
    yield at_most("the ball is never left", squares.max(), 1.0, slack=1e-14, resolution=1e-14)
    yield mean("P(‖a‖ = 1) on the ball of R³", squares > 1 - 1e-12, on_sphere, delta=0.04)
    yield mean("E‖a‖² on the ball of R³", np.minimum(squares, 1), square, delta=0.04)


def chain(update):
    """A driver that can be spoiled: update(grad_f, project, a, eta, z, memory)."""

    def run(grad_f, project, a0, eta, num_steps, rng):
        a, memory = a0, {"g": grad_f(a0), "z": rng.standard_normal(a0.shape)}
        for _ in range(num_steps):
            a = update(grad_f, project, a, eta, rng.standard_normal(a.shape), memory)
        return a

    return run


def moved(g, a, eta, z):
    """A step before it is projected."""
    return a - eta * g(a) + np.sqrt(2 * eta) * z


def stays_inside(g, P, a, eta, z, m):
    b = moved(g, a, eta, z)
    return np.where((np.abs(P(b) - b) > 1e-9).any(-1, keepdims=True), a, b)


def one_step_too_few(grad_f, project, a0, eta, num_steps, rng):
    return projected.projected_lmc(grad_f, project, a0, eta, num_steps - 1, rng)


projected_chains_follow_their_law.mutants({
    "projects before the noise": chain(lambda g, P, a, eta, z, m: P(a - eta * g(a)) + np.sqrt(2 * eta) * z),
    "never projects": chain(lambda g, P, a, eta, z, m: moved(g, a, eta, z)),
    "reflects": chain(lambda g, P, a, eta, z, m: 2 * P(moved(g, a, eta, z)) - moved(g, a, eta, z)),
    "stays where the step leaves the set": chain(stays_inside),
    "ascends": chain(lambda g, P, a, eta, z, m: P(a + eta * g(a) + np.sqrt(2 * eta) * z)),
    "drift 1 % too large": chain(lambda g, P, a, eta, z, m: P(a - 1.01 * eta * g(a) + np.sqrt(2 * eta) * z)),
    "√η for √(2η)": chain(lambda g, P, a, eta, z, m: P(a - eta * g(a) + np.sqrt(eta) * z)),
    "η for √(2η)": chain(lambda g, P, a, eta, z, m: P(a - eta * g(a) + eta * z)),
    "no noise": chain(lambda g, P, a, eta, z, m: P(a - eta * g(a))),
    "one noise for all chains": chain(lambda g, P, a, eta, z, m: P(moved(g, a, eta, 0 * z + z[:1]))),
    "one noise for all coordinates": chain(lambda g, P, a, eta, z, m: P(moved(g, a, eta, 0 * z + z[:, :1]))),
    "the same noise at every step": chain(lambda g, P, a, eta, z, m: P(moved(g, a, eta, m["z"]))),
    "gradient of the first point for ever": chain(
        lambda g, P, a, eta, z, m: P(a - eta * m["g"] + np.sqrt(2 * eta) * z)
    ),
    "one step too few": one_step_too_few,
})


@claim("S09", slide=SLIDE, source=SOURCE)
def a_step_keeps_the_law_with_its_atoms(
    rng, *, interval_law=projected.interval_law, interval_cdf=projected.interval_cdf
):
    r"""F(x) = P(y − ηf'(y) + √(2η)z ≤ x) for y of law F with atoms at the ends: E g(y) = g(u) − ∫ F g' dy."""
    y = np.linspace(-1, 1, 4001)
    for eta in (0.3, 0.02):
        law, std = interval_law(slope, -1.0, 1.0, eta), np.sqrt(2 * eta)
        F, x = interval_cdf(law, y), rng.uniform(-1, 1, (20, 1))
        step = (x - y + eta * slope(y)) / std
        curvature = -3 * np.sin(2 * y) - 1
        slopes = scipy.stats.norm.pdf(step) * (eta * curvature - 1) / std
        after = scipy.special.ndtr(step[:, -1]) - scipy.integrate.simpson(F * slopes, x=y)
        yield equal(f"F after a step, η = {eta}", after, interval_cdf(law, x[:, 0]), atol=1e-10)
        yield equal(f"mass of the ends, η = {eta}", law.mass[[0, -1]], [F[0], 1 - F[-1]], atol=1e-12)
        yield equal(f"total mass, η = {eta}", np.sum(law.mass), 1.0, atol=1e-12)


def changed(**changes):
    """An interval law with some of its numbers changed."""

    def law(grad_f, lower, upper, eta):
        exact = projected.interval_law(grad_f, lower, upper, eta)
        return exact._replace(**{name: change(getattr(exact, name), exact) for name, change in changes.items()})

    return law


def without_atoms(mass, law):
    inside = np.array([0, *mass[1:-1], 0])
    return inside / inside.sum()


WRONG_LAWS = {
    "ends swapped": changed(mass=lambda m, law: m[::-1]),
    "atoms left out": changed(mass=without_atoms),
    "ascends": lambda grad_f, l, u, eta: projected.interval_law(lambda a: -grad_f(a), l, u, eta),
    "√η for √(2η)": lambda grad_f, l, u, eta: projected.interval_law(lambda a: 2 * grad_f(a), l, u, eta / 2),
}
a_step_keeps_the_law_with_its_atoms.mutants(
    {
        **WRONG_LAWS,
        "atoms 1 % too heavy": changed(mass=lambda m, law: m * (1 + 0.01 * (np.abs(law.x) == 1))),
        "drift left out": changed(mean=lambda m, law: law.x),
        "drift 1 % too large": lambda grad_f, l, u, eta: projected.interval_law(lambda a: 1.01 * grad_f(a), l, u, eta),
    },
    replaces="interval_law",
)
a_step_keeps_the_law_with_its_atoms.mutants(
    {
        "1 − F": lambda law, x: 1 - projected.interval_cdf(law, x),
        "width 1 % too large": lambda law, x: projected.interval_cdf(law._replace(std=1.01 * law.std), x),
    },
    replaces="interval_cdf",
)


@claim("S09", slide=SLIDE, source="Spitzer 1960; Siegmund 1979")
def boundary_mass_of_the_uniform_law_is_known(rng, *, uniform_boundary_mass=projected.uniform_boundary_mass):
    r"""Uniform target: each end carries √η/(w − 2ζ(½)√(η/π)), so the mass decays like √η: by quadrature."""
    for width in (2.0, rng.uniform(1.0, 3.0)):
        etas = width**2 / 4 * ETAS
        masses = [uniform_boundary_mass(eta, width) for eta in etas]
        laws = [projected.interval_law(np.zeros_like, 1.0, 1.0 + width, eta) for eta in etas]
        yield equal(f"mass of the lower end, w = {width:.3f}", masses, [law.mass[0] for law in laws], rtol=1e-9)
    yield rate("mass in η", ETAS, masses, 0.5)


boundary_mass_of_the_uniform_law_is_known.mutants({
    "√(2η), the step's width, for √η": lambda eta, width: np.sqrt(2) * projected.uniform_boundary_mass(eta, width),
    "leading order alone": lambda eta, width: np.sqrt(eta) / width,
    "one end widened alone": lambda eta, width: np.sqrt(eta) / (width - projected.ZETA_HALF * np.sqrt(eta / np.pi)),
    "interval narrowed": lambda eta, width: np.sqrt(eta) / (width + 2 * projected.ZETA_HALF * np.sqrt(eta / np.pi)),
    "ζ(½) 0.1 % too large": lambda eta, width: (
        np.sqrt(eta) / (width - 2.002 * projected.ZETA_HALF * np.sqrt(eta / np.pi))
    ),
})


@claim("S09", slide=SLIDE, source=SOURCE)
def projected_lmc_converges_with_the_root_of_the_step(rng, *, interval_law=projected.interval_law):
    r"""Any target: the mass of an end over √η π(end) is 1 + O(√η), and W₁ to π decays like √η."""
    x = np.linspace(-1, 1, 20_001)
    F = scipy.integrate.cumulative_simpson(density(x), x=x, initial=0)
    laws = [interval_law(slope, -1.0, 1.0, eta) for eta in ETAS]
    for end, name in [(0, "lower"), (-1, "upper")]:
        ratios = np.array([law.mass[end] for law in laws]) / np.sqrt(ETAS) / density(x[end])
        yield rate(f"1 − mass/(√η π) at the {name} end, in η", ETAS, 1 - ratios, 0.5)
    w1 = [
        scipy.integrate.simpson(np.abs(projected.interval_cdf(law, x[:-1:40]) - F[:-1:40]), x=x[:-1:40]) for law in laws
    ]
    yield rate("W₁ in η", ETAS, w1, 0.5)


projected_lmc_converges_with_the_root_of_the_step.mutants(WRONG_LAWS)
