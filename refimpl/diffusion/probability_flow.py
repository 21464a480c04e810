"""The probability flow: an ordinary differential equation along which points move as the laws p_t do.

It has the marginals of the SDE without its noise, so that it can be followed either way: by steps of a fixed size
(`flow`), or to a tolerance (`solve_flow`), which also gives likelihoods. Its velocity and its Euler step stand in
`sampler`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy

from refimpl.arguments.arrays import Array, Score
from refimpl.arguments.domains import (
    array,
    bare,
    domain,
    field,
    number,
    numpy_array,
    one_of,
    optional,
    positive,
    potential,
)
from refimpl.diffusion.sampler import probability_flow_step, velocity
from refimpl.diffusion.schedules import falling_times, march, time_after, time_domain, time_step_domain
from refimpl.diffusion.sde import SDE, process

_points, _start = array("... p"), numpy_array("... p")
_step = {"sde": process, "score": field, "a": _points, "t": time_domain, "dt": time_step_domain}
_tolerances = {"rtol": positive, "atol": positive}
_velocity = bare(velocity)


@domain(**_step)
def heun_step(sde: SDE, score: Score, a: Any, t: float, dt: float) -> Any:
    r"""One step of the probability flow by Heun's method, of second order.

    .. math:: \hat a = a + F(a, t) \, dt, \qquad a^+ = a + \tfrac12 \big[F(a, t) + F(\hat a, t + dt)\big] dt, \qquad
              F = f - \tfrac12 g^2 \nabla \log p_t

    Parameters
    ----------
    sde, score, a, t, dt
        As for `probability_flow_step`, with t + dt > 0, where the score is needed too.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Karras et al. 2022, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from refimpl.diffusion.sde import SDE
    >>> brownian = SDE("brownian", lambda a, t: 0 * a, lambda t: 2.0, lambda t: (1.0, 2 * np.sqrt(t)))
    >>> heun_step(brownian, lambda a, t: -a, [10.0], 1.0, -0.01)  # 10 (1 − 0.02 + 0.02²/2)
    array([9.802])
    """
    t_next = bare(time_after)(t, dt)
    if t_next == 0:
        raise ValueError(f"dt must be > -t = {-t:g} for Heun's method, which needs the score at t + dt, got {dt:g}")
    F = _velocity(sde, score, a, t)
    return a + (F + _velocity(sde, score, a + F * dt, t_next)) / 2 * dt


@domain(**_step, eta=number(">= 0 and <= 1"), z=optional(_points))
def ddim_step(sde: SDE, score: Score, a: Any, t: float, dt: float, *, eta: float = 0.0, z: Any = None) -> Any:
    r"""One step of DDIM: the predicted noise is taken as it is at t, and a share of it is drawn anew.

    .. math:: a^+ = \text{scale}^+ \, \frac{a - \text{std} \, \varepsilon}{\text{scale}} + \text{std}^+
              \big( \sqrt{1 - \eta^2 + \eta^2 r^2} \; \varepsilon + \eta \sqrt{1 - r^2} \; z \big), \\
              \varepsilon = -\text{std} \, \nabla \log p_t(a), \qquad
              r = \frac{\text{std}^+}{\text{scale}^+} \Big/ \frac{\text{std}}{\text{scale}}

    Without new noise (η = 0) it is the probability flow followed exactly, as if ε stayed what it is at t. In terms of
    x = a/scale and σ = std/scale it is then `denoising_step`; for η = 1 it is `ancestral_denoising_step`.

    Parameters
    ----------
    sde, score, a, t, dt
        As for `probability_flow_step`.
    eta : float
        η, 0 ≤ η ≤ 1; 0 where dt > 0.
    z : (..., p) array, optional
        Noise, N(0, I); needed where η > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song, Meng & Ermon 2021, eq. (12) and (16).

    Examples
    --------
    Half the noise is left of what ends as a₀ = 1.

    >>> import numpy as np
    >>> from refimpl.diffusion.sde import SDE
    >>> brownian = SDE("brownian", lambda a, t: 0 * a, lambda t: 2.0, lambda t: (1.0, 2 * np.sqrt(t)))
    >>> ddim_step(brownian, lambda a, t: -(a - 1) / (4 * t), [5.0], 1.0, -0.75)
    array([3.])
    """
    (scale, std), (scale_next, std_next) = sde.kernel(t), sde.kernel(bare(time_after)(t, dt))
    noise = -std * score(a, t)
    clean = scale_next / scale * (a - std * noise)
    if eta == 0:
        return clean + std_next * noise
    if dt > 0:
        raise ValueError(f"eta must be 0 where dt > 0, as noise is only drawn anew where it falls, got {eta:g}")
    if z is None:
        raise ValueError(f"z must be given where eta > 0, got None with eta = {eta:g}")
    level, level_next = std / scale, std_next / scale_next
    r, gap = level_next / level, (level - level_next) / level
    return clean + std_next * (
        np.sqrt((1 - eta) * (1 + eta) + (eta * r) ** 2) * noise + eta * np.sqrt(gap * (1 + r)) * z
    )


STEPS = {"euler": probability_flow_step, "heun": heun_step, "ddim": ddim_step}


@domain(sde=process, score=field, a=_start, times=falling_times, method=one_of(*STEPS))
def flow(sde: SDE, score: Score, a: Any, times: Array, method: str = "heun") -> Any:
    r"""Follow the probability flow back through the times given, by steps of one method.

    .. math:: \frac{da}{dt} = f(a, t) - \tfrac12 g(t)^2 \nabla \log p_t(a)

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    a : (..., p) array
        Points at the first of the times.
    times : (num_steps + 1,) array
        Times, falling, ≤ 1, all but the last > 0; for Heun's method the last too.
    method : str
        "euler" (`probability_flow_step`), "heun" (`heun_step`) or "ddim" (`ddim_step`).

    Returns
    -------
    (..., p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, eq. (13).

    Examples
    --------
    Data from N(0, 1) keep their law under `vp`: nothing moves.

    >>> import numpy as np
    >>> from refimpl.diffusion.sde import vp
    >>> flow(vp(), lambda a, t: -a, [2.0], np.linspace(1.0, 0.1, 11)).round(12)
    array([2.])
    """
    return march(lambda a, t, t_next: STEPS[method](sde, score, a, t, t_next - t), a, times)


@domain(sde=process, score=field, a=_start, t=time_domain, t_end=time_domain, **_tolerances)
def solve_flow(
    sde: SDE, score: Score, a: Array, t: float, t_end: float, rtol: float = 1e-6, atol: float = 1e-6
) -> Array:
    """Follow the probability flow from time t to t_end, back or forth, by an adaptive method.

    Parameters
    ----------
    sde, score
        As for `flow`.
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
    a=_start,
    t=time_domain,
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
