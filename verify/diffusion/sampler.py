"""Back in time with noise, step by step: slide "Reverse diffusion"."""

import itertools

import numpy as np

from refimpl.diffusion import gaussian_law, marginals, sampler, sde
from refimpl.diffusion.sde import SDE
from verify.claims import claim, shipped
from verify.diffusion.denoising_progressive import falls, line_mixture, normal_mixture
from verify.evidence import equal, rounding

SLIDE = "Reverse diffusion"

CROOKED = SDE(
    "crooked",
    lambda a, t: np.sin(a) * (1 + t),
    lambda t: 0.7 + 2 * t * t,
    lambda t: (1.0 - 0.5 * t, 0.3 + t),
)


def crooked_score(a, t):
    """A score like no other."""
    return np.cos(2 * a) - a[..., ::-1] * t


def gaussian_score(process, m, v):
    """Score of p_t for data from N(m, v) in each coordinate."""

    def score(a, t):
        scale, std = process.kernel(t)
        return (scale * m - a) / (scale**2 * v + std**2)

    return score


@claim("D13", slide=SLIDE, source="Anderson 1982; Song et al. 2021, eq. (6)")
def reverse_step_is_euler_maruyama_back_in_time(rng, *, reverse_step=sampler.reverse_step):
    r"""a⁺ = a + (f − g²s)dt + g√|dt| z for an SDE and a score like no other."""
    a, z = rng.uniform(-2, 2, (40, 3)), rng.standard_normal((40, 3))
    for t in rng.uniform(0.2, 1, 6):
        dt = -t * rng.uniform(0.01, 0.9)
        g = 0.7 + 2 * t * t
        pulled = np.cos(2 * a) - a[:, ::-1] * t
        expected = a - (np.sin(a) * (1 + t) - g * g * pulled) * abs(dt) + g * abs(dt) ** 0.5 * z
        yield equal("a⁺", reverse_step(CROOKED, crooked_score, a, t, dt, z), expected, atol=rounding(64, 60))


def coefficients_at_the_end(process, score, a, t, dt, z):
    late = SDE("late", lambda a, t: process.drift(a, t + dt), lambda t: process.diffusion(t + dt), process.kernel)
    return sampler.reverse_step(late, lambda a, t: score(a, t + dt), a, t, dt, z)


def back(drift=1.0, pull=lambda g: g**2, noise=lambda g, dt: g * np.sqrt(-dt)):
    """The step a + (drift·f − pull(g)·s) dt + noise(g, dt)·z, to be spoilt."""

    def step(process, score, a, t, dt, z):
        g = process.diffusion(t)
        return a + (drift * process.drift(a, t) - pull(g) * score(a, t)) * dt + noise(g, dt) * z

    return step


def along(drift=1.0, pull=lambda g: g**2 / 2):
    """The step a + (drift·f − pull(g)·s) dt of the probability flow, to be spoilt."""
    return lambda process, score, a, t, dt: back(drift, pull)(process, score, a, t, dt, 0 * a)


WRONG_STEPS = {
    "probability flow's ½ with the SDE's noise": back(pull=lambda g: g**2 / 2),
    "g for g²": back(pull=lambda g: g),
    "drift not reversed": back(drift=-1.0),
    "down the score": back(pull=lambda g: -(g**2)),
    "noise g|dt|": back(noise=lambda g, dt: -g * dt),
    "noise 1 % too large": back(noise=lambda g, dt: 1.01 * g * np.sqrt(-dt)),
    "score 1 % too small": back(pull=lambda g: 0.99 * g**2),
    "σ′(t) twice too large: g² doubled, with its noise": shipped(
        back(pull=lambda g: 2 * g**2, noise=lambda g, dt: np.sqrt(2) * g * np.sqrt(-dt)),
        project="deepinv",
        version="0.4.2",
        thread="PR #1343",
    ),
    "no noise": back(noise=lambda g, dt: 0.0),
}
WRONG_FLOWS = {
    "g² for ½g²": along(pull=lambda g: g**2),
    "up in time": along(drift=-1.0, pull=lambda g: -(g**2) / 2),
    "score 1 % too large": along(pull=lambda g: 1.01 * g**2 / 2),
    "σ′(t) twice too large": shipped(along(pull=lambda g: g**2), project="deepinv", version="0.4.2", thread="PR #1343"),
    "drift halved with the score": along(drift=0.5),
    "no drift": shipped(along(drift=0.0), project="zea", thread="PR #551"),
    "no score": along(pull=lambda g: 0.0),
}


