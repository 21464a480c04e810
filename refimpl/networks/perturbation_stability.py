r"""Perturbation stability P(h, ε) = E|⟨∇h(a), a − â⟩| over data a, perturbed points â ~ Unif(B(ε, a)) and weights.

The mean over â is ε c_p ‖∇h(a)‖, for any network. At initialisation ‖∇h(a)‖ has the same law at every a ≠ 0, for the
rows of X₁ are isotropic and h is homogeneous. So P is known exactly there (`stability`), beside the lecture's bounds
on P/ε.
"""

import math
from typing import NamedTuple

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, generator, integer, one_of, positive
from refimpl.networks.gradient_law import norms_at_first_layer
from refimpl.networks.gradient_moments import expected_gradient_norm, gamma_ratio
from refimpl.networks.initialization import Scales, scales_of_a_network

BOUNDED = ("lecun", "he", "ntk")


class RelatedBounds(NamedTuple):
    """Orders of three bounds on P/ε under NTK initialisation, by their numbers among the lecture's references.

    `zhu` is [83] (Zhu, Liu, Chrysos & Cevher 2022), `wu` [81] (Wu, Chen, Cai, He & Gu 2021) and `huang` [41] (Huang,
    Wang, Erfani, Gu, Bailey & Ma 2021).
    """

    zhu: float
    wu: float
    huang: float


@domain(p=integer(1))
def ball_constant(p: int) -> float:
    r"""Mean of |u₁| for u uniform in the unit ball of R^p.

    .. math:: c_p = \frac{\Gamma(p/2 + 1)}{\sqrt\pi \, \Gamma((p + 3)/2)}

    Parameters
    ----------
    p : int
        Dimension, ≥ 1.

    Returns
    -------
    float
        To about 14 digits, for large p too, where it is near √(2/(πp)).

    Examples
    --------
    >>> round(ball_constant(1), 15), round(ball_constant(3), 15), round(ball_constant(784), 8)
    (0.5, 0.375, 0.02846865)
    """
    return float(1 / (np.sqrt(np.pi) * gamma_ratio(np.array(p / 2 + 1))))


@domain(z=array("... p"), u=positive_array("..."))
def ball_point(z: Array, u: Array) -> Array:
    r"""Uniform points of the unit ball from Gaussian and uniform noise.

    .. math:: u^{1/p} \, \frac{z}{\|z\|}, \qquad z \sim N(0, I), \quad u \sim \mathrm{Unif}(0, 1)

    Parameters
    ----------
    z : (..., p) array
        Noise for the direction, no point of it 0.
    u : (...,) array
        Noise for the radius, > 0, at most 1.

    Returns
    -------
    (..., p) array

    Examples
    --------
    >>> ball_point([3.0, 4.0], 0.25)
    array([0.3, 0.4])
    """
    r = np.linalg.norm(z, axis=-1, keepdims=True)
    if not (r > 0).all():
        raise ValueError("z must not be 0 at any point: it gives the direction")
    if u.shape != z.shape[:-1] or (u > 1).any():
        raise ValueError(f"u must be <= 1, of shape {z.shape[:-1]}, got {u.max()}, of shape {u.shape}")
    return z / r * u[..., None] ** (1 / z.shape[-1])


@domain(gradient=array("... p"), displacement=array("... p"))
def perturbation(gradient: Array, displacement: Array) -> Array:
    r"""Size of the change of the output, to first order.

    .. math:: |\langle \nabla h(a), a - \hat a \rangle|

    Parameters
    ----------
    gradient : (..., p) array
        Gradients ∇h(a).
    displacement : (..., p) array
        Displacements a − â.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> float(perturbation([3.0, 4.0], [1.0, -1.0]))
    1.0
    """
    return np.abs((gradient * displacement).sum(-1))


@domain(gradient=array("... p"), eps=positive)
def expected_perturbation(gradient: Array, eps: float) -> Array:
    r"""Mean of `perturbation` over â uniform in the ball of radius ε about a.

    .. math:: E_{\hat a} |\langle \nabla h(a), a - \hat a \rangle| = \varepsilon c_p \|\nabla h(a)\|

    The law of a − â is isotropic and only its component along the gradient counts: it may be taken to be εu₁.

    Parameters
    ----------
    gradient : (..., p) array
        Gradients ∇h(a), of networks at initialisation or trained.
    eps : float
        Radius ε, > 0.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> round(float(expected_perturbation([3.0, 0.0, 4.0], 0.1)), 15)
    0.1875
    """
    return eps * bare(ball_constant)(gradient.shape[-1]) * np.linalg.norm(gradient, axis=-1)


@domain(scales=scales_of_a_network, p=integer(1), m=integer(1), L=integer(2))
def expected_squared_gradient(scales: Scales, p: int, m: int, L: int) -> float:
    r"""Second moment of the input gradient at initialisation, at any point.

    .. math:: E \|\nabla h\|^2 = \alpha^{-2} \tfrac12 \beta_L^2 m (\tfrac12 \beta^2 m)^{L-2} \tfrac12 \beta_1^2 p

    Parameters
    ----------
    scales : Scales
        Standard deviations and divisor of the output.
    p, m, L : int
        Size of the inputs, width, ≥ 1, and number of layers, ≥ 2.

    Returns
    -------
    float

    Examples
    --------
    >>> from refimpl.networks.initialization import scales
    >>> [round(expected_squared_gradient(scales(name, 10, 64), 10, 64, 4), 9) for name in ("lecun", "he", "ntk")]
    [0.0625, 1.0, 5.0]
    """
    beta_1, beta, beta_L, alpha = scales
    return beta_L**2 * m / 2 * (beta**2 * m / 2) ** (L - 2) * beta_1**2 * p / 2 / alpha**2


