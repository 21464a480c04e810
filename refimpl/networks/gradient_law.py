r"""Output and input gradient of a ReLU network at initialisation: their exact joint law, sampled without matrices.

Write h⁽ˡ⁾ for the layers, δ_l for the gradient of the output h in X_l h⁽ˡ⁻¹⁾, and k_l for the number of active neurons.

* Forward. Given h⁽ˡ⁻¹⁾, u = X_l h⁽ˡ⁻¹⁾ has independent entries N(0, β_l²‖h⁽ˡ⁻¹⁾‖²). So k_l ~ Bin(m, ½), and
  ‖h⁽ˡ⁾‖ = β_l ‖h⁽ˡ⁻¹⁾‖ R_l with R_l² ~ χ²(k_l).
* Backward. Once u is known, only the part of X_l across h⁽ˡ⁻¹⁾ is still unknown. So X_lᵀδ_l is
  h⁽ˡ⁻¹⁾⟨u, δ_l⟩/‖h⁽ˡ⁻¹⁾‖² + β_l‖δ_l‖(I − ĥĥᵀ)ξ with a fresh ξ ~ N(0, I) and ĥ = h⁽ˡ⁻¹⁾/‖h⁽ˡ⁻¹⁾‖.
* Two numbers a layer. In every layer ⟨u, δ_l⟩ = h, for h is homogeneous in each. The vector ĥ lives on the k_{l−1}
  active neurons, and there δ_{l−1} is X_lᵀδ_l. With s_l = h/‖h⁽ˡ⁾‖ this leaves

  .. math:: s_{l-1} = \beta_l R_l s_l, \qquad
            \|\delta_{l-1}\|^2 = s_{l-1}^2 + \beta_l^2 \|\delta_l\|^2 \, \chi^2(k_{l-1} - 1)

  from s_L = ‖δ_L‖ = 1[h > 0]/α down to h = s₀‖a‖ and ‖∇h‖, with p in place of k₀.

The rank-one term s_l ties ∇h to h. The norm ‖∇h‖ alone does not show it. For the entries of δ_l have independent signs,
so that the rows of X_l could as well be drawn anew: in law ‖∇h‖ is the product of independent α⁻¹ 1[h > 0],
β_l χ(k_{l−1}) for 1 < l ≤ L, and β₁χ(p). Its moments follow (`gradient_moments`).
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


class FirstLayer(NamedTuple):
    """The two numbers s₀ = h/‖a‖ and ‖δ₁‖ of n independent networks, each (n,)."""

    s: Array
    delta: Array


@domain(scales=scales_of_a_network, m=integer(1), L=integer(2), num_networks=integer(1), rng=generator)
def norms_at_first_layer(scales: Scales, m: int, L: int, num_networks: int, rng: np.random.Generator) -> FirstLayer:
    r"""What ∇h needs to know of all layers above the first, at independent initialisations.

    .. math:: s_{l-1} = \beta_l R_l s_l, \qquad
              \|\delta_{l-1}\| = \sqrt{s_{l-1}^2 + \beta_l^2 \|\delta_l\|^2 \, \chi^2(k_{l-1} - 1)}

    Parameters
    ----------
    scales : Scales
        Standard deviations and divisor of the output.
    m, L : int
        Width, ≥ 1, and number of layers, ≥ 2.
    num_networks : int
        Number n of networks, ≥ 1.
    rng : numpy.random.Generator
        Source of the networks.

    Returns
    -------
    FirstLayer

    References
    ----------
    Derived above.

    Examples
    --------
    >>> s, delta = norms_at_first_layer(Scales(1.0, 1.0, 1.0, 2.0), 5, 3, 8, np.random.default_rng(0))
    >>> bool(((s > 0) == (delta > 0)).all())  # no gradient where the output is 0
    True
    """
    k = rng.binomial([*[m] * (L - 1), 1], 0.5, (num_networks, L)).astype(float)  # the last layer has one neuron
    R, T = _chi(k, rng), _chi(np.maximum(k - 1, 0), rng)
    s = delta = (k > 0).all(1).astype(float) / scales.alpha
    betas = bare(layer_scales)(scales, L)
    for l in reversed(range(1, L)):
        s = betas[l] * R[:, l] * s
        delta = np.asarray(np.hypot(s, betas[l] * delta * T[:, l - 1]))
    return FirstLayer(s * betas[0] * R[:, 0], delta)


@domain(scales=scales_of_a_network, a=array("p"), m=integer(1), L=integer(2), num_networks=integer(1), rng=generator)
def sample_gradients(scales: Scales, a: Array, m: int, L: int, num_networks: int, rng: np.random.Generator) -> Draws:
    r"""Outputs and gradients (h, ∇h)(a) at independent initialisations: their exact joint law, in O(L + p) a network.

    .. math:: h = s_0 \|a\|, \qquad \nabla h = s_0 \hat a + \beta_1 \|\delta_1\| (I - \hat a \hat a^\top) \xi

    Parameters
    ----------
    a : (p,) array
        The point, not 0.
    scales, m, L, num_networks, rng
        As in `norms_at_first_layer`.

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
    s, delta = bare(norms_at_first_layer)(scales, m, L, num_networks, rng)
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

    It draws the layers themselves; `sample_gradients` draws their norms. The sign of the last neuron is independent of
    all else. So it is drawn first, and nothing more for the networks, one in two, in which that neuron does not fire.

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
    """X_lᵀδ_l given X_l h⁽ˡ⁻¹⁾, from size = β_l‖δ_l‖ and z ~ N(0, I), which is overwritten; 0 where a layer is dead."""
    z *= size
    squares = np.einsum("ij,ij->i", layer, layer)
    z += layer * ((h - np.einsum("ij,ij->i", layer, z)) / np.where(squares > 0, squares, 1))[:, None]
    return z


def _chi(k: Array, rng: np.random.Generator) -> Array:
    """Independent χ(k), 0 for k = 0."""
    return np.sqrt(2 * rng.standard_gamma(k / 2))


def _norms(v: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", v, v))


def _radius(a: Array) -> float:
    if not (radius := float(np.linalg.norm(a))):
        raise ValueError("a must not be 0: the network has no gradient there")
    return radius
