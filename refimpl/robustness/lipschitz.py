r"""Lipschitz constants of ReLU networks, L = sup ‖∇h(a)‖_*: exact, certified from above, sampled from below.

==================  ==============  ======  ==============================  ======================
function            norm on inputs  layers  value                           module
==================  ==============  ======  ==============================  ======================
`sampled_bound`     ℓ₁, ℓ₂, ℓ∞      any     lower bound, global             here
`brute_force`       ℓ₁, ℓ₂, ℓ∞      any     exact, global; exponential      `activation_patterns`
`lipmip`            ℓ₁, ℓ∞          any     exact on a box; exponential     `lipmip_programs`
`lipopt`            ℓ∞              any     certified upper bound, global   `lipopt_polynomials`
`lipsdp`            ℓ₂              any     certified upper bound, global   `lipsdp_multipliers`
`linf_sdp`          ℓ∞              two     certified upper bound, global   `linf_sdp_signs`
`product_bound`     ℓ₁, ℓ₂, ℓ∞      any     certified upper bound, global   here
==================  ==============  ======  ==============================  ======================

Networks are lists of weights W₁ (m, p), …, W_L (1, m), without biases; the last layer is linear.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain
from refimpl.backpropagation.activations import identity
from refimpl.networks.fully_connected import input_gradient
from refimpl.robustness.activation_patterns import brute_force
from refimpl.robustness.duality import any_norm, dual_norm
from refimpl.robustness.linf_sdp_signs import linf_sdp
from refimpl.robustness.lipmip_programs import lipmip
from refimpl.robustness.lipopt_polynomials import lipopt
from refimpl.robustness.lipsdp_multipliers import lipsdp
from refimpl.robustness.relu_networks import Weights, network_weights

__all__ = ["brute_force", "linf_sdp", "lipmip", "lipopt", "lipsdp", "product_bound", "sampled_bound"]


@domain(weights=network_weights, norm=any_norm)
def product_bound(weights: Weights, norm: Any = 2) -> float:
    r"""The product of the norms of the layers, a certified upper bound of the global Lipschitz constant.

    .. math:: \prod_{l=1}^L \|W_l\|, \qquad \|W\| = \max_{\|a\| \le 1} \|Wa\|

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.
    norm : 1, 2 or inf
        On inputs and on every layer: ‖W‖ is the largest sum of absolute values in a column, the largest singular value,
        or the largest sum of absolute values in a row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The weights do not chain or have several outputs; another norm.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", Product.

    Examples
    --------
    >>> [product_bound([[[3.0, 4.0]], [[2.0]]], norm) for norm in (1, 2, "inf")]
    [8.0, 10.0, 14.0]
    """
    return float(np.prod([np.linalg.norm(W, norm) for W in weights]))


@domain(weights=network_weights, a=array("... p"), norm=any_norm)
def sampled_bound(weights: Weights, a: Array, norm: Any = 2) -> float:
    r"""The largest gradient at some points, a lower bound of the Lipschitz constant.

    .. math:: \max_i \|\nabla h(a_i)\|_*

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.
    a : (..., p) array
        Points, generic ones: where a preactivation is 0 its neuron is taken as inactive.
    norm : 1, 2 or inf
        On inputs; gradients are measured in its dual.

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: worst-case metric".

    Examples
    --------
    >>> sampled_bound([[[1.0], [-1.0]], [[2.0, 3.0]]], [[0.5], [1.0]])  # 2 max(a, 0) + 3 max(−a, 0)
    2.0
    """
    return float(np.max(dual_norm(bare(input_gradient)(weights, a, output=identity), norm)))
