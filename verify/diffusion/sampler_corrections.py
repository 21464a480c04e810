"""Langevin steps that correct the reverse SDE's: slide "Reverse diffusion"."""

import itertools

import numpy as np

from refimpl.diffusion import gaussian_law, sampler, sde
from verify.claims import claim, shipped
from verify.diffusion.denoising_progressive import falls, line_mixture
from verify.diffusion.sampler import CROOKED, SLIDE, after_one_step, crooked_score, gaussian_score, marginal_density
from verify.diffusion.sampler_drivers import tests_of_normality
from verify.evidence import equal, rounding


@claim("D13", slide=SLIDE, source="Song et al. 2021, Algorithms 4-5; weak order of Langevin Monte Carlo")
def corrections_stay_at_their_law(rng, *, corrector_step=sampler.corrector_step):
    r"""a⁺ = a + ηs + √(2η)z, η = 2r²std²: the variance P of Gaussians becomes P + η²/P, mixtures p_t move by O(r⁴)."""
    a, z = rng.uniform(-2, 2, (40, 3)), rng.standard_normal((40, 3))
    for t, r in zip(rng.uniform(0.1, 1, 5), rng.uniform(0.05, 0.5, 5), strict=True):
        eta = 2 * r * r * (0.3 + t) ** 2
        expected = a + eta * (np.cos(2 * a) - a[:, ::-1] * t) + np.sqrt(2.0) * np.sqrt(eta) * z
        yield equal("a⁺", corrector_step(CROOKED, crooked_score, a, t, r, z), expected, atol=rounding(64, 10))
    law, v, one = line_mixture(rng), rng.uniform(0.3, 2), np.ones((1, 1))
    functions, grid = (np.square, np.cos, np.sin, np.tanh), np.linspace(-25, 25, 1501)
    for process in (sde.vp(), sde.sub_vp(), sde.ve(0.1, 5.0)):
        t, r = rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.5)
        scale, std = process.kernel(t)
        P, eta = scale**2 * v + std**2, 2 * (r * std) ** 2
        gain = corrector_step(process, gaussian_score(process, 0.0, v), one, t, r, 0 * one).item()
        noise = corrector_step(process, gaussian_score(process, 0.0, v), 0 * one, t, r, one).item()
        yield equal(f"{process.name}: variance", gain**2 * P + noise**2, P + eta**2 / P, rtol=rounding(64))
        target = [phi(grid) @ marginal_density(process, law, t, grid) * (grid[1] - grid[0]) for phi in functions]
        size = np.geomspace(0.01, 0.1, 8)
        error = []
        for r in size:

            def step(process, score, b, t, dt, noise, r=r):
                return corrector_step(process, score, b, t, r, noise)

            error.append(after_one_step(step, process, law, t, 0.0, grid, functions) - target)
        yield from falls(f"{process.name}: error of p_t against r", size, np.linalg.norm(error, axis=1), 4, rtol=0.3)


corrections_stay_at_their_law.mutants({
    "noise √η": lambda process, score, a, t, r, z: sampler.corrector_step(process, score, a, t, r, z / np.sqrt(2)),
    "r for r²": lambda process, score, a, t, r, z: sampler.corrector_step(process, score, a, t, np.sqrt(r), z),
    "std left out": shipped(
        lambda process, score, a, t, r, z: sampler.corrector_step(process, score, a, t, r / process.kernel(t)[1], z),
        project="score_sde_pytorch",
        thread="#8",
    ),
    "down the score": lambda process, score, a, t, r, z: sampler.corrector_step(
        process, lambda a, t: -score(a, t), a, t, r, z
    ),
    "noise 1 % too large": lambda process, score, a, t, r, z: sampler.corrector_step(process, score, a, t, r, 1.01 * z),
    "no score": lambda process, score, a, t, r, z: sampler.corrector_step(process, lambda a, t: 0 * a, a, t, r, z),
})


