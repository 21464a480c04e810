"""Sampling with a denoiser: noise is taken away in many small steps, deterministically or with new noise at each."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import domain, field, generator, numpy_array
from refimpl.diffusion.schedules import falling, march
from refimpl.diffusion.tweedie import Denoiser, ancestral_denoising_step, denoising_step

_points = numpy_array("... p")


@domain(denoiser=field, x=_points, sigmas=falling)
def denoise(denoiser: Denoiser, x: Any, sigmas: Array) -> Any:
    r"""Take the noise away step by step, deterministically.

    .. math:: x^{k+1} = D_k + \frac{\sigma_{k+1}}{\sigma_k} (x^k - D_k), \qquad D_k = D(x^k, \sigma_k)

    Two noise levels σ, 0 denoise in one shot: the result is D(x, σ).

    Parameters
    ----------
    denoiser : callable
        D(x, σ), of the shape of x.
    x : (..., p) array
        Points with noise of standard deviation σ₀; where that is large, σ₀Z will do.
    sigmas : (num_steps + 1,) array
        Noise levels σ_k, falling, all but the last > 0, such as `noise_levels` gives.

    Returns
    -------
    (..., p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.

    References
    ----------
    Slide "The answer: Diffusion models".

    Examples
    --------
    >>> denoise(lambda x, sigma: x / (1 + sigma**2), [8.0], [2.0, 1.0, 0.0])  # 8 → 1.6 + 3.2 → 2.4
    array([2.4])
    """
    return march(lambda x, sigma, sigma_next: denoising_step(denoiser, x, sigma, sigma_next), x, sigmas)


@domain(denoiser=field, x=_points, sigmas=falling, rng=generator)
def ancestral_denoise(denoiser: Denoiser, x: Any, sigmas: Array, rng: np.random.Generator) -> Any:
    """Take the noise away step by step, each time adding some new noise back.

    Parameters
    ----------
    denoiser, x, sigmas
        As for `denoise`.
    rng : numpy.random.Generator
        Draws the noise of each `ancestral_denoising_step`.

    Returns
    -------
    (..., p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.

    References
    ----------
    Slide "The answer: Diffusion models".

    Examples
    --------
    >>> ancestral_denoise(lambda x, sigma: 0 * x + 1, [8.0, 7.0], [2.0, 1.0, 0.0], np.random.default_rng(0))
    array([1., 1.])
    """

    def step(x: Any, sigma: float, sigma_next: float) -> Any:
        return ancestral_denoising_step(denoiser, x, sigma, sigma_next, rng.standard_normal(np.shape(x)))

    return march(step, x, sigmas)
