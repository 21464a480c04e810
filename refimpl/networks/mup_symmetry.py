"""Equivalent parameterisations: the symmetry of (a, b, c), μP's published tables, and how fast updates grow with m."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import domain, integer, one_of
from refimpl.networks.mup import ABC, abc_domain, layers_of, optimizer_domain, per_layer


@domain(number=one_of("3", "8", "9"), num_hidden=integer(1), optimizer=optimizer_domain)
def mup_table(number: str, num_hidden: int, optimizer: str = "sgd") -> ABC:
    r"""μP as a table prints it: variance at the start, multiplier and learning rate of input, hidden and output layers.

    Entries are exponents of m, which is the fan_in of hidden and output layers and the fan_out of the input layer:

    ====== ============================== ======================= ============================== ==================
    Table  variance                       multiplier              rate, SGD                      rate, Adam
    ====== ============================== ======================= ============================== ==================
    3      0, −1, −2                      0, 0, 0                 1, 0, −1                       0, −1, −1
    8      0, −1, 0                       0, 0, −1                1, 0, 1                        0, −1, 0
    9      −1, −1, −1                     ½, 0, −½                0, 0, 0                        −½, −1, −½
    ====== ============================== ======================= ============================== ==================

    Parameters
    ----------
    number : {"3", "8", "9"}
        Number of the table.
    num_hidden : int
        Number L of hidden layers, ≥ 1.
    optimizer : {"sgd", "adam"}
        Column of the learning rates.

    Returns
    -------
    ABC
        With one c for each layer: variances m^(−2b), multipliers m^(−a), rates m^(−c).

    References
    ----------
    Yang et al. 2022 (Tensor Programs V), Tables 3, 8 and 9.

    Examples
    --------
    >>> mup_table("3", 1, "adam")
    ABC(a=array([0., 0.]), b=array([0., 1.]), c=array([0., 1.]))
    """
    a, b, c_sgd, c_adam = _TABLES[number]
    c = c_sgd if optimizer == "sgd" else c_adam
    return ABC(*(layers_of(num_hidden, *exponents) for exponents in (a, b, c)))


_TABLES = {
    "3": ((0, 0, 0), (0, 0.5, 1), (-1, 0, 1), (0, 1, 1)),
    "8": ((0, 0, 1), (0, 0.5, 0), (-1, 0, -1), (0, 1, 0)),
    "9": ((-0.5, 0, 0.5), (0.5, 0.5, 0.5), (0, 0, 0), (0.5, 1, 0.5)),
}


@domain(abc=abc_domain, theta=per_layer, optimizer=optimizer_domain)
def shifted(abc: ABC, theta: Any, optimizer: str = "sgd") -> ABC:
    r"""The same training in another parameterisation.

    .. math:: (a, b, c) \mapsto (a + \theta, b - \theta, c - 2\theta) \quad \text{(SGD)}, \qquad
              (a + \theta, b - \theta, c - \theta) \quad \text{(Adam)}

    W_l grows by m^θ and its multiplier falls by as much. The gradient in W_l falls too: SGD feels that, Adam does not.

    Parameters
    ----------
    abc : ABC
        Exponents.
    theta : float or (L + 1,) array
        Shift θ, the same for all layers or one for each; then c too has one entry for each layer.
    optimizer : {"sgd", "adam"}
        What trains the network.

    Returns
    -------
    ABC

    References
    ----------
    Slide "Implementation of μP: abc-parameterizations"; Yang & Hu 2021, Section 3; Yang et al. 2022, Lemma J.1.

    Examples
    --------
    >>> from refimpl.networks.mup import abc_standard
    >>> shifted(abc_standard(1), 0.5)
    ABC(a=array([0.5, 0.5]), b=array([-0.5,  0. ]), c=-1.0)
    """
    return ABC(abc.a + theta, abc.b - theta, abc.c - (2 if optimizer == "sgd" else 1) * theta)


@domain(abc=abc_domain, optimizer=optimizer_domain)
def update_exponents(abc: ABC, optimizer: str = "sgd") -> Array:
    r"""Powers of m that the first step's updates grow by: entries of ΔX_l h⁽ˡ⁻¹⁾ are of order m^{r_l}.

    .. math:: f_l = f_{l-1} + \tfrac12 [l > 1] - a_l - b_l, \qquad
              \delta_{l-1} = \delta_l + \tfrac12 [l \le L] - a_l - b_l, \qquad f_0 = \delta_{L+1} = 0

    .. math:: r_l = [l > 1] + 2 f_{l-1} + \delta_l - 2 a_l - c_l \quad \text{(SGD)}, \qquad
              r_l = [l > 1] + f_{l-1} - a_l - c_l \quad \text{(Adam)}

    Entries of h⁽ˡ⁾ are of order m^{f_l}, and gradients in X_l h⁽ˡ⁻¹⁾ of order m^{δ_l}. An inner product of two features
    is a sum of m terms that add up, of order m. A product with fresh weights is a sum of m terms of independent signs,
    of order √m.

    Parameters
    ----------
    abc : ABC
        Exponents.
    optimizer : {"sgd", "adam"}
        What trains the network.

    Returns
    -------
    (L + 1,) array

    References
    ----------
    Slide "μ-transfer: Zero-shot hyperparameter transfer with μP"; Yang & Hu 2021, Section 5.

    Examples
    --------
    >>> from refimpl.networks.mup import abc_standard
    >>> update_exponents(abc_standard(2))
    array([-0.5,  0.5,  1. ])
    """
    num_hidden = len(abc.a) - 1
    wide = layers_of(num_hidden, 0, 1, 1)
    up = wide / 2 - abc.a - abc.b
    down = layers_of(num_hidden, 0, 0.5, 0) - abc.a - abc.b
    f = np.cumsum(up) - up
    delta = np.cumsum(down[::-1])[::-1] - down
    if optimizer == "sgd":
        return wide + 2 * f + delta - 2 * abc.a - abc.c
    return wide + f - abc.a - abc.c
