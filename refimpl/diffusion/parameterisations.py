r"""What networks are asked for: the score, the noise, the clean point, or v; and what one says about the others.

A noisy point is a = scale·x₀ + std·ε. In the names used here, with D = E[x₀ | a] and the score of the law of a:

========= ============================================
"noise"   E[ε | a] = −std · score
"clean"   D = E[x₀ | a]
"score"   ∇log p(a)
"v"       E[scale·ε − std·x₀ | a]
========= ============================================
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.domains import array, domain, field, one_of, positive

_points = array("... p")
_NAMES = ("score", "noise", "clean", "v")


@domain(
    output=_points,
    a=_points,
    scale=positive,
    std=positive,
    given=one_of(*_NAMES),
    wanted=one_of(*_NAMES),
)
def convert(output: Any, a: Any, scale: float, std: float, given: str, wanted: str) -> Any:
    r"""What a network means in another parameterisation.

    .. math:: \varepsilon = -\text{std} \cdot \text{score} = \frac{a - \text{scale} \, D}{\text{std}}
              = \frac{\text{std} \, a + \text{scale} \, v}{\text{scale}^2 + \text{std}^2}

    Parameters
    ----------
    output : (..., p) array
        What the network gave.
    a : (..., p) array
        The noisy points it was asked about.
    scale, std : float
        The kernel of their time, > 0, as `SDE.kernel` gives it.
    given, wanted : str
        "score", "noise", "clean" or "v".

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Joint training of the score network"; Salimans & Ho 2022, Section 4 and Appendix D.

    Examples
    --------
    a = 0.8·x₀ + 0.6·ε with x₀ = 1 and ε = 2.

    >>> convert([1.0], [2.0], 0.8, 0.6, "clean", "noise"), convert([1.0], [2.0], 0.8, 0.6, "clean", "v")
    (array([2.]), array([1.]))
    """
    if given == wanted:
        return output
    match given:
        case "score":
            noise = -std * output
        case "clean":
            noise = (a - scale * output) / std
        case "v":
            noise = (std * a + scale * output) / (scale**2 + std**2)
        case _:
            noise = output
    match wanted:
        case "score":
            return -noise / std
        case "clean":
            return (a - std * noise) / scale
        case "v":
            return scale * noise - std * (a - std * noise) / scale
        case _:
            return noise


class Preconditioning(NamedTuple):
    """The factors of D(x, σ) = skip·x + out·F(in_·x, noise)."""

    skip: float
    out: float
    in_: float
    noise: float


@domain(sigma=positive, sigma_data=positive)
def preconditioning(sigma: float, sigma_data: float = 0.5) -> Preconditioning:
    r"""Factors by which a network F has inputs and targets of variance 1, and its errors count least.

    .. math:: \text{skip} = \frac{\sigma_d^2}{\sigma^2 + \sigma_d^2}, \quad
              \text{out} = \frac{\sigma \sigma_d}{\sqrt{\sigma^2 + \sigma_d^2}}, \quad
              \text{in} = \frac{1}{\sqrt{\sigma^2 + \sigma_d^2}}, \quad \text{noise} = \tfrac14 \log \sigma

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise, > 0.
    sigma_data : float
        Standard deviation of the data, > 0.

    Returns
    -------
    Preconditioning

    References
    ----------
    Slide "Joint training of the score network"; Karras et al. 2022 (EDM), Table 1 and Appendix B.6.

    Examples
    --------
    >>> preconditioning(3.0, 4.0)._replace(noise=0.0)
    Preconditioning(skip=0.64, out=2.4, in_=0.2, noise=0.0)
    """
    total = np.hypot(sigma, sigma_data)
    return Preconditioning(
        float(sigma_data**2 / total**2), float(sigma * sigma_data / total), float(1 / total), float(np.log(sigma) / 4)
    )


@domain(network=field, sigma_data=positive)
def preconditioned_denoiser(network: Callable, sigma_data: float = 0.5) -> Callable[[Any, float], Any]:
    r"""The denoiser that a preconditioned network stands for.

    .. math:: D(x, \sigma) = \text{skip} \, x + \text{out} \, F(\text{in} \, x, \text{noise})

    Parameters
    ----------
    network : callable
        F, a function of points and of the number `noise`, of the shape of the points.
    sigma_data : float
        Standard deviation of the data, > 0.

    Returns
    -------
    callable
        From points (..., p) and σ to (..., p).

    References
    ----------
    Slide "Joint training of the score network"; Karras et al. 2022 (EDM), eq. (7).

    Examples
    --------
    The network 0 is the denoiser of N(0, σ_d²).

    >>> preconditioned_denoiser(lambda x, noise: 0 * x, 4.0)(np.array([1.0]), 3.0)
    array([0.64])
    """

    def denoiser(x: Any, sigma: float) -> Any:
        c = preconditioning(sigma, sigma_data)
        return c.skip * x + c.out * network(c.in_ * x, c.noise)

    return denoiser
