"""Underdamped chains as samplers: slide "Iterative refinement like in optimization: MCMC", variants."""

import numpy as np
import scipy

from refimpl.sampling import langevin, linear_chains, underdamped
from verify.claims import claim, shipped
from verify.evidence import distribution, equal, mean, rate
from verify.probes import batched
from verify.sampling.linear_chains import general_step

SLIDE = "Iterative refinement like in optimization: MCMC"
A = np.array([[2.0, 0.5], [0.5, 1.2]])


def crooked(a):
    """The gradient of a potential without symmetry."""
    return np.stack([a[..., 0] + np.sin(a[..., 1]) - 0.4, 2 * a[..., 1] + a[..., 0] * np.cos(a[..., 1])], -1)


def without_noise(grad_f, a, v, h, gamma, num_steps):
    """BAOAB at temperature 0 and unit mass: leapfrog, point by point, with friction in the middle of each step."""
    for _ in range(num_steps):
        half = v - h / 2 * grad_f(a)
        middle = a + h / 2 * half
        half = half * np.exp(-gamma * h)
        a = middle + h / 2 * half
        v = half - h / 2 * grad_f(a)
    return a, v


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013; flows of the parts by integration")
def baoab_steps_compose_kick_drift_and_friction(rng, *, baoab_step=langevin.baoab_step):
    r"""One step on a nonlinear ∇f, part by part: half a kick, half a drift, the velocity's exact law, drift, kick."""
    a, v, z = rng.uniform(-2, 2, (3, 20, 2))
    h, gamma, u = rng.uniform(0.1, 1, 3)
    for i in range(2):
        one = lambda a, v, z, i=i: np.asarray(baoab_step(crooked, a, v, h, gamma, u, z))[i]  # noqa: E731
        yield from batched("av"[i], one, a, v, z, rtol=1e-13, atol=1e-13)
    for _ in range(4):
        h, gamma, u = 10 ** rng.uniform(-1.5, 0.3, 3)
        kicked = v - h / 2 * u * crooked(a)
        middle = a + h / 2 * kicked
        faded = np.exp(-gamma * h) * kicked
        spread = np.sqrt(2 * gamma * u * scipy.integrate.quad(lambda t: np.exp(-2 * gamma * t), 0, h)[0])  # noqa: B023
        after = middle + h / 2 * (faded + spread * z)
        expected = after, faded + spread * z - h / 2 * u * crooked(after)
        yield equal("a⁺, v⁺", baoab_step(crooked, a, v, h, gamma, u, z), np.array(expected), rtol=1e-11, atol=1e-11)


WRONG_NOISES = {
    "1 − c for 1 − c²": lambda *s: general_step(*s, strength=lambda c, u: np.sqrt(u * (1 - c))),
    "noise without u": lambda *s: general_step(*s, strength=lambda c, u: np.sqrt(1 - c**2)),
    "noise 1 % too large": lambda *s: general_step(*s, strength=lambda c, u: 1.01 * np.sqrt(u * (1 - c**2))),
}
WRONG_KICKS = {
    "kicks of h": lambda *s: general_step(*s, kick=1.0),
    "kicks of 0.505 h": lambda *s: general_step(*s, kick=0.505),
    "gradient taken once": lambda *s: general_step(*s, last=False),
    "velocity as it came": lambda grad_f, a, v, *s: (general_step(grad_f, a, v, *s)[0], v),
}


def friction_of_half_a_step(grad_f, a, v, h, gamma, u, z):
    return general_step(grad_f, a, v, h, gamma / 2, u, z)


def one_noise_for_the_batch(grad_f, a, v, h, gamma, u, z):
    return general_step(grad_f, a, v, h, gamma, u, 0 * z + z[(0,) * (z.ndim - 1)])


