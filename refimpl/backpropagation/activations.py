"""Activation functions with their first two derivatives, as hand-written networks need them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.domains import domain, number

Function = Callable[[Any], Any]


class Activation(NamedTuple):
    """A function σ of numbers with σ' and σ''; at a kink the slope is that of the left side.

    `slope_by_value` is σ' as a function of σ, where there is one that costs less.
    """

    name: str
    value: Function
    slope: Function
    curvature: Function
    slope_by_value: Function | None = None


def _zero(u: Any) -> Any:
    return 0 * u


def _sigmoid(u: Any) -> Any:
    return np.exp(-np.logaddexp(0, -u))


def _sigmoid_slope(u: Any) -> Any:
    return _sigmoid(u) * _sigmoid(-u)


def _silu_slope(u: Any) -> Any:
    v = np.tanh(u / 2)
    return (1 + v + u / 2 * (1 - v * v)) / 2


def _tanh_slope(u: Any) -> Any:
    return 1 - np.tanh(u) ** 2


identity = Activation("identity", lambda u: u, lambda u: 1 + 0 * u, _zero)
relu = Activation("relu", lambda u: np.maximum(u, 0), lambda u: 1.0 * (u > 0), _zero)
tanh = Activation("tanh", np.tanh, _tanh_slope, lambda u: -2 * np.tanh(u) * _tanh_slope(u), lambda v: 1 - v * v)
softplus = Activation("softplus", lambda u: np.logaddexp(0, u), _sigmoid, _sigmoid_slope)
silu = Activation(
    "silu",
    lambda u: u / 2 * (1 + np.tanh(u / 2)),
    _silu_slope,
    lambda u: _sigmoid_slope(u) * (2 - u * np.tanh(u / 2)),
)


@domain(slope=number(">= 0 and < 1"))
def leaky_relu(slope: float = 0.2) -> Activation:
    r"""Leaky rectifier.

    .. math:: \sigma(u) = \max(u, s u)

    Parameters
    ----------
    slope : float
        Slope s for u ≤ 0, in [0, 1).

    Returns
    -------
    Activation

    Examples
    --------
    >>> leaky_relu(0.2).value(np.array([-1.0, 3.0]))
    array([-0.2,  3. ])
    """
    return Activation("leaky_relu", lambda u: np.maximum(u, slope * u), lambda u: slope + (1 - slope) * (u > 0), _zero)
