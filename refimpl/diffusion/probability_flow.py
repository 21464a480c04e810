"""The probability flow: an ordinary differential equation along which points move as the laws p_t do.

It has the marginals of the SDE without its noise, so that it can be followed either way.
"""

from typing import Any

from refimpl.arguments.arrays import Array, Score
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, field, number, one_of
from refimpl.diffusion.schedules import falling_times, march
from refimpl.diffusion.sde import SDE, process


def _check_step(name: str, value: Any, sizes: Sizes) -> Any:
    dt = number("").check(name, value, sizes)
    if dt == 0:
        raise ValueError(f"{name} must not be 0")
    return dt


_points, _time = array("... p"), number("> 0 and <= 1")
_step = {"sde": process, "score": field, "a": _points, "t": _time, "dt": Domain("a number other than 0", _check_step)}


@domain(sde=process, score=field, a=_points, t=_time)
def velocity(sde: SDE, score: Score, a: Any, t: float) -> Any:
    r"""The field of the flow.

    .. math:: F(a, t) = f(a, t) - \tfrac12 g(t)^2 \nabla \log p_t(a)

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    a : (..., p) array
        Points at time t.
    t : float
        Time, > 0 and ≤ 1.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, eq. (13).

    Examples
    --------
    >>> from refimpl.diffusion.sde import vp
    >>> velocity(vp(2.0, 2.0), lambda a, t: -a / 4, [4.0], 1.0)  # −4 + 1
    array([-3.])
    """
    return bare(sde.drift)(a, t) - sde.diffusion(t) ** 2 / 2 * score(a, t)


_velocity = bare(velocity)


def _end(t: float, dt: float) -> float:
    """The time t + dt, 0 where rounding leaves it below."""
    if not -1e-12 <= t + dt <= 1 + 1e-12:
        raise ValueError(f"dt must lead from t = {t:g} to a time >= 0 and <= 1, got {dt:g}")
    return min(max(t + dt, 0.0), 1.0)


@domain(**_step)
def probability_flow_step(sde: SDE, score: Score, a: Any, t: float, dt: float) -> Any:
    r"""One Euler step of the probability flow, back (dt < 0) towards the data or forth towards the noise.

    .. math:: a^+ = a + \big[f(a, t) - \tfrac12 g(t)^2 \nabla \log p_t(a)\big] dt

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    a : (..., p) array
        Points at time t.
    t : float
        Time, > 0 and ≤ 1.
    dt : float
        Time step, not 0, with t + dt within [0, 1].

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, eq. (13).

    Examples
    --------
    >>> import numpy as np
    >>> from refimpl.diffusion.sde import SDE
    >>> brownian = SDE("brownian", lambda a, t: 0 * a, lambda t: 2.0, lambda t: (1.0, 2 * np.sqrt(t)))
    >>> probability_flow_step(brownian, lambda a, t: -a, [10.0], 1.0, -0.01)
    array([9.8])
    """
    _end(t, dt)
    return a + _velocity(sde, score, a, t) * dt


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
    t_next = _end(t, dt)
    if t_next == 0:
        raise ValueError(f"dt must be > -t = {-t:g} for Heun's method, which needs the score at t + dt, got {dt:g}")
    F = _velocity(sde, score, a, t)
    return a + (F + _velocity(sde, score, a + F * dt, t_next)) / 2 * dt


@domain(**_step)
def ddim_step(sde: SDE, score: Score, a: Any, t: float, dt: float) -> Any:
    r"""One step of DDIM: the probability flow followed exactly, as if the predicted noise stayed what it is at t.

    .. math:: a^+ = \text{scale}^+ \, \frac{a - \text{std} \, \varepsilon}{\text{scale}} + \text{std}^+ \varepsilon,
              \qquad \varepsilon = -\text{std} \, \nabla \log p_t(a)

    With x = a/scale and σ = std/scale it is `denoising_step`.

    Parameters
    ----------
    sde, score, a, t, dt
        As for `probability_flow_step`.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song, Meng & Ermon 2021, eq. (12) with η = 0.

    Examples
    --------
    Half the noise is left of what ends as a₀ = 1.

    >>> import numpy as np
    >>> from refimpl.diffusion.sde import SDE
    >>> brownian = SDE("brownian", lambda a, t: 0 * a, lambda t: 2.0, lambda t: (1.0, 2 * np.sqrt(t)))
    >>> ddim_step(brownian, lambda a, t: -(a - 1) / (4 * t), [5.0], 1.0, -0.75)
    array([3.])
    """
    (scale, std), (scale_next, std_next) = sde.kernel(t), sde.kernel(_end(t, dt))
    noise = -std * score(a, t)
    return scale_next / scale * (a - std * noise) + std_next * noise


STEPS = {"euler": probability_flow_step, "heun": heun_step, "ddim": ddim_step}


@domain(sde=process, score=field, a=_points, times=falling_times, method=one_of(*STEPS))
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
