"""The method of the theorem, and its law on Gaussians: slide "Theoretical guarantees"."""

import numpy as np
import scipy

from refimpl.diffusion import convergence
from refimpl.diffusion.marginals import marginal_score
from refimpl.diffusion.sde import vp
from verify.claims import claim
from verify.evidence import equal, rounding

SLIDE = "Theoretical guarantees"


def variance(t, v):
    """That of the law at time t of data N(0, v)."""
    return 1 + (v - 1) * np.exp(-2 * t)


@claim("D18", slide=SLIDE, source="variation of constants")
def exponential_steps_integrate_all_but_the_score(rng, *, exponential_step=convergence.exponential_step):
    r"""dy = (½βy + βs) ds + √β dw with s as it was at the start: mean and variance by their ODEs."""
    low, high, t, a = rng.uniform(0.1, 1), rng.uniform(2, 8), rng.uniform(0.3, 1), rng.standard_normal((6, 3))
    process, z = vp(low, high), rng.standard_normal((6, 3))

    def score(x, t):
        return np.sin(x) * t - x

    for dt in (-0.01, -0.2, -t):

        def slopes(s, y):
            beta = low + (high - low) * (t - s)
            return np.append(beta / 2 * y[:-1] + beta * score(a, t).ravel(), beta * y[-1] + beta)

        start = np.append(a.ravel(), 0.0)
        end = scipy.integrate.solve_ivp(slopes, (0, -dt), start, "DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
        expected = end[:-1].reshape(a.shape) + np.sqrt(end[-1]) * z
        yield equal(f"dt = {dt:.2g}", exponential_step(process, score, a, t, dt, z), expected, rtol=1e-9, atol=1e-9)


def coefficients(pull, noise):
    """The step with other functions of r before the score and the noise."""

    def step(sde, score, a, t, dt, z):
        r = sde.kernel(max(t + dt, 0.0))[0] / sde.kernel(t)[0]
        return r * a + pull(r) * score(a, t) + noise(r) * z

    return step


exponential_steps_integrate_all_but_the_score.mutants(
    {
        "r − 1: the flow's pull": coefficients(lambda r: r - 1, lambda r: np.sqrt(r**2 - 1)),
        "2 log r: Euler's pull": coefficients(lambda r: 2 * np.log(r), lambda r: np.sqrt(r**2 - 1)),
        "r² − 1 for its root": coefficients(lambda r: 2 * (r - 1), lambda r: r**2 - 1),
        "noise √(2h)": coefficients(lambda r: 2 * (r - 1), lambda r: np.sqrt(2 * np.log(r))),
        "noise √(1 − r⁻²), the forward one": coefficients(lambda r: 2 * (r - 1), lambda r: np.sqrt(1 - r**-2)),
        "pull 1 % too strong": coefficients(lambda r: 2.02 * (r - 1), lambda r: np.sqrt(r**2 - 1)),
        "scores push away": coefficients(lambda r: -2 * (r - 1), lambda r: np.sqrt(r**2 - 1)),
        "score at the end of the step": lambda sde, score, a, t, dt, z: convergence.exponential_step(
            sde, lambda a, s: score(a, t + dt), a, t, dt, z
        ),
    },
    replaces="exponential_step",
)


def law_by_steps(step, sde, score, n, m0, v0):
    """Mean and variance after n affine steps from N(m0, v0): by where the mean, a point beside it and noise go."""
    mean, variance = m0, v0
    for k in range(n):
        points, noise = np.array([[mean], [mean + 1], [mean]]), np.array([[0.0], [0.0], [1.0]])
        centre, beside, above = np.asarray(step(sde, score, points, 1 - k / n, -1 / n, noise))[:, 0]
        mean, variance = centre, (beside - centre) ** 2 * variance + (above - centre) ** 2
    return mean, variance


@claim("D18", slide=SLIDE, source="Gaussian laws under affine maps")
def exponential_laws_are_those_of_the_steps(
    rng, *, exponential_law=convergence.exponential_law, exponential_step=convergence.exponential_step
):
    r"""Mean and variance on Gaussians after 1, 2 and 7 steps, with an error of the score; from N(0, 1) unless told."""
    m, v, error, T = rng.standard_normal(), rng.uniform(0.3, 2), rng.uniform(-0.5, 0.5), rng.uniform(1, 3)
    m0, v0, sde = rng.standard_normal(), rng.uniform(0.5, 2), vp(2 * T, 2 * T)
    exact = marginal_score(sde, [1.0], [[m]], [[[v]]])
    size = rounding(1e4, np.exp(2 * T) * 10)
    for n in (1, 2, 7):
        law = law_by_steps(exponential_step, sde, lambda a, t: exact(a, t) + error, n, m0, v0)
        yield equal(f"law after {n} steps", exponential_law(m, v, T, n, m0, v0, error), law, atol=size)
    default = exponential_law(m, v, T, 5, 0.0, 1.0, 0.0)
    yield equal("from N(0, 1) with the exact score", exponential_law(m, v, T, 5), default)


def variance_of_the_data_at_all_times(m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0):
    h = T / num_steps
    gain = np.exp(h) - 2 * np.expm1(h) / v
    return m, gain ** (2 * num_steps) * v0 + np.expm1(2 * h) * (gain ** (2 * np.arange(num_steps))).sum()


exponential_laws_are_those_of_the_steps.mutants(
    {
        "the data's own variance at all times": variance_of_the_data_at_all_times,
        "error left out": lambda m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0: convergence.exponential_law(
            m, v, T, num_steps, m0, v0
        ),
        "a step too many": lambda m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0: convergence.exponential_law(
            m, v, T, num_steps + 1, m0, v0, error
        ),
        "from the data's variance by default": lambda m, v, T, num_steps, m0=0.0, v0=None, error=0.0: (
            convergence.exponential_law(m, v, T, num_steps, m0, v if v0 is None else v0, error)
        ),
    },
    replaces="exponential_law",
)
exponential_laws_are_those_of_the_steps.mutants(
    {"pull 1 % too strong": coefficients(lambda r: 2.02 * (r - 1), lambda r: np.sqrt(r**2 - 1))},
    replaces="exponential_step",
)


@claim("D18", slide=SLIDE, source="densities in polar coordinates")
def total_variation_of_isotropic_gaussians(rng, *, isotropic_total_variation=convergence.isotropic_total_variation):
    r"""½∫|N(0, v₀I) − N(0, v₁I)| by quadrature over ‖x‖, in 1 to 100 dimensions; laws 1 : 1 + 10⁻⁶ apart too."""
    for p in (1, 2, 7, 100):
        v0, v1 = rng.uniform(0.5, 1, 2) * [1, 2]
        r = np.linspace(0, np.sqrt(2 * p) + 14, 200001) * np.sqrt(max(v0, v1))
        densities = [scipy.stats.chi(p, scale=np.sqrt(v)).pdf(r) for v in (v0, v1)]
        expected = scipy.integrate.trapezoid(np.abs(densities[0] - densities[1]), r) / 2
        both = [isotropic_total_variation(v0, v1, p), isotropic_total_variation(v1, v0, p)]
        yield equal(f"p = {p}", both, [expected, expected], rtol=1e-6)
        crossing = 2 * (p / 2) ** (p / 2) * np.exp(-p / 2) / scipy.special.gamma(p / 2) / 2
        near = isotropic_total_variation(v0, v0 * (1 + 1e-6), p) / 1e-6
        yield equal(f"p = {p}: per relative difference", near, crossing, rtol=1e-5)
        yield equal(f"p = {p}: the same law", isotropic_total_variation(v0, v0, p), 0.0)


total_variation_of_isotropic_gaussians.mutants({
    "twice: the L¹ distance": lambda v0, v1, p: 2 * convergence.isotropic_total_variation(v0, v1, p),
    "of p = 1": lambda v0, v1, p: convergence.isotropic_total_variation(v0, v1, 1),
    "standard deviations for variances": lambda v0, v1, p: convergence.isotropic_total_variation(v0**2, v1**2, p),
    "signed": lambda v0, v1, p: np.sign(v1 - v0) * convergence.isotropic_total_variation(v0, v1, p),
    "1 % too large": lambda v0, v1, p: 1.01 * convergence.isotropic_total_variation(v0, v1, p),
})