@claim("D13", slide=SLIDE, source="Song et al. 2021, Algorithm 1; Gaussian laws")
def predictor_corrector_has_the_exact_law_of_its_steps(rng, *, predictor_corrector=sampler.predictor_corrector):
    r"""Five corrections after each of few steps: whitened by the recursion of mean and variance."""
    n, m, v, r, end = 2 * 10**5, rng.uniform(-1, 1), rng.uniform(0.3, 0.8), 0.3, 0.2
    for process, count in ((sde.vp(), 3), (sde.ve(0.1, 5.0), 2)):
        times = np.linspace(1, end, count + 1)
        centre, variance = 0.0, process.kernel(1.0)[1] ** 2
        for t, t_next in itertools.pairwise(times):
            centre, variance = gaussian_law.reverse_law(process, m, v, [t, t_next], centre, variance)
            scale, std = process.kernel(t_next)
            P, eta = scale**2 * v + std**2, 2 * (r * std) ** 2
            for _ in range(5):
                centre = centre - eta * (centre - scale * m) / P
                variance = (1 - eta / P) ** 2 * variance + 2 * eta
        score = gaussian_score(process, m, v)
        drawn = np.asarray(predictor_corrector(process, score, (n, 2), count, rng, 5, r, end))
        yield from tests_of_normality(process.name, (drawn - centre) / np.sqrt(variance))
    seen, push = [], 1e15

    def watched(a, t):
        seen.append(t)
        return push * (t < 1) + 0 * a

    a = predictor_corrector(sde.ve(0.1, 5.0), watched, (2, 2), 1, rng)
    yield equal("unless told: one correction, at 10⁻³", seen, [1.0, 1e-3], rtol=rounding(16))
    yield equal("unless told: r = 0.16", a / push, 2 * (0.16 * sde.ve(0.1, 5.0).kernel(1e-3)[1]) ** 2, rtol=1e-6)


def corrected(correct):
    """The driver with other corrections: `correct` of (process, score, a, t, dt, r, z, fresh), z the step's noise."""

    def wrong(process, score, shape, num_steps, rng, num_corrections=1, r=0.16, t_end=1e-3):
        a = process.kernel(1.0)[1] * rng.standard_normal(shape)
        times = np.linspace(1, t_end, num_steps + 1)
        for t, dt in zip(times[:-1], np.diff(times), strict=True):
            z = rng.standard_normal(shape)
            a = sampler.reverse_step(process, score, a, t, dt, z)
            for _ in range(num_corrections):
                a = correct(process, score, a, t, dt, r, z, rng.standard_normal(shape))
        return a

    return wrong


def unless_told(**given):
    """The driver with other defaults."""
    return lambda *args: sampler.predictor_corrector(*args, **(given if len(args) == 5 else {}))


predictor_corrector_has_the_exact_law_of_its_steps.mutants({
    "one correction too few": lambda process, score, shape, num_steps, rng, num_corrections=1, r=0.16, t_end=0.001: (
        sampler.predictor_corrector(process, score, shape, num_steps, rng, num_corrections - 1, r, t_end)
    ),
    "no correction": lambda process, score, shape, num_steps, rng, num_corrections=1, r=0.16, t_end=0.001: (
        sampler.sample(process, score, shape, num_steps, rng, t_end)
    ),
    "corrections at the time before": corrected(
        lambda process, score, a, t, dt, r, z, fresh: sampler.corrector_step(process, score, a, t, r, fresh)
    ),
    "corrections without noise": corrected(
        lambda process, score, a, t, dt, r, z, fresh: sampler.corrector_step(process, score, a, t + dt, r, 0 * fresh)
    ),
    "the same noise for step and corrections": corrected(
        lambda process, score, a, t, dt, r, z, fresh: sampler.corrector_step(process, score, a, t + dt, r, z)
    ),
    "r = 0.17 unless told": unless_told(r=0.17),
    "two corrections unless told": unless_told(num_corrections=2),
    "to 10⁻² unless told": unless_told(t_end=1e-2),
})
