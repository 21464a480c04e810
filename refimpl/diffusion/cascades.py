r"""A cascade: samples of low resolution first, then pictures of high resolution given them.

The condition is y = A x + s z, what is seen of x at low resolution, with noise of standard deviation s ≥ 0 added to it
(conditioning augmentation). The first stage samples Ax, the second one x given y. Where the laws are Gaussian or
mixtures, `cascade_laws` has them exactly.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, field, function, integer, nonnegative, positive
from refimpl.diffusion.denoising import Denoiser, denoise
from refimpl.diffusion.schedules import falling
from refimpl.diffusion.tweedie import empirical_denoiser

_points = array("... p")


@domain(images=array("... h w"), factor=integer(1))
def pool(images: Array, factor: int) -> Array:
    r"""Images of low resolution: means over squares of pixels.

    .. math:: y_{kl} = \frac{1}{f^2} \sum_{i, j < f} x_{fk + i, \, fl + j}

    Parameters
    ----------
    images : (..., h, w) array
        Images x.
    factor : int
        Side f of the squares, which divides h and w.

    Returns
    -------
    (..., h/f, w/f) array

    References
    ----------
    Slide "Modern tricks to generate appealing images"; Ho et al. 2022, "Cascaded diffusion models", Section 3.

    Examples
    --------
    >>> pool([[1.0, 3.0, 0.0, 0.0], [5.0, 7.0, 0.0, 4.0]], 2)
    array([[4., 1.]])
    """
    *batch, h, w = images.shape
    if h % factor or w % factor:
        raise ValueError(f"factor must divide the sides {(h, w)} of the images, got {factor}")
    return images.reshape(*batch, h // factor, factor, w // factor, factor).mean(axis=(-3, -1))


@domain(x=_points, y=array("... q"), data=array("n p"), low=array("n q"), sigma=positive, s=positive)
def conditional_empirical_denoiser(x: Array, y: Array, data: Array, low: Array, sigma: float, s: float) -> Array:
    r"""The best guess of a sample X of the data from X_σ = x, and from y, which was seen of it at low resolution.

    .. math:: \sum_i w_i x_i, \qquad
              w = \mathrm{softmax}_i \big(-\|x - x_i\|^2 / 2 \sigma^2 - \|y - y_i\|^2 / 2 s^2\big)

    It is `empirical_denoiser` for the pairs (x_i, σy_i/s).

    Parameters
    ----------
    x : (..., p) array
        Noisy points.
    y : (..., q) array
        What was seen, for each point.
    data : (n, p) array
        Samples x_i.
    low : (n, q) array
        Samples y_i = A x_i of low resolution.
    sigma, s : float
        Standard deviations of the noise in x and in y, > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Modern tricks to generate appealing images".

    Examples
    --------
    Of two samples with the same low resolution the nearer one, whatever others are nearer still.

    >>> data = [[0.0, 2.0], [2.0, 0.0], [0.0, 1.5]]
    >>> conditional_empirical_denoiser([0.0, 1.5], [2.0], data, [[2.0], [2.0], [1.5]], 0.1, 0.01).round(12)
    array([0., 2.])
    """
    if x.shape[:-1] != y.shape[:-1]:
        raise ValueError(f"y must have the leading axes of x, {x.shape[:-1]}, got {y.shape[:-1]}")
    pairs = np.concatenate([data, sigma / s * low], axis=1)
    return empirical_denoiser(np.concatenate([x, sigma / s * y], axis=-1), pairs, sigma)[..., : x.shape[-1]]


class Cascade(NamedTuple):
    """Samples of low and of high resolution that belong together: (..., q) and (..., p)."""

    low: Array
    high: Array


@domain(
    low_denoiser=field,
    high_denoiser=function,
    y=array("... q"),
    x=_points,
    z=array("... q"),
    s=nonnegative,
    sigmas=falling,
)
def cascade(
    low_denoiser: Denoiser,
    high_denoiser: Callable[[Any, Any, float], Any],
    y: Array,
    x: Array,
    z: Array,
    s: float,
    sigmas: Array,
) -> Cascade:
    r"""Two stages of `denoise`: noise becomes y, and other noise becomes x given y + sz.

    .. math:: y^{k+1} = D_1 + \frac{\sigma_{k+1}}{\sigma_k} (y^k - D_1), \quad
              x^{k+1} = D_2 + \frac{\sigma_{k+1}}{\sigma_k} (x^k - D_2), \qquad
              D_1 = D_1(y^k, \sigma_k), \quad D_2 = D_2(x^k, y^n + s z, \sigma_k)

    Parameters
    ----------
    low_denoiser : callable
        D₁(y, σ), of the shape of y.
    high_denoiser : callable
        D₂(x, y, σ), of the shape of x; y is the condition.
    y, x : (..., q), (..., p) array
        Noise of standard deviation σ₀ in both resolutions, about the means of the data.
    z : (..., q) array
        Noise, N(0, I), between the stages.
    s : float
        Its standard deviation, ≥ 0.
    sigmas : (num_steps + 1,) array
        Noise levels σ_k of both stages, falling, all but the last > 0.

    Returns
    -------
    Cascade

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.

    References
    ----------
    Slide "Modern tricks to generate appealing images"; Ho et al. 2022, Section 3.

    Examples
    --------
    >>> def low(y, sigma):
    ...     return 0 * y + 3
    >>> def high(x, y, sigma):
    ...     return 0 * x + y
    >>> cascade(low, high, np.ones(1), np.ones(2), np.ones(1), 0.5, [1.0, 0.0])
    Cascade(low=array([3.]), high=array([3.5, 3.5]))
    """
    low = denoise(low_denoiser, y, sigmas)
    condition = low + s * z
    return Cascade(low, denoise(lambda x, sigma: high_denoiser(x, condition, sigma), x, sigmas))
