"""Parameterisations (a, b, c) of networks by powers of the width m: maximal update (μP), standard, neural-tangent.

A network of L hidden layers and a linear readout, layer L + 1, multiplies trainable weights W_l by powers of m:
X_l = m^(−a_l) W_l, starts them at N(0, m^(−2b_l)) and trains them at the learning rate η m^(−c). With a base width m₀
the powers are those of m/m₀, and at m = m₀ every parameterisation is the standard one of that width.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, integer, number, one_of

OPTIMIZERS = ("sgd", "adam")


class ABC(NamedTuple):
    """Exponents a, b (L + 1,) of the layers, and c of the learning rate: one number, or one for each layer (L + 1,)."""

    a: Any
    b: Any
    c: Any


class Scaling(NamedTuple):
    """What a parameterisation means at a width: three arrays (L + 1,), one number a layer.

    They are the factors in front of the trainable weights, the weights' standard deviations at the start, and the
    factors of the rate η.
    """

    multiplier: Array
    deviation: Array
    rate: Array


def _check_per_layer(name: str, value: Any, sizes: Sizes) -> Any:
    a = array("...").check(name, value, {})
    return array("k").check(name, a, sizes) if np.ndim(a) else number("").check(name, a, {})


per_layer = Domain("number, or one for each layer", _check_per_layer)


def _check_abc(name: str, value: Any, sizes: Sizes) -> ABC:
    if not isinstance(value, ABC):
        raise TypeError(f"{name} must be an ABC, got {type(value).__name__}")
    a, b = (array("k").check(f"{name}.{field}", getattr(value, field), sizes) for field in "ab")
    c = per_layer.check(f"{name}.c", value.c, sizes)
    if len(a) < 2:
        raise ValueError(f"{name} must have a hidden layer and a readout, got {len(a)} layer")
    return ABC(a, b, c)


abc_domain = Domain("ABC", _check_abc)
optimizer_domain = one_of(*OPTIMIZERS)


@domain(num_hidden=integer(1), optimizer=optimizer_domain)
def abc_mup(num_hidden: int, optimizer: str = "sgd") -> ABC:
    r"""Maximal update parameterisation (μP).

    .. math:: a = (-\tfrac12, 0, \ldots, 0, \tfrac12), \qquad b_l = \tfrac12, \qquad c = 0 \qquad \text{(SGD)}

    .. math:: a = (0, 1, \ldots, 1, 1), \qquad b = (0, -\tfrac12, \ldots, -\tfrac12, 0), \qquad c = 0
              \qquad \text{(Adam)}

    The slide gives the first, for SGD. Adam's steps do not feel the size of a gradient: it needs other exponents.
    These are Table 9 of Tensor Programs V, moved by the symmetry to a single c.

    Parameters
    ----------
    num_hidden : int
        Number L of hidden layers, ≥ 1.
    optimizer : {"sgd", "adam"}
        What trains the network.

    Returns
    -------
    ABC

    References
    ----------
    Slide "Implementation of μP: abc-parameterizations"; Yang & Hu 2021, Table 1; Yang et al. 2022, Appendix J.

    Examples
    --------
    >>> abc_mup(2).a
    array([-0.5,  0. ,  0.5])
    """
    if optimizer == "sgd":
        return ABC(layers_of(num_hidden, -0.5, 0, 0.5), layers_of(num_hidden, 0.5, 0.5, 0.5), 0.0)
    return ABC(layers_of(num_hidden, 0, 1, 1), layers_of(num_hidden, 0, -0.5, 0), 0.0)


@domain(num_hidden=integer(1))
def abc_standard(num_hidden: int) -> ABC:
    r"""Standard parameterisation (SP): LeCun's (or, with another constant, He's) scaling of the starting weights.

    .. math:: a_l = 0, \qquad b = (0, \tfrac12, \ldots, \tfrac12), \qquad c = 0

    Parameters
    ----------
    num_hidden : int
        Number L of hidden layers, ≥ 1.

    Returns
    -------
    ABC

    References
    ----------
    Slide "μ-transfer: Zero-shot hyperparameter transfer with μP"; Yang & Hu 2021, Section 3.

    Examples
    --------
    >>> abc_standard(2).b
    array([0. , 0.5, 0.5])
    """
    return ABC(np.zeros(num_hidden + 1), layers_of(num_hidden, 0, 0.5, 0.5), 0.0)


@domain(num_hidden=integer(1))
def abc_ntk(num_hidden: int) -> ABC:
    r"""Neural-tangent parameterisation (NTP): the starting function of SP, and updates that fade with the width.

    .. math:: a = (0, \tfrac12, \ldots, \tfrac12), \qquad b_l = 0, \qquad c = 0

    Parameters
    ----------
    num_hidden : int
        Number L of hidden layers, ≥ 1.

    Returns
    -------
    ABC

    References
    ----------
    Jacot, Gabriel & Hongler 2018; Yang & Hu 2021, Table 1.

    Examples
    --------
    >>> abc_ntk(1).a
    array([0. , 0.5])
    """
    return ABC(layers_of(num_hidden, 0, 0.5, 0.5), np.zeros(num_hidden + 1), 0.0)


@domain(abc=abc_domain, m=integer(1), base=integer(1))
def at_width(abc: ABC, m: int, base: int = 1) -> Scaling:
    r"""Multipliers, standard deviations and rates at a width.

    .. math:: \Big(\frac{m}{m_0}\Big)^{-a_l}, \qquad m_0^{-b^{SP}_l} \Big(\frac{m}{m_0}\Big)^{-b_l}, \qquad
              \Big(\frac{m}{m_0}\Big)^{-c_l}

    Parameters
    ----------
    abc : ABC
        Exponents.
    m : int
        Width, ≥ 1.
    base : int
        Base width m₀, ≥ 1, at which all parameterisations are the standard one; the slide has m₀ = 1.

    Returns
    -------
    Scaling

    References
    ----------
    Slide "Implementation of μP: abc-parameterizations"; Yang et al. 2022, Appendix B (base shapes).

    Examples
    --------
    >>> at_width(abc_mup(2), 64).multiplier
    array([8.   , 1.   , 0.125])
    """
    r, num_hidden = m / base, len(abc.a) - 1
    standard = base ** -layers_of(num_hidden, 0.0, 0.5, 0.5)
    return Scaling(r**-abc.a, standard * r**-abc.b, r ** -np.broadcast_to(abc.c, len(abc.a)))


@domain(num_hidden=integer(1), first=number(""), hidden=number(""), last=number(""))
def layers_of(num_hidden: int, first: float, hidden: float, last: float) -> Array:
    """Exponents of all layers: the first, the L − 1 hidden ones after it, and the readout.

    Parameters
    ----------
    num_hidden : int
        Number L of hidden layers, ≥ 1.
    first, hidden, last : float
        Exponents.

    Returns
    -------
    (L + 1,) array

    Examples
    --------
    >>> layers_of(3, 1, 2, 3)
    array([1., 2., 2., 3.])
    """
    return np.array([first, *[hidden] * (num_hidden - 1), last], float)
