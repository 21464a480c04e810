"""The probability flow followed to a tolerance, and the likelihoods that it gives."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl.arguments.arrays import Array, Score
from refimpl.arguments.domains import array, bare, domain, field, number, optional, positive, potential
from refimpl.diffusion.probability_flow import velocity
from refimpl.diffusion.sde import SDE, process

_points, _time = array("... p"), number("> 0 and <= 1")
_tolerances = {"rtol": positive, "atol": positive}
_velocity = bare(velocity)


@domain(sde=process, score=field, a=_points, t=_time, t_end=_time, **_tolerances)
def solve_flow(
    sde: SDE, score: Score, a: Array, t: float, t_end: float, rtol: float = 1e-6, atol: float = 1e-6
) -> Array:
    """Follow the probability flow from time t to t_end, back or forth, by an adaptive method.

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    a : (..., p) array
        Points at time t.
    t, t_end : float
        Times, > 0 and ≤ 1.
    rtol, atol : float
        Tolerances of `scipy.integrate.solve_ivp`, > 0.

    Returns
    -------
    (..., p) array

    Raises
    ------
    ArithmeticError
        When the solver gives up, or a velocity is not finite.

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, Section 4.3.

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> a = solve_flow(ve(3.0, 5.0), lambda a, t: -a / (1 + ve(3.0, 5.0).kernel(t)[1] ** 2), [17**0.5], 1.0, 1e-9)
    >>> a.round(4)
    array([1.])
    """
    return _integrate(lambda a, t: _velocity(sde, score, a, t), a, t, t_end, rtol=rtol, atol=atol)


def _integrate(F: Callable[[Array, float], Array], a: Array, t: float, t_end: float, rtol: float, atol: float) -> Array:
    """Where da/dt = F(a, t) leads from time t to t_end."""

    def right_side(s: float, flat: Array) -> Array:
        v = F(flat.reshape(a.shape), s).ravel()
        if not np.isfinite(v).all():
            raise ArithmeticError(f"the probability flow could not be followed: not finite at t = {s:g}")
        return v

    solved = scipy.integrate.solve_ivp(right_side, (t, t_end), a.ravel(), "DOP853", rtol=rtol, atol=atol)
    if not solved.success:
        raise ArithmeticError(f"the probability flow could not be followed: {solved.message}")
    return solved.y[:, -1].reshape(a.shape)


@domain(
    sde=process,
    score=field,
    divergence=potential,
    a=_points,
    t=_time,
    log_prior=optional(potential),
    **_tolerances,
)
def log_likelihood(
    sde: SDE,
    score: Score,
    divergence: Callable[[Array, float], Array],
    a: Array,
    t: float = 1e-5,
    log_prior: Callable[[Array], Array] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-6,
) -> Array:
    r"""Logarithm of the density p_t that the probability flow gives to points, with t near 0: their likelihood.

    .. math:: \log p_t(a_t) = \log p_T(a_T) + \int_t^T \nabla \cdot F(a_s, s) \, ds, \qquad
              \nabla \cdot F = \nabla \cdot f - \tfrac12 g^2 \operatorname{tr} \nabla^2 \log p_s

    Parameters
    ----------
    sde : SDE
        The forward process, of linear drift.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    divergence : callable
        tr ∇²log p_t, a function of (a, t), from (..., p) to (...,); an unbiased estimate of it will do.
    a : (..., p) array
        Points.
    t : float
        Time, > 0 and ≤ 1.
    log_prior : callable, optional
        log p_T; that of N(0, std(T)² I) when not given, as for `sample`.
    rtol, atol : float
        Tolerances of `scipy.integrate.solve_ivp`, > 0.

    Returns
    -------
    (...,) array

    Raises
    ------
    ArithmeticError
        When the solver gives up, or a velocity is not finite.

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, eq. (39); Chen et al. 2018 (instantaneous change of variables).

    Examples
    --------
    Data from N(0, 1).

    >>> from refimpl.diffusion.sde import vp
    >>> log_p = log_likelihood(vp(), lambda a, t: -a, lambda a, t: -np.ones(a.shape[:-1]), [[2.0]])
    >>> float(log_p[0].round(3)), float((-2 - np.log(2 * np.pi) / 2).round(3))
    (-2.919, -2.919)
    """
    p = a.shape[-1]

    def F(state: Array, s: float) -> Array:
        b = state[..., :p]
        growth = sde.drift(np.ones(p), s).sum() - sde.diffusion(s) ** 2 / 2 * divergence(b, s)
        return np.concatenate([_velocity(sde, score, b, s), growth[..., None]], axis=-1)

    start = np.concatenate([a, np.zeros((*a.shape[:-1], 1))], axis=-1)
    end = _integrate(F, start, t, 1.0, rtol=rtol, atol=atol)
    std = sde.kernel(1.0)[1]
    log_p = log_prior or (lambda b: -(b**2).sum(axis=-1) / (2 * std**2) - p / 2 * np.log(2 * np.pi * std**2))
    return log_p(end[..., :p]) + end[..., p]
