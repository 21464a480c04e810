"""The Dirac-GAN whose discriminator pays a penalty on its gradient (R1): training that converges."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import join, split
from refimpl.arguments.domains import array, domain, function, nonnegative, number
from refimpl.minimax.dirac_gan import Eigenvalues, Slope, vector_field


@domain(z=array("... 2"), f_prime=function, gamma=nonnegative)
def penalized_field(z: Any, f_prime: Slope, gamma: float) -> Any:
    r"""Gradient field of the Dirac-GAN whose discriminator pays the gradient penalty (γ/2) ψ² (R1).

    .. math:: v_\gamma(\theta, \psi) = (-\psi f'(\theta\psi), \; \theta f'(\theta\psi) - \gamma\psi)

    Parameters
    ----------
    z : (..., 2) array
        Points (θ, ψ).
    f_prime : callable
        f' of the loss.
    gamma : float
        Weight of the penalty, ≥ 0.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Mescheder, Geiger & Nowozin 2018, Section 4.1 (beyond the lecture).

    Examples
    --------
    >>> from refimpl.minimax.dirac_gan import wasserstein_slope
    >>> penalized_field([3.0, 2.0], wasserstein_slope, 0.5)
    array([-2.,  2.])
    """
    theta, psi = split(z)
    return vector_field(z, f_prime) - gamma * join(0 * theta, psi)


@domain(gamma=nonnegative, slope=number(""))
def penalized_eigenvalues(gamma: float, slope: float) -> Eigenvalues:
    r"""Eigenvalues of the continuous flow's Jacobian at the equilibrium under the gradient penalty (γ/2) ψ² (R1).

    .. math:: \lambda_{1/2} = -\frac{\gamma}{2} \pm \sqrt{\frac{\gamma^2}{4} - f'(0)^2}

    Negative real parts for every γ > 0: the flow converges, without turning from γ = 2 |f'(0)| on. Their product is
    f'(0)²: real ones are computed from the larger one, without cancellation.

    Parameters
    ----------
    gamma : float
        Weight of the penalty, ≥ 0.
    slope : float
        f'(0).

    Returns
    -------
    (2,) complex array

    References
    ----------
    Mescheder, Geiger & Nowozin 2018, Lemma 4.1 (beyond the lecture).

    Examples
    --------
    >>> penalized_eigenvalues(1.0, 1.0).round(6)
    array([-0.5+0.866025j, -0.5-0.866025j])
    """
    root = np.sqrt(gamma / 2 - abs(slope) + 0j) * np.sqrt(gamma / 2 + abs(slope))
    fast = -gamma / 2 - root
    slow = slope * (slope / fast) if root.real else -gamma / 2 + root
    return np.array([slow, fast])