reverse_step_is_euler_maruyama_back_in_time.mutants(
    WRONG_STEPS
    | {
        "coefficients at t + dt": coefficients_at_the_end,
        "one noise for the whole batch": lambda process, score, a, t, dt, z: sampler.reverse_step(
            process, score, a, t, dt, z[:1] + 0 * a
        ),
    }
)


def after_one_step(step, process, law, t, dt, grid, functions):
    """E φ(a⁺) for a ~ p_t, each φ, by quadrature over a and over the noise of the step."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    a, z = (np.ravel(part)[:, None] for part in np.meshgrid(grid, nodes, indexing="ij"))
    score = marginals.marginal_score(process, law[0], law[1][:, None], law[2][:, None, None])
    after = np.asarray(step(process, score, a, t, dt, z)).reshape(len(grid), -1)
    density = marginal_density(process, law, t, grid) * (grid[1] - grid[0])
    return np.array([density @ phi(after) @ weights / weights.sum() for phi in functions])


def marginal_density(process, law, t, grid):
    """Density of p_t."""
    scale, std = process.kernel(t)
    return normal_mixture(grid, (law[0], scale * law[1], scale**2 * law[2]), std)


@claim("D13", slide=SLIDE, source="Anderson 1982; weak order of Euler's method, by quadrature")
def reverse_sde_and_flow_retrace_the_marginals_of_mixtures(
    rng, *, reverse_step=sampler.reverse_step, probability_flow_step=sampler.probability_flow_step
):
    r"""A step from p_t with the exact score ends in p_{t+dt} but for O(dt²), with noise or without: VP, sub-VP, VE."""
    law = line_mixture(rng)
    functions = (np.square, np.cos, np.sin, np.tanh)

    def flow_step(process, score, a, t, dt, z):
        return probability_flow_step(process, score, a, t, dt)

    for process in (sde.vp(), sde.sub_vp(), sde.ve(0.1, 5.0)):
        t = rng.uniform(0.3, 0.7)
        size = -np.geomspace(1e-5, 1e-3, 8)
        grid = np.linspace(-25, 25, 1501)
        h = grid[1] - grid[0]
        truth = [[phi(grid) @ marginal_density(process, law, t + dt, grid) * h for phi in functions] for dt in size]
        for name, step in (("reverse SDE", reverse_step), ("probability flow", flow_step)):
            reached = [after_one_step(step, process, law, t, dt, grid, functions) for dt in size]
            error = np.linalg.norm(np.array(reached) - truth, axis=1)
            yield from falls(f"{process.name}, {name}: error in one step against |dt|", -size, error, 2, rtol=0.1)


reverse_sde_and_flow_retrace_the_marginals_of_mixtures.mutants(WRONG_STEPS, replaces="reverse_step")
reverse_sde_and_flow_retrace_the_marginals_of_mixtures.mutants(WRONG_FLOWS, replaces="probability_flow_step")


def law_by_steps(step, times, mean, variance):
    """Law after steps (a, t, dt, z) of points a that are affine in a and z: by where 0, 1 and a unit of noise go."""
    for t, t_next in itertools.pairwise(times):
        dt, one = t_next - t, np.ones((1, 1))
        shift = step(0 * one, t, dt, 0 * one).item()
        gain = step(one, t, dt, 0 * one).item() - shift
        noise = step(0 * one, t, dt, one).item() - shift
        mean, variance = gain * mean + shift, gain**2 * variance + noise**2
    return np.array([mean, variance])


@claim("D13", slide=SLIDE, source="Gaussian laws under affine maps")
def laws_of_the_samplers_steps_are_exact_on_gaussians(
    rng,
    *,
    reverse_law=gaussian_law.reverse_law,
    flow_law=gaussian_law.flow_law,
    reverse_step=sampler.reverse_step,
    probability_flow_step=sampler.probability_flow_step,
):
    r"""V⁺ = (1 + α dt)²V + g²|dt| for the reverse SDE, without g²|dt| for the flow, at any times and from any law."""
    m, v, end = rng.uniform(-1, 1), rng.uniform(0.3, 2), rng.uniform(0.05, 0.1)
    for process in (sde.vp(), sde.sub_vp(), sde.ve(0.1, 5.0)):
        times = np.append(np.sort(rng.uniform(0.2, 1, 7))[::-1], end)
        score = gaussian_score(process, m, v)

        def noisy(a, t, dt, z, process=process, score=score):
            return reverse_step(process, score, a, t, dt, z)

        def smooth(a, t, dt, z, process=process, score=score):
            return probability_flow_step(process, score, a, t, dt)

        for name, law, step in (("reverse SDE", reverse_law, noisy), ("flow", flow_law, smooth)):
            start = rng.uniform(0.5, 1, 2)
            expected = law_by_steps(step, times, *start)
            measured, size = np.array(law(process, m, v, times, *start)), rounding(1e3, 10 + np.abs(expected).max())
            yield equal(f"{process.name}: law of the {name}'s steps", measured, expected, atol=size, rtol=1e-10)


@claim("D13", slide=SLIDE, source="Talay & Tubaro 1990")
def variances_of_euler_maruyama_are_of_first_order(
    rng, *, reverse_law=gaussian_law.reverse_law, flow_law=gaussian_law.flow_law
):
    r"""From p_T, n equal steps of the reverse SDE or of the flow miss the variance at the end by O(1/n)."""
    m, several, end = rng.uniform(-1, 1), rng.uniform(0.3, 2) * np.array([0.3, 1, 3]), rng.uniform(0.05, 0.1)
    counts = np.array([512, 600, 700, 850, 1000, 1200, 1400, 1700, 2048])
    for process in (sde.vp(), sde.sub_vp(), sde.ve(0.1, 5.0)):
        (scale, std), (low_scale, low_std) = process.kernel(1.0), process.kernel(end)
        start = scale * m, scale**2 * several + std**2
        for name, law in (("reverse SDE", reverse_law), ("flow", flow_law)):
            runs = np.array([law(process, m, several, np.linspace(1, end, n + 1), *start) for n in counts])
            error = np.linalg.norm(runs[:, 1] / (low_scale**2 * several + low_std**2) - 1, axis=1)
            yield from falls(f"{process.name}, {name}: error of variances against n", counts, error, -1, rtol=0.1)


laws_of_the_samplers_steps_are_exact_on_gaussians.mutants(WRONG_STEPS, replaces="reverse_step")
laws_of_the_samplers_steps_are_exact_on_gaussians.mutants(WRONG_FLOWS, replaces="probability_flow_step")
laws_of_the_samplers_steps_are_exact_on_gaussians.mutants(
    {
        "the flow's law": lambda process, m, v, times, m0, v0: gaussian_law.flow_law(process, m, v, times, m0, v0),
        "mean of the data 1 % off": lambda process, m, v, times, m0, v0: gaussian_law.reverse_law(
            process, 1.01 * m, v, times, m0, v0
        ),
    },
    replaces="reverse_law",
)
laws_of_the_samplers_steps_are_exact_on_gaussians.mutants(
    {
        "last step left out": lambda process, m, v, times, m0, v0: gaussian_law.flow_law(
            process, m, v, times[:-1], m0, v0
        ),
        "the reverse SDE's law": lambda process, m, v, times, m0, v0: gaussian_law.reverse_law(
            process, m, v, times, m0, v0
        ),
    },
    replaces="flow_law",
)
variances_of_euler_maruyama_are_of_first_order.mutants(
    {
        "v 1 % too small": lambda process, m, v, times, m0, v0: gaussian_law.reverse_law(
            process, m, 0.99 * v, times, m0, v0
        ),
    },
    replaces="reverse_law",
)
variances_of_euler_maruyama_are_of_first_order.mutants(
    {
        "v 1 % too small": lambda process, m, v, times, m0, v0: gaussian_law.flow_law(
            process, m, 0.99 * v, times, m0, v0
        )
    },
    replaces="flow_law",
)
