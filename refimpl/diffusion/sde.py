r"""Noise added in continuous time: da = f(a, t) dt + g(t) dw, t from 0 (data) to T = 1 (noise).

All drifts are linear in a, so that a_t given a₀ is N(scale·a₀, std² I): ``kernel(t)`` is (scale, std). Here `std` is
the standard deviation of what was added; the noise-to-signal ratio std/scale is what `tweedie` calls σ.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, positive


class SDE(NamedTuple):
    """A name, the drift f(a, t), the diffusion g(t), and the kernel t → (scale, std); times are within [0, 1].

    A time is one number, or an array (..., 1) with one for each of the points a (..., p).
    """

    name: str
    drift: Callable[[Any, Any], Any]
    diffusion: Callable[[Any], Any]
    kernel: Callable[[Any], tuple[Any, Any]]


_points, _any = array("... p"), array("...")


def _check_time(name: str, value: Any, sizes: Sizes) -> Any:
    t = _any.check(name, value, sizes)
    if isinstance(t, np.ndarray) and (outside := (t < 0) | (t > 1)).any():
        raise ValueError(f"{name} must be >= 0 and <= 1, got {t[outside].flat[0]:g}")
    return t


def _check_point_times(name: str, value: Any, sizes: Sizes) -> Any:
    t = _check_time(name, value, sizes)
    if np.ndim(t) and np.shape(t)[-1] != 1:
        raise ValueError(f"{name} must be one number or of shape (..., 1), got {np.shape(t)}")
    return t


def _check_sde(name: str, value: Any, sizes: Sizes) -> Any:
    if not all(callable(getattr(value, part, None)) for part in ("drift", "diffusion", "kernel")):
        raise TypeError(f"{name} must be an SDE, such as vp(), got {type(value).__name__}")
    return value


time = Domain("a time or times, >= 0 and <= 1", _check_time)
point_times = Domain("a time, or times (..., 1) of points (..., p), >= 0 and <= 1", _check_point_times)
process = Domain("an SDE, such as vp()", _check_sde)


@domain(sde=process)
def unchecked(sde: SDE) -> SDE:
    """The same SDE without checks of points and times, for drivers that made sure of them once.

    Parameters
    ----------
    sde : SDE
        The forward process.

    Returns
    -------
    SDE

    Examples
    --------
    >>> float(unchecked(vp()).diffusion(0.0) ** 2)  # β(0), here of a time that need not be inspected
    0.1
    """
    return SDE(sde.name, bare(sde.drift), bare(sde.diffusion), bare(sde.kernel))


def _sde(name: str, drift: Callable, diffusion: Callable, kernel: Callable) -> SDE:
    return SDE(name, domain(a=_points, t=point_times)(drift), domain(t=time)(diffusion), domain(t=time)(kernel))


def _rates(beta_min: float, beta_max: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """β(t), which grows linearly, and its integral B(t)."""
    if beta_max < beta_min:
        raise ValueError(f"beta_max must be >= beta_min = {beta_min:g}, got {beta_max:g}")
    slope = beta_max - beta_min
    return lambda t: beta_min + slope * t, lambda t: (beta_min + slope / 2 * t) * t


@domain(beta_min=positive, beta_max=positive)
def vp(beta_min: float = 0.1, beta_max: float = 20.0) -> SDE:
    r"""The variance-preserving SDE: data of variance 1 keep it.

    .. math:: da = -\tfrac12 \beta(t) a \, dt + \sqrt{\beta(t)} \, dw, \qquad
              \text{scale} = e^{-B/2}, \quad \text{std}^2 = 1 - e^{-B}, \quad B(t) = \int_0^t \beta

    Parameters
    ----------
    beta_min, beta_max : float
        β(0) and β(1), 0 < βmin ≤ βmax; β is linear between.

    Returns
    -------
    SDE

    References
    ----------
    Slide "Score-based Generative Models with SDEs - Forward process"; Song et al. 2021, eq. (11).

    Examples
    --------
    >>> scale, std = vp().kernel(1.0)
    >>> float(np.log(scale).round(12)), float((scale**2 + std**2).round(12))  # −B(1)/2 = −(0.1 + 9.95)/2
    (-5.025, 1.0)
    """
    beta, B = _rates(beta_min, beta_max)
    return _sde(
        "vp",
        lambda a, t: -beta(t) / 2 * a,
        lambda t: np.sqrt(beta(t)),
        lambda t: (np.exp(-B(t) / 2), np.sqrt(-np.expm1(-B(t)))),
    )


@domain(beta_min=positive, beta_max=positive)
def sub_vp(beta_min: float = 0.1, beta_max: float = 20.0) -> SDE:
    r"""The sub-VP SDE: drift and scale as in `vp`, with less noise until the end.

    .. math:: da = -\tfrac12 \beta(t) a \, dt + \sqrt{\beta(t) (1 - e^{-2B})} \, dw, \qquad
              \text{scale} = e^{-B/2}, \quad \text{std} = 1 - e^{-B}

    Parameters
    ----------
    beta_min, beta_max
        As for `vp`.

    Returns
    -------
    SDE

    References
    ----------
    Slide "Score-based Generative Models with SDEs - Forward process"; Song et al. 2021, eq. (12).

    Examples
    --------
    >>> bool(np.isclose(sub_vp().kernel(0.5)[1], vp().kernel(0.5)[1] ** 2))
    True
    """
    beta, B = _rates(beta_min, beta_max)
    return _sde(
        "sub_vp",
        lambda a, t: -beta(t) / 2 * a,
        lambda t: np.sqrt(beta(t) * -np.expm1(-2 * B(t))),
        lambda t: (np.exp(-B(t) / 2), -np.expm1(-B(t))),
    )


@domain(sigma_min=positive, sigma_max=positive)
def ve(sigma_min: float = 0.01, sigma_max: float = 50.0) -> SDE:
    r"""The variance-exploding SDE: noise alone, without drift.

    .. math:: da = \sigma(t) \sqrt{2 \log \tfrac{\sigma_{\max}}{\sigma_{\min}}} \, dw, \qquad
              \text{scale} = 1, \quad \text{std}^2 = \sigma(t)^2 - \sigma_{\min}^2

    Its σ(t) is `ve_sigma`. The SDE started at a₀ has the std given here; common code calls σ(t) itself the std, as if
    the data already carried noise σmin.

    Parameters
    ----------
    sigma_min, sigma_max : float
        σ(0) and σ(1), 0 < σmin < σmax.

    Returns
    -------
    SDE

    References
    ----------
    Slide "Score-based Generative Models with SDEs - Forward process"; Song et al. 2021, eq. (9).

    Examples
    --------
    >>> scale, std = ve(3.0, 5.0).kernel(1.0)
    >>> float(scale), float(std.round(12))
    (1.0, 4.0)
    """
    log_ratio = _log_ratio(sigma_min, sigma_max)
    return _sde(
        "ve",
        lambda a, t: 0.0 * a,
        lambda t: ve_sigma(t, sigma_min, sigma_max) * np.sqrt(2 * log_ratio),
        lambda t: (1.0 + 0.0 * t, sigma_min * np.sqrt(np.expm1(2 * log_ratio * t))),
    )


@domain(t=time, sigma_min=positive, sigma_max=positive)
def ve_sigma(t: Any, sigma_min: float = 0.01, sigma_max: float = 50.0) -> Any:
    r"""The σ(t) of the variance-exploding SDE, which is not the std of its kernel.

    .. math:: \sigma(t) = \sigma_{\min} (\sigma_{\max} / \sigma_{\min})^t

    Parameters
    ----------
    t : float or array
        Times, ≥ 0 and ≤ 1.
    sigma_min, sigma_max : float
        σ(0) and σ(1), 0 < σmin < σmax.

    Returns
    -------
    float or array

    References
    ----------
    Slide "Score-based Generative Models with SDEs - Forward process"; Song et al. 2021, Appendix C.

    Examples
    --------
    >>> float(ve_sigma(0.5, 1.0, 9.0).round(12))
    3.0
    """
    return sigma_min * np.exp(t * _log_ratio(sigma_min, sigma_max))


def _log_ratio(sigma_min: float, sigma_max: float) -> float:
    if sigma_max <= sigma_min:
        raise ValueError(f"sigma_max must be > sigma_min = {sigma_min:g}, got {sigma_max:g}")
    return float(np.log(sigma_max / sigma_min))
