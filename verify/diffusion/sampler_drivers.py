"""Samples by the reverse SDE: slide "Reverse diffusion"."""

import numpy as np

from refimpl.diffusion import gaussian_law, sampler, sde
from verify.claims import claim
from verify.diffusion.sampler import SLIDE, gaussian_score
from verify.evidence import equal, mean, rounding


def tests_of_normality(name, u):
    """Evidence that the rows of u (n, 2) are independent N(0, I): coordinates, their sums, neighbours, halves."""
    n = len(u) // 2
    looks = {
        "a₁": u[:, 0],
        "(a₁ + a₂)/√2": u.sum(1) / np.sqrt(2),
        "neighbours": (u[1::2, 0] - u[::2, 0]) / np.sqrt(2),
        "halves": (u[:n, 1] + u[n : 2 * n, 1]) / np.sqrt(2),
    }
    for look, values in looks.items():
        yield mean(f"{name}: E e^(−u²/2), {look}", np.exp(-(values**2) / 2), np.sqrt(0.5), delta=0.02)
        yield mean(f"{name}: P(u ≤ 0), {look}", values <= 0, 0.5, delta=0.03)


@claim("D13", slide=SLIDE, source="Gaussian laws under affine maps")
def samples_have_the_exact_law_of_their_steps(rng, *, sample=sampler.sample):
    r"""From N(0, std(T)²I), on Gaussian data: whitened by the recursion of Euler-Maruyama's mean and variance."""
    n, m, v = 2 * 10**5, rng.uniform(-1, 1), rng.uniform(0.3, 2)
    for process, count in ((sde.vp(), 40), (sde.vp(0.1, 2.0), 5), (sde.ve(0.1, 5.0), 12), (sde.ve(0.1, 5.0), 1)):
        times, std = np.linspace(1, 1e-3, count + 1), process.kernel(1.0)[1]
        centre, variance = gaussian_law.reverse_law(process, m, v, times, 0.0, std**2)
        drawn = np.asarray(sample(process, gaussian_score(process, m, v), (n, 2), count, rng))
        yield from tests_of_normality(f"{process.name}, {count} steps", (drawn - centre) / np.sqrt(variance))
    seen = []

    def watched(a, t):
        seen.append(t)
        return -a

    sample(sde.vp(), watched, (2, 2), 5, rng, 0.3)
    sample(sde.vp(), watched, (2, 2), 5, rng)
    expected = np.linspace(1, [0.3, 1e-3], 6)[:-1].T.ravel()
    yield equal("times of 5 steps to 0.3, and to 10⁻³ unless told", seen, expected, rtol=rounding(16))


def run(process, score, shape, num_steps, rng, prior=None, times=None, draw=None):
    """A plain loop, to be spoilt."""
    draw = draw or (lambda rng, shape: rng.standard_normal(shape))
    a = (process.kernel(1.0)[1] if prior is None else prior) * rng.standard_normal(shape)
    times = np.linspace(1, 1e-3, num_steps + 1) if times is None else times
    for t, dt in zip(times[:-1], np.diff(times), strict=True):
        a = sampler.reverse_step(process, score, a, t, dt, draw(rng, shape))
    return a


def same_noise_at_every_step(process, score, shape, num_steps, rng):
    z = rng.standard_normal(shape)
    return run(process, score, shape, num_steps, rng, draw=lambda rng, shape: z)


def noise_shared_by_coordinates(process, score, shape, num_steps, rng):
    return run(
        process,
        score,
        shape,
        num_steps,
        rng,
        draw=lambda rng, shape: rng.standard_normal((shape[0], 1)) * np.ones(shape),
    )


def noise_shared_by_neighbours(process, score, shape, num_steps, rng):
    def draw(rng, shape):
        return np.repeat(rng.standard_normal((shape[0] // 2, shape[1])), 2, axis=0)

    return run(process, score, shape, num_steps, rng, draw=draw)


def half_of_the_samples_twice(process, score, shape, num_steps, rng):
    half = run(process, score, (shape[0] // 2, shape[1]), num_steps, rng)
    return np.concatenate([half, half])


def prior_at_least_standard_normal(process, score, shape, num_steps, rng, t_end=1e-3):
    times = np.linspace(1, t_end, num_steps + 1)
    return run(process, score, shape, num_steps, rng, prior=max(1.0, process.kernel(1.0)[1]), times=times)


samples_have_the_exact_law_of_their_steps.mutants({
    "prior N(0, I)": lambda process, score, shape, num_steps, rng: run(
        process, score, shape, num_steps, rng, prior=1.0
    ),
    "prior of standard deviation std²": lambda process, score, shape, num_steps, rng: run(
        process, score, shape, num_steps, rng, prior=process.kernel(1.0)[1] ** 2
    ),
    "half as many steps": lambda process, score, shape, num_steps, rng: run(process, score, shape, num_steps // 2, rng),
    "stops at t = 0.1": lambda process, score, shape, num_steps, rng: run(
        process, score, shape, num_steps, rng, times=np.linspace(1, 0.1, num_steps + 1)
    ),
    "the same noise at every step": same_noise_at_every_step,
    "noise shared by the coordinates": noise_shared_by_coordinates,
    "noise shared by neighbours": noise_shared_by_neighbours,
    "half of the samples twice": half_of_the_samples_twice,
    "no noise: twice the flow's pull": lambda process, score, shape, num_steps, rng: run(
        process, score, shape, num_steps, rng, draw=lambda rng, shape: np.zeros(shape)
    ),
    "to 10⁻² unless told": lambda process, score, shape, num_steps, rng, t_end=0.01: sampler.sample(
        process, score, shape, num_steps, rng, t_end
    ),
    "prior N(0, I) unless std is larger": prior_at_least_standard_normal,
    "ends at 10⁻³ whatever is asked for": lambda process, score, shape, num_steps, rng, t_end=0.001: sampler.sample(
        process, score, shape, num_steps, rng
    ),
})
