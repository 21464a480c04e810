"""Sampling with a denoiser: noise is taken away in many small steps, from σ to σ⁺ < σ.

A denoiser is a function D(x, σ) of points and of the standard deviation σ of their noise: x = X + σZ. Both steps look
ahead to D; the deterministic one goes part of the way there, the stochastic one farther, and adds new noise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, field, generator, nonnegative, positive
from refimpl.diffusion.schedules import falling, march

Denoiser = Callable[[Any, float], Any]

_points = array("... p")
_step = {"denoiser": field, "x": _points, "sigma": positive, "sigma_next": nonnegative}


@domain(**_step)
def denoising_step(denoiser: Denoiser, x: Any, sigma: float, sigma_next: float) -> Any:
    r"""Take some of the noise away: one Euler step of the flow dx/dσ = (x − D(x, σ))/σ.

    .. math:: x^+ = D + \frac{\sigma^+}{\sigma} (x - D), \qquad D = D(x, \sigma)

    Parameters
    ----------
    denoiser : callable
        D(x, σ), of the shape of x.
    x : (..., p) array
        Points with noise of standard deviation σ.
    sigma, sigma_next : float
        Noise before and after the step, 0 ≤ σ⁺ ≤ σ, σ > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "The answer: Diffusion models"; Song, Meng & Ermon 2021 (DDIM); Karras et al. 2022, Algorithm 1 without Heun.

    Examples
    --------
    A third of the noise is left.

    >>> denoising_step(lambda x, sigma: 0 * x + 1, [4.0], 3.0, 1.0)
    array([2.])
    """
    r = _share(sigma, sigma_next)
    D = denoiser(x, sigma)
    return D + r * (x - D)


@domain(**_step, z=_points)
def ancestral_denoising_step(denoiser: Denoiser, x: Any, sigma: float, sigma_next: float, z: Any) -> Any:
    r"""Draw a point with less noise: what the noising chain X, X_σ⁺, X_σ had before x, were D the clean X.

    .. math:: x^+ = D + \frac{\sigma^{+2}}{\sigma^2} (x - D)
              + \sigma^+ \sqrt{1 - \frac{\sigma^{+2}}{\sigma^2}} \; z, \qquad D = D(x, \sigma)

    Parameters
    ----------
    denoiser : callable
        D(x, σ), of the shape of x.
    x : (..., p) array
        Points with noise of standard deviation σ.
    sigma, sigma_next : float
        Noise before and after the step, 0 ≤ σ⁺ ≤ σ, σ > 0.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "The answer: Diffusion models"; Ho, Jain & Abbeel 2020, eq. (6)-(7), with x = a/scale, σ = std/scale.

    Examples
    --------
    >>> ancestral_denoising_step(lambda x, sigma: 0 * x + 1, [6.0], 5.0, 3.0, [1.0])  # 1 + 5·9/25 + 3·4/5
    array([5.2])
    """
    r = _share(sigma, sigma_next)
    D = denoiser(x, sigma)
    return D + r**2 * (x - D) + sigma_next * np.sqrt(1 - r**2) * z


def _share(sigma: float, sigma_next: float) -> float:
    if sigma_next > sigma:
        raise ValueError(f"sigma_next must be <= sigma = {sigma:g}, got {sigma_next:g}")
    return sigma_next / sigma


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