baoab_steps_compose_kick_drift_and_friction.mutants({
    **WRONG_NOISES,
    **WRONG_KICKS,
    "friction e^{−γh/2}": friction_of_half_a_step,
    "velocity returned first": lambda *s: general_step(*s)[::-1],
    "temperature, not its root": shipped(
        lambda *s: general_step(*s, strength=lambda c, u: u * np.sqrt(1 - c**2)),
        project="SGMCMCJax",
        version="0.2.13, baoab",
    ),
    "one noise for the batch": one_noise_for_the_batch,
})


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013")
def baoab_keeps_its_variances_on_a_quadratic(rng, *, baoab_step=langevin.baoab_step):
    r"""On lx²/2 a step leaves Var a = 1/l and Var v = u(1 − h²ul/4), uncorrelated, as they are: by its linear map."""
    (gamma, u, l), h = rng.uniform(0.5, 2, 3), rng.uniform(0.1, 0.5)
    I = np.eye(3)[..., None]
    images = np.asarray(baoab_step(lambda a: l * a, I[:, 0], I[:, 1], h, gamma, u, I[:, 2]))[..., 0]
    M, noise, S = images[:, :2], images[:, 2], np.diag([1 / l, u * (1 - h**2 * u * l / 4)])
    yield equal("Var a = 1/l, Var v = u(1 − h²ul/4) stay", M @ S @ M.T + np.outer(noise, noise), S, atol=1e-14)


baoab_keeps_its_variances_on_a_quadratic.mutants(WRONG_NOISES | WRONG_KICKS)


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013; integration of the pendulum")
def baoab_is_of_second_order_without_friction(rng, *, baoab_step=langevin.baoab_step):
    r"""A pendulum for a time 1, γ = 10⁻¹² and z = 0: the error is of order 2 in h."""
    counts, ends = np.round(1 / np.geomspace(0.0125, 0.05, 8)).astype(int), []
    for n in counts:
        x, y = np.array([[1.0]]), np.array([[0.3]])
        for _ in range(n):
            x, y = baoab_step(np.sin, x, y, 1 / n, 1e-12, 1.0, 0 * x)
        ends.append(np.array([x.item(), y.item()]))
    ode = scipy.integrate.solve_ivp(lambda t, s: [s[1], -np.sin(s[0])], (0, 1), [1.0, 0.3], rtol=1e-12, atol=1e-13)
    error = np.linalg.norm(np.array(ends) - ode.y[:, -1], axis=1)
    yield rate("pendulum for a time 1: error in h", 1 / counts, error, 2.0)


baoab_is_of_second_order_without_friction.mutants(WRONG_KICKS)


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013")
def underdamped_chains_follow_their_exact_law(rng, *, underdamped_lmc=underdamped.underdamped_lmc):
    r"""Without noise chains are damped leapfrog; on N(0, A⁻¹) their law after k steps is the exact Gaussian."""
    a0, v0, cold = rng.standard_normal((5, 2)), rng.standard_normal((5, 2)), 1e-30
    for h, gamma, k in [(0.3, 0.8, 7), (0.1, 2.0, 1), (0.2, 1.0, 0)]:
        a, v = underdamped_lmc(lambda a: crooked(a) / cold, a0, v0, h, gamma, k, rng, u=cold)
        expected = without_noise(crooked, a0, v0, h, gamma, k)
        yield equal(f"a, v after {k} steps without noise", [a, v], np.array(expected), atol=1e-12)
    seed = int(rng.integers(2**32))
    runs = [underdamped_lmc(crooked, a0, v0, 0.3, 0.8, 5, np.random.default_rng(seed), *u) for u in [(), (1.0,)]]
    yield equal("u = 1 where nothing is said", np.asarray(runs[0]), np.asarray(runs[1]))
    n, h, gamma, u = 400_000, 0.5, 1.1, 1.7
    for k in (1, 3):
        zero = np.zeros((n, 2))
        a, v = underdamped_lmc(lambda a: a @ A, zero, zero, h, gamma, k, rng, u=u)
        C = linear_chains.covariance_after(linear_chains.baoab_transition(A, h, gamma, u), k, np.zeros((4, 4)))
        for name, w in [("a₁", [1, 0, 0, 0]), ("v₂", [0, 0, 0, 1]), ("3a + v₁ − v₂", [3, 3, 1, -1])]:
            s = np.concatenate([a, v], -1) @ w
            width = np.sqrt(w @ C @ w)
            yield distribution(f"{name} after {k} steps", s, lambda s, w=width: scipy.special.ndtr(s / w), delta=0.015)


