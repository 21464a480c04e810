r"""Output and input gradient of a ReLU network at initialisation: their exact joint law, sampled without matrices.

Write h⁽ˡ⁾ for the layers, δ_l for the gradient of the output h in X_l h⁽ˡ⁻¹⁾, and k_l for the number of active neurons.

* Forward. Given h⁽ˡ⁻¹⁾, u = X_l h⁽ˡ⁻¹⁾ has independent entries N(0, β_l²‖h⁽ˡ⁻¹⁾‖²). So k_l ~ Bin(m, ½), and
  ‖h⁽ˡ⁾‖ = β_l ‖h⁽ˡ⁻¹⁾‖ R_l with R_l² ~ χ²(k_l).
* Backward. What is still unknown of X_l after u is seen is its part across h⁽ˡ⁻¹⁾, so that X_lᵀδ_l is
  h⁽ˡ⁻¹⁾⟨u, δ_l⟩/‖h⁽ˡ⁻¹⁾‖² + β_l‖δ_l‖(I − ĥĥᵀ)ξ with a fresh ξ ~ N(0, I) and ĥ = h⁽ˡ⁻¹⁾/‖h⁽ˡ⁻¹⁾‖.
* ⟨u, δ_l⟩ = h in every layer, for h is homogeneous in each; and ĥ lives on the k_{l−1} active neurons, where δ_{l−1} is
  X_lᵀδ_l. With s_l = h/‖h⁽ˡ⁾‖ this leaves two numbers a layer:

  .. math:: s_{l-1} = \beta_l R_l s_l, \qquad
            \|\delta_{l-1}\|^2 = s_{l-1}^2 + \beta_l^2 \|\delta_l\|^2 \, \chi^2(k_{l-1} - 1)

  from s_L = ‖δ_L‖ = 1[h > 0]/α down to h = s₀‖a‖ and ‖∇h‖, with p in place of k₀.

The rank-one term s_l is what ties ∇h to h. The norm ‖∇h‖ alone does not show it: the entries of δ_l have independent
signs, so that the rows of X_l could as well be drawn anew, and ‖∇h‖ is in law the product of independent α⁻¹ 1[h > 0],
β_l χ(k_{l−1}) for 1 < l ≤ L, and β₁χ(p). The moments in `gradient_moments` follow.
"""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, generator, integer
from refimpl.networks.initialization import Scales, layer_scales, scales_of_a_network


class Draws(NamedTuple):
    """Outputs h (n,) and gradients ∇h (n, p) of n independent networks."""

    output: Array
    gradient: Array


@domain(scales=scales_of_a_network, p=integer(1), m=integer(1), L=integer(2), num_networks=integer(1), rng=generator)
def sample_gradient_norms(scales: Scales, p: int, m: int, L: int, num_networks: int, rng: np.random.Generator) -> Array:
    r"""Norms ‖∇h(a)‖ at independent initialisations: exact, in O(L) operations a network, at any point a ≠ 0.

    Parameters
    ----------
    scales : Scales
        Standard deviations and divisor of the output.
    p, m, L : int
        Size of the inputs, width, ≥ 1, and number of layers, ≥ 2.
    num_networks : int
        Number n of networks, ≥ 1.
    rng : numpy.random.Generator
        Source of the networks.

    Returns
    -------
    (n,) array
        0 for the networks, one in two at least, whose last neuron does not fire.

    References
    ----------
    Derived above; slide "Robustness in deep learning: average-case metric" (P = ε c_p E‖∇h‖).

    Examples
    --------
    >>> from refimpl.networks.initialization import scales
    >>> norms = sample_gradient_norms(scales("he", 784, 10**6), 784, 10**6, 6, 4, np.random.default_rng(0))
    >>> norms.shape
    (4,)
    """
    s, delta = _down_to_first_layer(scales, m, L, num_networks, rng)
    return np.hypot(s, scales.beta_1 * delta * _chi(np.full(num_networks, p - 1.0), rng))


@domain(scales=scales_of_a_network, a=array("p"), m=integer(1), L=integer(2), num_networks=integer(1), rng=generator)
def sample_gradients(scales: Scales, a: Array, m: int, L: int, num_networks: int, rng: np.random.Generator) -> Draws:
    r"""Outputs and gradients (h, ∇h)(a) at independent initialisations: their exact joint law, in O(L + p) a network.

    .. math:: h = s_0 \|a\|, \qquad \nabla h = s_0 \hat a + \beta_1 \|\delta_1\| (I - \hat a \hat a^\top) \xi

    Parameters
    ----------
    scales : Scales
        Standard deviations and divisor of the output.
    a : (p,) array
        The point, not 0.
    m, L : int
        Width, ≥ 1, and number of layers, ≥ 2.
    num_networks : int
        Number n of networks, ≥ 1.
    rng : numpy.random.Generator
        Source of the networks.

    Returns
    -------
    Draws
        Outputs (n,) and gradients (n, p).

    References
    ----------
    Derived above; slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> from refimpl.networks.initialization import scales
    >>> h, g = sample_gradients(scales("he", 2, 50), [3.0, 4.0], 50, 5, 6, np.random.default_rng(0))
    >>> bool(np.allclose(g @ [3.0, 4.0], h))  # ⟨∇h, a⟩ = h
    True
    """
    a_hat = a / _radius(a)
    s, delta = _down_to_first_layer(scales, m, L, num_networks, rng)
    xi = rng.standard_normal((num_networks, len(a)))
    across = xi - np.outer(xi @ a_hat, a_hat)
    return Draws(s * _radius(a), np.outer(s, a_hat) + scales.beta_1 * delta[:, None] * across)