@domain(scales=scales_of_a_network, p=integer(1), m=integer(1), L=integer(2), num_networks=integer(1), rng=generator)
def sample_gradient_norms(scales: Scales, p: int, m: int, L: int, num_networks: int, rng: np.random.Generator) -> Array:
    r"""Norms ‖∇h(a)‖ at independent initialisations, in their exact law, at any point a ≠ 0.

    .. math:: \|\nabla h\|^2 = s_0^2 + \beta_1^2 \|\delta_1\|^2 \, \chi^2(p - 1)

    The two norms s₀ and ‖δ₁‖ come from `gradient_law`. A network takes O(L) operations, whatever its width.

    Parameters
    ----------
    scales, p, m, L
        As in `expected_squared_gradient`.
    num_networks : int
        Number n of networks, ≥ 1.
    rng : numpy.random.Generator
        Source of the networks.

    Returns
    -------
    (n,) array
        0 where the last neuron does not fire: for at least one network in two, on average.

    References
    ----------
    Derived in `gradient_law`; slide "Robustness in deep learning: average-case metric" (P = ε c_p E‖∇h‖).

    Examples
    --------
    >>> from refimpl.networks.initialization import scales
    >>> norms = sample_gradient_norms(scales("he", 784, 10**6), 784, 10**6, 6, 4, np.random.default_rng(0))
    >>> norms.shape
    (4,)
    """
    s, delta = bare(norms_at_first_layer)(scales, m, L, num_networks, rng)
    across = np.sqrt(2 * rng.standard_gamma(np.full(num_networks, (p - 1) / 2)))
    return np.hypot(s, scales.beta_1 * delta * across)


@domain(scales=scales_of_a_network, p=integer(1), m=integer(1), L=integer(2), eps=positive)
def stability(scales: Scales, p: int, m: int, L: int, eps: float = 1.0) -> float:
    r"""Perturbation stability at initialisation, exactly.

    .. math:: P(h, \varepsilon) = \varepsilon c_p E\|\nabla h\|
              = \frac{\varepsilon \beta_1 \beta_L}{\sqrt{2\pi} \, \alpha} \, \frac{p}{p + 1} \, \beta^{L-2} \mu_m^{L-1}

    with μ_m as in `expected_gradient_norm`, near √(m/2)(1 − 5/(8m)).

    Parameters
    ----------
    scales, p, m, L
        As in `expected_squared_gradient`.
    eps : float
        Radius ε, > 0.

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> round(stability(Scales(1.0, 1.0, 1.0, 1.0), 1, 1, 2) * np.pi, 12)  # ½ of E‖∇h‖
    0.25
    """
    return eps * bare(ball_constant)(p) * bare(expected_gradient_norm)(scales, p, m, L)


@domain(name=one_of(*BOUNDED), p=integer(1), m=integer(1), L=integer(2))
def stability_bound(name: str, p: int, m: int, L: int) -> float:
    r"""Bound on P(h, ε)/ε of a network of inputs of norm 1, without its constant.

    .. math::
        w = \sqrt{\frac{L^3 m}{p}} \, e^{-m/L^3}, \qquad
        \begin{array}{ll}
        \text{lecun} & \big(w + \sqrt{1/p}\big) \, (\sqrt2/2)^{L-2} \\
        \text{he}    & w + \sqrt{1/p} \\
        \text{ntk}   & w + 1
        \end{array}

    Parameters
    ----------
    name : str
        ``"lecun"``, ``"he"`` or ``"ntk"``: the lecture bounds no other initialisation.
    p, m, L : int
        Size of the inputs, width, ≥ 1, and number of layers, ≥ 2.

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: main results (Lazy-training regime)"; Zhu, Liu, Chrysos & Cevher 2022.

    Examples
    --------
    >>> [round(stability_bound(name, 4, 8, 2), 6) for name in BOUNDED]  # w = 4/e
    [1.971518, 1.971518, 2.471518]
    """
    w = math.sqrt(L**3 * m / p) * math.exp(-m / L**3)
    bound = w + (1 if name == "ntk" else math.sqrt(1 / p))
    return bound * (math.sqrt(2) / 2) ** (L - 2 if name == "lecun" else 0)


@domain(m=integer(1), L=integer(2))
def related_bounds(m: int, L: int) -> RelatedBounds:
    r"""Three bounds on P(h, ε)/ε under NTK initialisation side by side, without their constants.

    .. math::
        \sqrt{L^3 m} \, e^{-m/L^3} + 1, \qquad L^2 m^{1/3} \sqrt{\log m} + \sqrt{m L}, \qquad 2^{(3L - 5)/2} \sqrt m

    The first is `stability_bound` at p = 1: the table of comparison leaves √p out.

    Parameters
    ----------
    m, L : int
        Width, ≥ 1, and number of layers, ≥ 2.

    Returns
    -------
    RelatedBounds

    References
    ----------
    Slide "Robustness in deep learning: width and depth & other trade-offs", table.

    Examples
    --------
    >>> related_bounds(1, 3)[1:]
    (1.7320508075688772, 4.0)
    """
    wu = L**2 * m ** (1 / 3) * math.sqrt(math.log(m)) + math.sqrt(m * L)
    return RelatedBounds(stability_bound("ntk", 1, m, L), wu, 2 ** ((3 * L - 5) / 2) * math.sqrt(m))