def chain(update):
    """A driver that can be spoiled: update(grad_f, a, v, h, gamma, u, z, memory)."""

    def run(grad_f, a0, v0, h, gamma, num_steps, rng, u=1.0):
        a, v, memory = a0, v0, {"g": grad_f(a0), "z": rng.standard_normal(a0.shape)}
        for _ in range(num_steps):
            a, v = update(grad_f, a, v, h, gamma, u, rng.standard_normal(a.shape), memory)
        return a, v

    return run


WRONG_CHAINS = {
    "one noise for all chains": chain(lambda g, a, v, h, y, u, z, m: general_step(g, a, v, h, y, u, 0 * z + z[:1])),
    "no noise": chain(lambda g, a, v, h, y, u, z, m: general_step(g, a, v, h, y, u, 0 * z)),
    "noise of temperature 2": chain(lambda g, a, v, h, y, u, z, m: general_step(g, a, v, h, y, u, 1.414 * z)),
    "inverse mass forgotten": chain(lambda g, a, v, h, y, u, z, m: general_step(g, a, v, h, y, 1.0, z)),
    "overdamped": chain(lambda g, a, v, h, y, u, z, m: (a - h * u * g(a) + np.sqrt(2 * h * u) * z, v)),
}


def u_is_two(grad_f, a0, v0, h, gamma, num_steps, rng, u=2.0):
    return underdamped.underdamped_lmc(grad_f, a0, v0, h, gamma, num_steps, rng, u)


def one_step_too_many(grad_f, a0, v0, h, gamma, num_steps, rng, u=1.0):
    return underdamped.underdamped_lmc(grad_f, a0, v0, h, gamma, num_steps + 1, rng, u)


def velocity_starts_at_zero(grad_f, a0, v0, h, gamma, num_steps, rng, u=1.0):
    return underdamped.underdamped_lmc(grad_f, a0, 0 * v0, h, gamma, num_steps, rng, u)


underdamped_chains_follow_their_exact_law.mutants({
    **WRONG_CHAINS,
    "the same noise at every step": chain(lambda g, a, v, h, y, u, z, m: general_step(g, a, v, h, y, u, m["z"])),
    "ascends": chain(lambda g, a, v, h, y, u, z, m: general_step(lambda a: -g(a), a, v, h, y, u, z)),
    "gradient of the first point for ever": chain(
        lambda g, a, v, h, y, u, z, m: general_step(lambda a: m["g"], a, v, h, y, u, z)
    ),
    "friction 1 % too large": chain(lambda g, a, v, h, y, u, z, m: general_step(g, a, v, h, 1.01 * y, u, z)),
    "gradient 1 % too large": chain(
        lambda g, a, v, h, y, u, z, m: general_step(lambda a: 1.01 * g(a), a, v, h, y, u, z)
    ),
    "u = 2 where nothing is said": u_is_two,
    "one step too many": one_step_too_many,
    "velocity starts at 0": velocity_starts_at_zero,
})


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013")
def underdamped_chains_sample_any_target(rng, *, underdamped_lmc=underdamped.underdamped_lmc):
    r"""On the double well (a² − 1)² from one well: a ends in e^{−f}, v in N(0, u), by quadrature."""
    n, u = 20_000, 0.6
    start = np.full((n, 1), 1.0)
    a, v = underdamped_lmc(lambda a: 4 * a * (a**2 - 1), start, 0 * start, 0.1, 1.0, 500, rng, u=u)
    weight = [scipy.integrate.quad(lambda x: np.exp(-((x**2 - 1) ** 2)), 0, top)[0] for top in (0.5, 5.0)]
    yield mean("P(a > 0)", a[:, 0] > 0, 0.5, delta=0.06)
    yield mean("P(|a| < ½)", np.abs(a[:, 0]) < 0.5, weight[0] / weight[1], delta=0.06)
    yield distribution("v", v[:, 0], lambda v: scipy.special.ndtr(v / np.sqrt(u)), delta=0.06)


underdamped_chains_sample_any_target.mutants(WRONG_CHAINS)
