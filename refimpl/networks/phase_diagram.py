r"""Phase diagram of two-layer ReLU networks: which initialisations are linear (lazy), critical or condensed.

.. math:: h(a) = \frac1\alpha \sum_{k=1}^m (X_2)_k \, \sigma(\langle (X_1)_k, a \rangle), \qquad
          (X_1)_{ij} \sim N(0, \beta_1^2), \quad (X_2)_k \sim N(0, \beta_L^2)

Luo et al. write β₁ for our β_L and β₂ for our β₁; letters here are those of the lecture's table.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, integer, number, one_of, positive
from refimpl.backpropagation.activations import identity
from refimpl.networks.fully_connected import gradient_factors, network_weights
from refimpl.networks.initialization import NAMES, Scales, scales

LINEAR, CRITICAL, CONDENSED = REGIMES = ("linear", "critical", "condensed")


class Place(NamedTuple):
    """Coordinates γ, γ' in the phase diagram."""

    gamma: float
    gamma_prime: float


def _check_exponents(name: str, value: Any, sizes: Sizes) -> Scales:
    if not isinstance(value, tuple) or len(value) != len(Scales._fields):
        raise TypeError(f"{name} must be Scales of exponents (beta_1, beta, beta_L, alpha), got {value!r}")
    return Scales(*(number("").check(f"{name}'s {f}", e, sizes) for f, e in zip(Scales._fields, value, strict=True)))


def _check_two_layers(name: str, value: Any, sizes: Sizes) -> list[Any]:
    weights = network_weights.check(name, value, sizes)
    if len(weights) != 2:
        raise ValueError(f"{name} must be those of L = 2 layers, got {len(weights)}")
    return weights


_exponents = Domain("Scales of exponents", _check_exponents)
two_layers = Domain("list of 2 arrays that chain", _check_two_layers)
_coordinates = {"gamma": number(""), "gamma_prime": number("")}


@domain(name=one_of(*NAMES), c=number(""))
def exponents(name: str, c: float = 0.0) -> Scales:
    r"""Exponents of m in the scales of one of the table's initialisations, as m → ∞ at fixed p.

    .. math:: e = \lim_{m \to \infty} \frac{\log s(m)}{\log m} = \frac{\log_2 s(2^{200}) - \log_2 s(2^{100})}{100}

    Parameters
    ----------
    name : str
        One of the six names of `initialization.scales`.
    c : float
        β_c = m^(−c). Only ``"e"`` looks at it.

    Returns
    -------
    Scales
        Exponents in place of the scales. They do not depend on p, which is nothing beside 2¹⁰⁰.

    References
    ----------
    Slide "Robustness in deep learning: initialization in deep ReLU NNs", table.

    Examples
    --------
    >>> exponents("xavier")
    Scales(beta_1=-0.5, beta=-0.5, beta_L=-0.5, alpha=0.0)
    """
    low, high = (np.log2(scales(name, 1, 2**k, beta_c=2.0 ** (-c * k))) for k in (100, 200))
    return Scales(*((high - low) / 100).tolist())


@domain(exponents=_exponents)
def place(exponents: Scales) -> Place:
    r"""Place of an initialisation in the diagram, from the exponents of m in its scales.

    .. math:: \gamma = -\lim \frac{\log(\beta_1 \beta_L / \alpha)}{\log m}, \qquad
              \gamma' = -\lim \frac{\log(\beta_L / \beta_1)}{\log m}

    Parameters
    ----------
    exponents : Scales
        Exponents e with β₁ ~ m^e and so on.

    Returns
    -------
    Place

    References
    ----------
    Slide "Robustness in deep learning: initialization in deep ReLU NNs", figure; Luo, Xu, Ma & Zhang 2021, (8).

    Examples
    --------
    >>> place(Scales(beta_1=0.0, beta=0.0, beta_L=-0.5, alpha=0.0))  # LeCun, He
    Place(gamma=0.5, gamma_prime=0.5)
    """
    beta_1, _, beta_L, alpha = exponents
    return Place(alpha - beta_1 - beta_L, beta_1 - beta_L)


@domain(**_coordinates)
def regime(gamma: float, gamma_prime: float) -> str:
    r"""Regime at a place of the diagram.

    .. math:: \text{linear iff } \gamma < 1 \text{ or } \gamma' > \gamma - 1, \qquad
              \text{condensed iff } \gamma > 1 \text{ and } \gamma' < \gamma - 1

    Parameters
    ----------
    gamma, gamma_prime : float
        Coordinates γ, γ'.

    Returns
    -------
    str
        ``"linear"``, ``"condensed"``, or ``"critical"`` on the line between them.

    References
    ----------
    Slide "Robustness in deep learning: initialization in deep ReLU NNs", figure; Luo, Xu, Ma & Zhang 2021.

    Examples
    --------
    >>> regime(0.5, -0.5), regime(1.0, 0.0), regime(3.5, 0.0)
    ('linear', 'critical', 'condensed')
    """
    if gamma < 1 or gamma_prime > gamma - 1:
        return LINEAR
    return CONDENSED if gamma > 1 and gamma_prime < gamma - 1 else CRITICAL


