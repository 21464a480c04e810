r"""Perturbation stability P(h, ε) = E|⟨∇h(a), a − â⟩| over data a, perturbed points â ~ Unif(B(ε, a)) and weights.

Over â the mean is ε c_p ‖∇h(a)‖, of any network. At initialisation ‖∇h(a)‖ has the same law at every a ≠ 0, for the
rows of X₁ are isotropic and h is homogeneous: then P is known exactly (`stability`), and sampled in three ways
(`stability_estimators`).
"""

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, integer, positive
from refimpl.networks.gradient_law import sample_gradient_norms
from refimpl.networks.gradient_moments import expected_gradient_norm, expected_squared_gradient, gamma_ratio
from refimpl.networks.initialization import Scales, scales_of_a_network
from refimpl.networks.stability_bounds import stability_bound

__all__ = [
    "ball_constant",
    "ball_point",
    "expected_perturbation",
    "expected_squared_gradient",
    "perturbation",
    "sample_gradient_norms",
    "stability",
    "stability_bound",
]


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

    Of a − â, isotropic, only the component along the gradient counts, and ε|u₁| is as good as any.

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


@domain(scales=scales_of_a_network, p=integer(1), m=integer(1), L=integer(2), eps=positive)
def stability(scales: Scales, p: int, m: int, L: int, eps: float = 1.0) -> float:
    r"""Perturbation stability at initialisation, exactly.

    .. math:: P(h, \varepsilon) = \varepsilon c_p E\|\nabla h\|
              = \frac{\varepsilon \beta_1 \beta_L}{\sqrt{2\pi} \, \alpha} \, \frac{p}{p + 1} \, \beta^{L-2} \mu_m^{L-1}

    with μ_m as in `expected_gradient_norm`, near √(m/2)(1 − 5/(8m)).

    Parameters
    ----------
    scales : Scales
        Standard deviations and divisor of the output.
    p, m, L : int
        Size of the inputs, width, ≥ 1, and number of layers, ≥ 2.
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
