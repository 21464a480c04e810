r"""Lipschitz constants of ReLU networks, L = sup ‖∇h(a)‖_*: exact, certified from above, sampled from below.

==================  ==============  ======  ==============================  ======================
function            norm on inputs  layers  value                           machinery
==================  ==============  ======  ==============================  ======================
`sampled_bound`     ℓ₁, ℓ₂, ℓ∞      any     lower bound, global             none
`brute_force`       ℓ₁, ℓ₂, ℓ∞      any     exact, global; exponential      `activation_patterns`
`lipmip`            ℓ₁, ℓ∞          any     exact on a box; exponential     `lipmip_programs`
`lipopt`            ℓ∞              any     certified upper bound, global   `lipopt_polynomials`
`lipsdp`            ℓ₂              any     certified upper bound, global   `lipsdp_multipliers`
`linf_sdp`          ℓ∞              two     certified upper bound, global   `linf_sdp_signs`
`product_bound`     ℓ₁, ℓ₂, ℓ∞      any     certified upper bound, global   none
==================  ==============  ======  ==============================  ======================

Networks are lists of weights W₁ (m, p), …, W_L (1, m); the last layer is linear. They have one output, and no biases
but where a function takes them; `lipopt`, `lipsdp`, `linf_sdp` and `product_bound` bound them with any. The solver of
`lipsdp` and `linf_sdp` comes with the extra `sdp`: ``pip install 'refimpl[sdp]'``.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, integer
from refimpl.backpropagation.activations import identity
from refimpl.networks.fully_connected import input_gradient
from refimpl.robustness.activation_patterns import cells
from refimpl.robustness.duality import any_norm, dual_norm, polyhedral_norm
from refimpl.robustness.linf_sdp_signs import linf_certificate
from refimpl.robustness.lipmip_programs import box_cone, largest_sum
from refimpl.robustness.lipopt_polynomials import gradient_polynomial, krivine_bound
from refimpl.robustness.lipsdp_multipliers import lipsdp_certificate
from refimpl.robustness.relu_networks import (
    Weights,
    homogeneous,
    layer_biases,
    network_weights,
    of_unit_size,
    pattern_gradient,
)


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


@domain(weights=network_weights, norm=any_norm, biases=layer_biases)
def brute_force(weights: Weights, norm: Any = 2, *, biases: Any = None) -> float:
    r"""The exact global Lipschitz constant: the largest gradient among the activation patterns that occur.

    .. math:: L = \max_{D_1, \dots, D_{L-1}} \|W_1^\top D_1 \cdots W_{L-1}^\top D_{L-1} W_L^\top\|_*

    over the patterns that occur on an open set of inputs. There are O(m^p) of them with one hidden layer of m > p
    neurons: for tiny networks.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.
    norm : 1, 2 or inf
        On inputs; gradients are measured in its dual.
    biases : list of L arrays, optional
        b₁ (m,), …, b_L (1,), on which it depends which patterns occur; None for none.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The weights do not chain or have several outputs; another norm.

    References
    ----------
    Slide "Robustness in deep learning: worst-case metric".

    Examples
    --------
    >>> brute_force([[[1.0], [-1.0]], [[2.0, 3.0]]])  # 2 max(a, 0) + 3 max(−a, 0)
    3.0
    """
    p = weights[0].shape[1]
    if biases is not None:
        weights = homogeneous(weights, biases)
    patterns = [cell.pattern for cell in cells(weights) if biases is None or all(s[-1] for s in cell.pattern)]
    return float(max(dual_norm(pattern_gradient(weights, pattern)[:p], norm) for pattern in patterns))


@domain(weights=network_weights, norm=polyhedral_norm, lower=array("..."), upper=array("..."), biases=layer_biases)
def lipmip(weights: Weights, norm: Any, lower: Any, upper: Any, *, biases: Any = None) -> float:
    r"""The exact local Lipschitz constant on a box: the largest gradient among the patterns that occur in it.

    .. math:: L = \max_{a \in [l, u]} \|\nabla h(a)\|_*

    over the patterns that occur on an open part of the box. ‖∇h‖₁ is one program, in which a sign chooses a part of
    each ∂ⱼh; ‖∇h‖_∞ is the largest of p programs. ‖∇h‖₂ is not the largest of finitely many linear functions, and is
    refused. A program is solved to 10⁻⁶ of the product of the layers' norms. The value is that of a pattern, exact to
    rounding.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.
    norm : 1 or inf
        On inputs; gradients are measured in its dual.
    lower, upper : float or (p,) array
        The box, lower < upper.
    biases : list of L arrays, optional
        b₁ (m,), …, b_L (1,), on which it depends which patterns occur; None for none.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Not lower < upper; the norm 2; weights that do not chain.
    ArithmeticError
        The solver gives up.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", LipMIP; Jordan & Dimakis 2020.

    Examples
    --------
    >>> weights = [[[1.0], [-1.0]], [[2.0, 3.0]]]  # 2 max(a, 0) + 3 max(−a, 0)
    >>> lipmip(weights, "inf", -1.0, 1.0), lipmip(weights, "inf", 0.0, 1.0)
    (3.0, 2.0)
    """
    p = weights[0].shape[1]
    cone = box_cone(lower, upper, p)
    if len(weights) == 1 or not all(W.any() for W in weights):
        return float(dual_norm(pattern_gradient(weights, [np.zeros(len(W)) for W in weights[:-1]]), norm))
    if biases is not None:
        weights, cone = homogeneous(weights, biases), box_cone(lower, upper, p, ones=1)
    chosen = [list(range(p))] if norm == np.inf else [[j] for j in range(p)]
    return max(largest_sum(weights, coordinates, cone) for coordinates in chosen)


@domain(weights=network_weights, degree=integer(1))
def lipopt(weights: Weights, degree: int) -> float:
    r"""A certified upper bound of the global ℓ∞ Lipschitz constant: the least λ with a certificate of some degree k.

    .. math:: \lambda - f(u) = \sum_{|I| = k} \sum_{\epsilon \in \{\pm 1\}^I} c_{I, \epsilon}
              \prod_{i \in I} (1 + \epsilon_i u_i), \qquad c \ge 0

    where f is the gradient as a polynomial, `lipopt_polynomials.gradient_polynomial`. Up to the solver's tolerance no
    larger degree gives a larger bound. At k = p + m it is the largest ⟨t, ∇h⟩ among all patterns, whether they occur or
    not.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.
    degree : int
        k ≥ L. There are 2^k (p + m choose k) unknowns.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        degree < L.
    ArithmeticError
        The solver gives up.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", LiPopt; Latorre, Rolland & Cevher 2020.

    Examples
    --------
    >>> [round(lipopt([[[1.0], [-1.0]], [[2.0, 3.0]]], k), 9) for k in (2, 3)]  # 2 max(a, 0) + 3 max(−a, 0)
    [3.0, 3.0]
    """
    if degree < len(weights):
        raise ValueError(f"degree must be >= {len(weights)}, the number of layers, got {degree}")
    n = sum(W.shape[1] for W in weights)
    return krivine_bound(gradient_polynomial(weights), n, degree)


@domain(weights=network_weights)
def lipsdp(weights: Weights) -> float:
    r"""A certified upper bound of the global ℓ₂ Lipschitz constant of a network of any depth: LipSDP.

    .. math:: L = \sqrt{\rho}, \qquad \min_{\rho, \lambda \ge 0} \rho \quad \text{subject to} \quad
              M(\rho, \operatorname{diag} \lambda) \preceq 0

    with M as in `lipsdp_multipliers.lipsdp_matrix`. Neurons are balanced first: the bound does not depend on how the
    network is written. It also bounds the network with any biases. Up to the solver's tolerance it is never above
    the product of the layers' norms, and it is exact where all weights are positive.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.

    Returns
    -------
    float

    Raises
    ------
    ImportError
        The extra `sdp` is not installed.
    ArithmeticError
        The solver gives up.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", LipSDP; Fazlyab, Robey, Hassani, Morari &
    Pappas 2019.

    Examples
    --------
    >>> round(lipsdp([[[1.0], [1.0]], [[1.0, -1.0]]]), 6)  # relu(a) − relu(a − 1) with biases
    1.0
    """
    scaled = of_unit_size(weights)
    return float(np.ldexp(np.sqrt(lipsdp_certificate(scaled.weights).rho), sum(scaled.exponents)))


@domain(W=array("m p"), v=array("m"))
def linf_sdp(W: Array, v: Array) -> float:
    r"""A certified upper bound of the global ℓ∞ Lipschitz constant of vᵀσ(Wa).

    .. math:: L = \tfrac14 \max_P \langle M, P \rangle \quad \text{subject to} \quad P \succeq 0, \;
              \operatorname{diag} P = 1

    with M as in `linf_sdp_signs.linf_matrix`. It also bounds the network with any biases.

    Parameters
    ----------
    W, v : (m, p) array, (m,) array
        Weights of the two layers; the second one is linear.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The sizes of W and v differ.
    ImportError
        The extra `sdp` is not installed.
    ArithmeticError
        The solver gives up.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", [67]; Raghunathan, Steinhardt & Liang 2018.

    Examples
    --------
    >>> round(linf_sdp([[1.0], [-1.0]], [2.0, 3.0]), 6)  # 2 max(a, 0) + 3 max(−a, 0)
    3.0
    """
    return float(linf_certificate(W, v).sum() / 4)


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
