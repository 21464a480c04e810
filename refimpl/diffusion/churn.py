r"""Churn: noise is added before each denoising step, so that errors of earlier steps are forgotten.

A denoiser is a function D(x, σ) as in `tweedie`. Between σ̂ = (1 + γ)σ and σ⁺ a step follows the flow
dx/dσ = (x − D(x, σ))/σ by Heun's method.
"""

from typing import Any

import numpy as np

from refimpl.arguments.domains import array, domain, field, integer, nonnegative, positive
from refimpl.diffusion.tweedie import Denoiser

_points = array("... p")
_MOST = np.sqrt(2) - 1


@domain(churn=nonnegative, num_steps=integer(1))
def churn_amount(churn: float, num_steps: int) -> float:
    r"""By which share γ each of a number of steps raises the noise: in all about `churn`, and never above √2 σ.

    .. math:: \gamma = \min \big( S / n, \; \sqrt2 - 1 \big)

    Parameters
    ----------
    churn : float
        S, ≥ 0.
    num_steps : int
        Number of steps n, ≥ 1.

    Returns
    -------
    float

    References
    ----------
    Slide "The answer: Diffusion models"; Karras et al. 2022, Algorithm 2, for noise levels where churn is wanted.

    Examples
    --------
    >>> churn_amount(10.0, 40)
    0.25
    """
    return float(min(churn / num_steps, _MOST))


@domain(denoiser=field, x=_points, sigma=positive, sigma_next=nonnegative, gamma=nonnegative, z=_points)
def churn_step(denoiser: Denoiser, x: Any, sigma: float, sigma_next: float, gamma: float, z: Any) -> Any:
    r"""Add noise, and take it away together with some of what there was.

    .. math:: \hat\sigma = (1 + \gamma) \sigma, \qquad \hat x = x + \sigma \sqrt{\gamma (2 + \gamma)} \; z, \qquad
              \hat D = D(\hat x, \hat\sigma), \\
              x' = \hat D + \frac{\sigma^+}{\hat\sigma} (\hat x - \hat D), \qquad
              x^+ = x' + \frac{\hat\sigma - \sigma^+}{2 \sigma^+} \big( D(x', \sigma^+) - \hat D \big)

    From x̂ it is a step of Heun's method: x′ is Euler's, and the slopes at its ends differ as the denoised points do.

    Where σ⁺ = 0 the result is x′ = D(x̂, σ̂).

    Parameters
    ----------
    denoiser : callable
        D(x, σ), of the shape of x.
    x : (..., p) array
        Points with noise of standard deviation σ.
    sigma, sigma_next : float
        Noise before and after the step, 0 ≤ σ⁺ ≤ σ, σ > 0.
    gamma : float
        γ, ≥ 0, as `churn_amount` gives it; 0 adds no noise.
    z : (..., p) array
        Noise, N(0, I), or wider: N(0, S²I) with S just above 1.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "The answer: Diffusion models"; Karras et al. 2022, Algorithm 2.

    Examples
    --------
    All data are 1. To x = 3 the step adds 12 · ¾ · z = 1, and a third of what is off is left.

    >>> churn_step(lambda x, sigma: 0 * x + 1, [3.0], 12.0, 5.0, 0.25, [1 / 9]).round(12)
    array([2.])
    """
    if sigma_next > sigma:
        raise ValueError(f"sigma_next must be <= sigma = {sigma:g}, got {sigma_next:g}")
    raised = (1 + gamma) * sigma
    x = x + sigma * np.sqrt(gamma * (2 + gamma)) * z
    D = denoiser(x, raised)
    euler = D + sigma_next / raised * (x - D)
    if sigma_next == 0:
        return euler
    return euler + (raised - sigma_next) / 2 * ((denoiser(euler, sigma_next) - D) / sigma_next)
