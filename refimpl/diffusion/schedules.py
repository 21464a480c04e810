"""Times and noise levels that a sampler goes through, from much noise to little."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, function, integer, number, positive
from refimpl.arguments.errors import DivergedError

_list = array("k")


def _falling(top: float = np.inf) -> Domain:
    """A list of two numbers or more that only falls, within [0, top]; none but the last may be 0."""
    text = "two numbers or more, falling, >= 0" + (f" and <= {top:g}" if np.isfinite(top) else "")

    def check(name: str, value: Any, sizes: Sizes) -> Any:
        s = _list.check(name, value, {})
        if len(s) < 2 or (np.diff(s) >= 0).any() or s[0] > top or s[-1] < 0:
            raise ValueError(f"{name} must be {text}, got {np.array2string(s, threshold=6)}")
        return s

    return Domain(text, check)


def _check_step(name: str, value: Any, sizes: Sizes) -> float:
    dt = number("").check(name, value, sizes)
    if dt == 0:
        raise ValueError(f"{name} must not be 0")
    return dt


falling, falling_times = _falling(), _falling(top=1.0)
time_domain, time_step_domain = number("> 0 and <= 1"), Domain("a number other than 0", _check_step)


@domain(sigma_max=positive, sigma_min=positive, num_steps=integer(1), rho=positive)
def noise_levels(sigma_max: float, sigma_min: float, num_steps: int, rho: float = 7.0) -> Array:
    r"""Noise levels that fall from σmax to σmin, the finer the smaller they are, and then to 0.

    .. math:: \sigma_i = \Big(\sigma_{\max}^{1/\rho}
              + \tfrac{i}{n-1} \big(\sigma_{\min}^{1/\rho} - \sigma_{\max}^{1/\rho}\big)\Big)^\rho, \qquad \sigma_n = 0

    Parameters
    ----------
    sigma_max, sigma_min : float
        Largest and smallest noise level, 0 < σmin < σmax; one step needs only σmax.
    num_steps : int
        Number of steps n, ≥ 1.
    rho : float
        Exponent, > 0: 1 is even spacing, ρ → ∞ a geometric sequence.

    Returns
    -------
    (num_steps + 1,) array

    References
    ----------
    Slide "The answer: Diffusion models"; Karras et al. 2022, eq. (5).

    Examples
    --------
    >>> noise_levels(9.0, 1.0, 3, rho=2.0)
    array([9., 4., 1., 0.])
    """
    if sigma_min >= sigma_max:
        raise ValueError(f"sigma_min must be < sigma_max = {sigma_max:g}, got {sigma_min:g}")
    root = (sigma_min / sigma_max) ** (1 / rho)
    if not root:
        raise ValueError(f"rho must be larger for noise levels from {sigma_max:g} to {sigma_min:g}, got {rho:g}")
    return np.append(sigma_max * np.linspace(1.0, root, num_steps) ** rho, 0.0)


@domain(t=time_domain, dt=time_step_domain)
def time_after(t: float, dt: float) -> float:
    """The time t + dt, which must be within [0, 1]; 0 or 1 where only rounding leaves it outside.

    Parameters
    ----------
    t : float
        Time, > 0 and ≤ 1.
    dt : float
        Time step, not 0.

    Returns
    -------
    float
    """
    if not -1e-12 <= t + dt <= 1 + 1e-12:
        raise ValueError(f"dt must lead from t = {t:g} to a time >= 0 and <= 1, got {dt:g}")
    return min(max(t + dt, 0.0), 1.0)


@domain(step=function, state=array("..."), schedule=falling)
def march(step: Callable[[Any, float, float], Any], state: Any, schedule: Array) -> Any:
    """The state after step(state, s, s_next) for each two neighbours of a schedule.

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (s, s_next) in enumerate(itertools.pairwise(schedule)):
            last, state = state, step(state, s, s_next)
            if not np.isfinite(state).all():
                raise DivergedError(last, k)
    return state
