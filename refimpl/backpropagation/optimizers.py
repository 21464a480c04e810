"""Steps of first-order optimizers, as functions of a gradient and a state.

Each descends. A state is a NamedTuple, and its field `x` holds the parameters. Noise is an argument.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.domains import array, domain, nonnegative, number, positive
from refimpl.arguments.records import record

_vector, _rate = array("... d"), number(">= 0 and < 1")


class AdamState(NamedTuple):
    """Parameters, moving averages of the gradient and of its square, and the number of steps taken."""

    x: Any
    m: Any
    v: Any
    t: int


class RMSState(NamedTuple):
    """Parameters, and the moving average of the squared gradient."""

    x: Any
    v: Any


@domain(x=_vector)
def adam_start(x: Any) -> AdamState:
    """State of Adam before its first step.

    Parameters
    ----------
    x : (..., d) array
        Parameters.

    Returns
    -------
    AdamState
    """
    return AdamState(x, 0 * x, 0 * x, 0)


@domain(x=_vector)
def rms_start(x: Any) -> RMSState:
    """State of preconditioned Langevin dynamics before its first step.

    Parameters
    ----------
    x : (..., d) array
        Parameters.

    Returns
    -------
    RMSState
    """
    return RMSState(x, 0 * x)


@domain(g=_vector, x=_vector, alpha=positive)
def sgd_step(g: Any, x: Any, alpha: float) -> Any:
    r"""One step of (stochastic) gradient descent.

    .. math:: x^+ = x - \alpha g

    Parameters
    ----------
    g, x : (..., d) array
        Gradient and parameters.
    alpha : float
        Step size, > 0.

    Returns
    -------
    (..., d) array

    Examples
    --------
    >>> sgd_step([2.0], [1.0], 0.25)
    array([0.5])
    """
    return x - alpha * g


@domain(g=_vector, state=record(AdamState), alpha=positive, beta_1=_rate, beta_2=_rate, eps=positive)
def adam_step(
    g: Any, state: AdamState, alpha: float, beta_1: float = 0.9, beta_2: float = 0.999, eps: float = 1e-8
) -> AdamState:
    r"""One step of Adam.

    .. math:: m^+ = \beta_1 m + (1 - \beta_1) g, \qquad v^+ = \beta_2 v + (1 - \beta_2) g^2

    .. math:: x^+ = x - \alpha \frac{m^+ / (1 - \beta_1^{t+1})}{\sqrt{v^+ / (1 - \beta_2^{t+1})} + \epsilon}

    Parameters
    ----------
    g : (..., d) array
        Gradient at the parameters of the state.
    state : AdamState
        Parameters, averages and number of steps.
    alpha : float
        Step size, > 0.
    beta_1, beta_2 : float
        Weights of the past in the averages, in [0, 1).
    eps : float
        Keeps the quotient finite, > 0.

    Returns
    -------
    AdamState

    References
    ----------
    Kingma & Ba 2015, Algorithm 1.

    Examples
    --------
    >>> adam_step([4.0], adam_start([1.0]), 0.1).x.round(6)
    array([0.9])
    """
    t = state.t + 1
    m = beta_1 * state.m + (1 - beta_1) * g
    v = beta_2 * state.v + (1 - beta_2) * g**2
    x = state.x - alpha / (1 - beta_1**t) * m / (np.sqrt(v / (1 - beta_2**t)) + eps)
    return AdamState(x, m, v, t)


@domain(
    g=_vector, state=record(RMSState), gamma=positive, temperature=nonnegative, z=_vector, decay=_rate, eps=positive
)
def langevin_step(
    g: Any, state: RMSState, gamma: float, temperature: float, z: Any, decay: float = 0.99, eps: float = 1e-5
) -> RMSState:
    r"""One step of Langevin dynamics preconditioned by root mean squares of the gradient (RMSprop).

    .. math:: v^+ = \rho v + (1 - \rho) g^2, \qquad G = \frac{1}{\sqrt{v^+} + \epsilon}, \qquad
              x^+ = x - \gamma G g + \sqrt{2 \gamma \tau G} \, z

    At temperature τ = 0 it is RMSprop.

    Parameters
    ----------
    g : (..., d) array
        Gradient at the parameters of the state.
    state : RMSState
        Parameters and average.
    gamma : float
        Step size γ, > 0.
    temperature : float
        Temperature τ, ≥ 0.
    z : (..., d) array
        Standard Gaussian noise.
    decay : float
        Weight ρ of the past in the average, in [0, 1).
    eps : float
        Bounds the preconditioner, > 0.

    Returns
    -------
    RMSState

    References
    ----------
    Li, Chen, Carlson & Carin 2016, Algorithm 1, without the drift Γ of a changing preconditioner.

    Examples
    --------
    >>> langevin_step([4.0], rms_start([1.0]), 0.1, 0.0, [0.0], decay=0.75).x.round(4)
    array([0.8])
    """
    v = decay * state.v + (1 - decay) * g**2
    G = 1 / (np.sqrt(v) + eps)
    return RMSState(state.x - gamma * G * g + np.sqrt(2 * gamma * temperature * G) * z, v)