@domain(**_coordinates)
def movement_exponent(gamma: float, gamma_prime: float) -> float:
    r"""Exponent s of the relative change of the first layer in training to zero loss, ‖ΔX₁‖_F/‖X₁‖_F ~ m^s.

    .. math::
        s = \begin{cases}
            \max(\gamma, \tfrac12) - 1 - 2 \max(\gamma', 0) & \gamma \le 1 \\
            2 (\gamma - 1 - \gamma')        & \gamma > 1, \ \gamma' \ge \gamma - 1 \\
            (\gamma - 1 - \gamma') / 2      & \gamma > 1, \ |\gamma'| \le \gamma - 1 \\
            \gamma - 1                      & \gamma > 1, \ \gamma' \le 1 - \gamma
        \end{cases}

    Labels are of order 1, and training lasts as long as needed. The lines in turn:

    1. Nothing moves much, and the kernel (m/α²)(β₁² + β_L²) stays. Training takes the inverse of that time. X₁ moves at
       the rate β_L/α times the error at the start. Outputs of order m^(½−γ) make that error large for γ < ½.
    2. The last layer grows by m^(γ−1). That suffices, and X₁ moves along.
    3. Both layers grow, with (X₂)_k² − ‖(X₁)_k‖² conserved, until they multiply to α/m: to equal sizes √(α/m).
    4. X₂ is large from the start, and X₁ grows alone.

    The sign of s is the regime: linear where s < 0, critical where s = 0, condensed where s > 0.

    Parameters
    ----------
    gamma, gamma_prime : float
        Coordinates γ, γ'.

    Returns
    -------
    float
        Continuous in (γ, γ').

    Examples
    --------
    >>> movement_exponent(0.5, -0.5), movement_exponent(1.0, 0.0), movement_exponent(3.5, 0.0)
    (-0.5, 0.0, 1.25)
    """
    if gamma <= 1:
        return max(gamma, 0.5) - 1 - 2 * max(gamma_prime, 0.0)
    if gamma_prime >= gamma - 1:
        return 2 * (gamma - 1 - gamma_prime)
    return min(gamma - 1 - gamma_prime, 2 * (gamma - 1)) / 2


@domain(**_coordinates, m=integer(1))
def scales_at(gamma: float, gamma_prime: float, m: int) -> Scales:
    r"""Scales of width m at a place of the diagram, with β₁ = 1.

    .. math:: \beta_L = m^{-\gamma'}, \qquad \alpha = m^{\gamma - \gamma'}

    Parameters
    ----------
    gamma, gamma_prime : float
        Coordinates γ, γ'.
    m : int
        Width, ≥ 1.

    Returns
    -------
    Scales
        Others with the same coordinates train alike, up to units of time and of (X₁, X₂).

    Examples
    --------
    >>> scales_at(1.0, 0.5, 16)
    Scales(beta_1=1.0, beta=1.0, beta_L=0.25, alpha=4.0)
    """
    return Scales(1.0, 1.0, float(m) ** -gamma_prime, float(m) ** (gamma - gamma_prime))


@domain(weights=two_layers, a=array("... n p"), b=array("... n"), alpha=positive)
def curvature_bound(weights: list[Any], a: Any, b: Any, alpha: float = 1.0) -> Array:
    r"""Bound on the largest eigenvalue, in size, of the squared loss's Hessian in the weights of two layers.

    .. math:: \|\nabla^2 f\|_2 \le \frac1n \sum_i \|\nabla_x h(a_i)\|^2
              + \frac1n \sum_i \frac{|h(a_i) - b_i| \, \|a_i\|}{\alpha}

    Steps shorter than its inverse follow the gradient flow, wherever that starts, saddle points included.

    Parameters
    ----------
    weights : list of 2 arrays
        One network, or k networks on a further first axis; the last layer is linear.
    a : (n, p) or (k, n, p) array
        Points.
    b : (n,) or (k, n) array
        Labels.
    alpha : float
        Divisor α of the output, > 0.

    Returns
    -------
    float, or (k,) array

    Examples
    --------
    >>> float(curvature_bound([[[1.0]], [[2.0]]], [[1.0]], [1.0]))  # h = 2, (1² + 2²) + |2 − 1|
    6.0
    """
    factors = bare(gradient_factors)(np.ones_like, weights, a, alpha, identity)
    squares = sum(_square(delta) * _square(h) for delta, h in zip(factors.delta, factors.h, strict=True))
    return (squares + np.abs(factors.output - b) * np.sqrt(_square(a)) / alpha).mean(axis=-1)


def _square(v: Any) -> Any:
    """‖v‖² along the last axis."""
    return np.einsum("...i,...i->...", v, v)
