r"""Scores of an SDE's laws as denoisers, and denoisers as scores: x = a/scale carries noise of σ = std/scale."""

from collections.abc import Callable
from typing import Any

import scipy

from refimpl.arguments.domains import array, domain, field, number, positive
from refimpl.diffusion.sde import SDE, process

_points = array("... p")


@domain(sde=process, sigma=positive)
def time_of(sde: SDE, sigma: float) -> float:
    r"""The time at which the noise-to-signal ratio is σ.

    .. math:: \text{std}(t) = \sigma \, \text{scale}(t)

    Parameters
    ----------
    sde : SDE
        The forward process.
    sigma : float
        Noise-to-signal ratio, > 0 and at most that at T = 1.

    Returns
    -------
    float

    References
    ----------
    Slide "Stochastic Differential Equations (SDE) formalism"; Karras et al. 2022, Section 2.

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> round(time_of(ve(3.0, 5.0), 4.0), 12)
    1.0
    """

    def excess(t: float) -> float:
        scale, std = sde.kernel(t)
        return float(std - sigma * scale)

    scale, std = sde.kernel(1.0)
    if sigma > (1 + 1e-12) * std / scale:
        raise ValueError(f"sigma must be <= std/scale at T = {std / scale:g}, got {sigma:g}")
    return 1.0 if excess(1.0) <= 0 else scipy.optimize.brentq(excess, 0.0, 1.0, xtol=1e-300, rtol=1e-15)


@domain(sde=process, score=field)
def denoiser_from_score(sde: SDE, score: Callable[[Any, float], Any]) -> Callable[[Any, float], Any]:
    r"""The denoiser that the score of an SDE stands for: Tweedie's formula for x = a/scale, σ = std/scale.

    .. math:: D(x, \sigma) = x + \sigma^2 \, \text{scale} \, \nabla \log p_t(\text{scale} \, x), \qquad
              \text{std}(t) = \sigma \, \text{scale}(t)

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.

    Returns
    -------
    callable
        From points (..., p) and σ to (..., p), as `denoise` wants it.

    References
    ----------
    Slide "A denoising perspective on sampling".

    Examples
    --------
    >>> import numpy as np
    >>> from refimpl.diffusion.sde import ve
    >>> denoiser_from_score(ve(3.0, 5.0), lambda a, t: -a / 17)(np.array([17.0]), 4.0)  # N(0, 1) under noise 4
    array([1.])
    """

    def denoiser(x: Any, sigma: float) -> Any:
        t = time_of(sde, sigma)
        scale = sde.kernel(t)[0]
        return x + sigma**2 * scale * score(scale * x, t)

    return denoiser


@domain(sde=process, denoiser=field)
def score_from_denoiser(sde: SDE, denoiser: Callable[[Any, float], Any]) -> Callable[[Any, float], Any]:
    r"""The score of an SDE's laws that a denoiser stands for.

    .. math:: \nabla \log p_t(a) = \frac{\text{scale} \, D(a / \text{scale}, \text{std} / \text{scale}) - a}
              {\text{std}^2}

    Parameters
    ----------
    sde : SDE
        The forward process.
    denoiser : callable
        D(x, σ), of the shape of x.

    Returns
    -------
    callable
        From points (..., p) and a time, > 0 and ≤ 1, to (..., p).

    References
    ----------
    Slide "A denoising perspective on sampling".

    Examples
    --------
    >>> import numpy as np
    >>> from refimpl.diffusion.sde import ve
    >>> score_from_denoiser(ve(3.0, 5.0), lambda x, sigma: x / (1 + sigma**2))(np.array([17.0]), 1.0)
    array([-1.])
    """

    @domain(a=_points, t=number("> 0 and <= 1"))
    def score(a: Any, t: float) -> Any:
        scale, std = sde.kernel(t)
        return (scale * denoiser(a / scale, std / scale) - a) / std**2

    return score