@domain(scales=scales_of_a_network, a=array("p"), m=integer(1), L=integer(2), num_networks=integer(1), rng=generator)
def sample_gradients_by_neurons(
    scales: Scales, a: Array, m: int, L: int, num_networks: int, rng: np.random.Generator
) -> Draws:
    r"""The same law, neuron by neuron: O(mL) operations and numbers a network, instead of O(m²L).

    .. math:: h^{(l)} = \beta_l \|h^{(l-1)}\| \, \sigma(z_l), \qquad \xi_l = \beta_l \|\delta_l\| z'_l

    .. math:: X_l^\top \delta_l = \xi_l + \frac{h - \langle h^{(l-1)}, \xi_l \rangle}{\|h^{(l-1)}\|^2} \, h^{(l-1)}

    It has the layers themselves, of which `sample_gradients` keeps the norms. The last neuron's sign is independent of
    all else, so it is drawn first, and nothing for the networks, one in two, in which it does not fire.

    Parameters
    ----------
    scales, a, m, L, num_networks, rng
        As in `sample_gradients`.

    Returns
    -------
    Draws
        Outputs (n,) and gradients (n, p).

    References
    ----------
    Derived above; slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> from refimpl.networks.initialization import scales
    >>> h, g = sample_gradients_by_neurons(scales("he", 2, 50), [3.0, 4.0], 50, 5, 6, np.random.default_rng(0))
    >>> bool(np.allclose(g @ [3.0, 4.0], h))  # ⟨∇h, a⟩ = h
    True
    """
    last, draws = rng.standard_normal(num_networks), Draws(np.zeros(num_networks), np.zeros((num_networks, len(a))))
    fires, betas = last > 0, bare(layer_scales)(scales, L)
    layers = [np.full((fires.sum(), len(a)), a / _radius(a))]
    for beta in betas[:-1]:
        z = rng.standard_normal((len(layers[0]), m))
        layers.append(np.maximum(z, 0, out=z))
        z *= beta * _norms(layers[-2])[:, None]
    h = betas[-1] * _norms(layers[-1]) * last[fires] / scales.alpha
    draws.output[fires], draws.gradient[fires] = h * _radius(a), _backward(layers, betas, h, scales.alpha, rng)
    return draws


def _backward(layers: list[Array], betas: list[float], h: Array, alpha: float, rng: np.random.Generator) -> Array:
    """Gradients in h⁽⁰⁾, given all layers h⁽⁰⁾, …, h⁽ᴸ⁻¹⁾ and the outputs."""
    delta = (h > 0)[:, None] / alpha
    for layer, beta in zip(layers[::-1], betas[::-1], strict=True):
        delta = _transposed(layer, h, beta * _norms(delta)[:, None], rng.standard_normal(layer.shape))
        if layer is not layers[0]:
            delta *= layer > 0
    return delta


def _transposed(layer: Array, h: Array, size: Array, z: Array) -> Array:
    """X_lᵀδ_l given X_l h⁽ˡ⁻¹⁾, from size = β_l‖δ_l‖ and z ~ N(0, I), which is overwritten; 0 on a dead layer."""
    z *= size
    squares = np.einsum("ij,ij->i", layer, layer)
    z += layer * ((h - np.einsum("ij,ij->i", layer, z)) / np.where(squares > 0, squares, 1))[:, None]
    return z


def _down_to_first_layer(scales: Scales, m: int, L: int, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """s₀ = h/‖a‖ and ‖δ₁‖ of n networks; the last layer is one of width 1."""
    k = rng.binomial([*[m] * (L - 1), 1], 0.5, (n, L)).astype(float)
    R, T = _chi(k, rng), _chi(np.maximum(k - 1, 0), rng)
    s = delta = (k > 0).all(1).astype(float) / scales.alpha
    betas = bare(layer_scales)(scales, L)
    for l in reversed(range(1, L)):
        s = betas[l] * R[:, l] * s
        delta = np.asarray(np.hypot(s, betas[l] * delta * T[:, l - 1]))
    return s * betas[0] * R[:, 0], delta


def _chi(k: Array, rng: np.random.Generator) -> Array:
    """Independent χ(k), 0 for k = 0."""
    return np.sqrt(2 * rng.standard_gamma(k / 2))


def _norms(v: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", v, v))


def _radius(a: Array) -> float:
    if not (radius := float(np.linalg.norm(a))):
        raise ValueError("a must not be 0: the network has no gradient there")
    return radius
