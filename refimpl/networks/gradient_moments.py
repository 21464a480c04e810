r"""The exact mean of ‖∇h‖ for a ReLU network at initialisation, at every width and depth, and the χ law's means.

In law ‖∇h‖ is a product of independent factors (`gradient_law` says why): α⁻¹; 1 if the last neuron fires, else 0;
β_l χ(k_{l−1}) for 1 < l ≤ L, where k ~ Bin(m, ½) are the numbers of active neurons; β₁χ(p).
"""

import functools

import numpy as np
import scipy

from refimpl.arguments.array_domains import nonnegative_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import bare, domain, integer
from refimpl.networks.initialization import Scales, scales_of_a_network

_SERIES = (-1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432)  # of log Γ(x + ½)/Γ(x) − ½ log x, in x⁻¹, x⁻³, …


@domain(scales=scales_of_a_network, p=integer(1), m=integer(1), L=integer(2))
def expected_gradient_norm(scales: Scales, p: int, m: int, L: int) -> float:
    r"""First moment of the norm of the input gradient at initialisation, at any point but 0.

    .. math:: E \|\nabla h\| = \frac{1}{2 \alpha} \, \beta_L \mu_m \, (\beta \mu_m)^{L-2} \, \beta_1 \kappa_p, \qquad
              \kappa_n = E \chi(n), \qquad \mu_m = E \kappa_k, \quad k \sim \mathrm{Bin}(m, \tfrac12)

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
    >>> round(expected_gradient_norm(Scales(1.0, 1.0, 1.0, 1.0), 1, 1, 2) * np.pi, 12)  # E|z|², and ½ twice
    0.5
    """
    beta_1, beta, beta_L, alpha = scales
    mu = _rectified_norm(m)
    return beta_L * mu * (beta * mu) ** (L - 2) * beta_1 * float(chi_mean(np.array(float(p)))) / (2 * alpha)


@domain(x=nonnegative_array("..."))
def gamma_ratio(x: Array) -> Array:
    r"""Quotient of two gamma functions, without the cancellation of their logarithms.

    .. math:: \frac{\Gamma(x + \tfrac12)}{\Gamma(x)}
              = \sqrt{x} \exp\Big(-\frac1{8x} + \frac1{192 x^3} - \frac1{640 x^5} + \cdots\Big)

    Parameters
    ----------
    x : array
        Numbers ≥ 0; from 20 on the series takes over.

    Returns
    -------
    array
        To about 14 digits.

    Examples
    --------
    >>> gamma_ratio([0.0, 1.0, 1e4])  # 0, √π/2, near √x
    array([ 0.        ,  0.88622693, 99.99875001])
    """
    far = np.maximum(x, 20.0)
    series = sum(c * far ** (-1.0 - 2 * i) for i, c in enumerate(_SERIES))
    near = scipy.special.gamma(np.minimum(x, 20.0) + 0.5) * scipy.special.rgamma(np.minimum(x, 20.0))
    return np.where(x < 20, near, np.sqrt(far) * np.exp(series))


@domain(n=nonnegative_array("..."))
def chi_mean(n: Array) -> Array:
    r"""Mean of the norm of a Gaussian vector z ~ N(0, I) in Rⁿ.

    .. math:: \kappa_n = E \chi(n) = \sqrt2 \, \frac{\Gamma((n + 1)/2)}{\Gamma(n/2)}

    Parameters
    ----------
    n : array
        Degrees of freedom, ≥ 0.

    Returns
    -------
    array

    Examples
    --------
    >>> (chi_mean([0, 1, 3]) / np.sqrt(2 / np.pi)).round(12)
    array([0., 1., 2.])
    """
    return np.sqrt(2) * bare(gamma_ratio)(n / 2)


@functools.lru_cache(4096)
def _rectified_norm(m: int) -> float:
    """μ_m = E‖max(z, 0)‖ for z ~ N(0, I) in R^m: a sum over the numbers of active neurons, within 40 deviations."""
    reach = 20 * np.sqrt(m) + 1
    k = np.arange(max(0, int(m / 2 - reach)), min(m, int(m / 2 + reach)) + 1.0)
    return float(scipy.stats.binom.pmf(k, m, 0.5) @ chi_mean(k))
