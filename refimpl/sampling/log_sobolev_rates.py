"""How fast Langevin Monte Carlo converges when the target satisfies a log-Sobolev inequality."""

import numpy as np

from refimpl.arguments.domains import domain, integer, nonnegative, positive


@domain(kl0=nonnegative, a=positive, t=nonnegative)
def lsi_flow_bound(kl0: float, a: float, t: float) -> float:
    r"""Bound of KL(ρ_t ‖ π) along the Langevin diffusion when π satisfies a log-Sobolev inequality.

    .. math:: \mathrm{KL}(\rho_t \| \pi) \le e^{-2 a t} \, \mathrm{KL}(\rho_0 \| \pi)

    Parameters
    ----------
    kl0 : float
        KL(ρ₀ ‖ π), ≥ 0.
    a : float
        Constant of the inequality KL ≤ FI/(2a), > 0; ∇²f ⪰ aI is enough.
    t : float
        Time, ≥ 0.

    Returns
    -------
    float

    References
    ----------
    Slide "Langevin Monte Carlo"; Vempala & Wibisono 2019, Theorem 1.

    Examples
    --------
    >>> lsi_flow_bound(8.0, 1.0, np.log(2))
    2.0
    """
    return float(kl0 * np.exp(-2 * a * t))


@domain(kl0=nonnegative, a=positive, L=positive, p=integer(1), eta=positive, num_steps=integer(0))
def lsi_lmc_bound(kl0: float, a: float, L: float, p: int, eta: float, num_steps: int) -> float:
    r"""Bound of KL after k steps of LMC when π satisfies a log-Sobolev inequality: a decay and a bias.

    .. math:: \mathrm{KL}_k \le \begin{cases}
              e^{-a \eta k} \, \mathrm{KL}_0 + 8 \eta p L^2 / a & \text{if } \eta \le a / (4 L^2), \\
              \infty & \text{otherwise}
              \end{cases}

    Beyond a/(4L²) the theorem says nothing, and the first line may be false.

    Parameters
    ----------
    kl0 : float
        KL(ρ₀ ‖ π), ≥ 0.
    a : float
        Constant of the inequality KL ≤ FI/(2a), > 0.
    L : float
        Lipschitz constant of ∇f, > 0.
    p : int
        Dimension.
    eta : float
        Step size η, > 0.
    num_steps : int
        Number of steps k, ≥ 0.

    Returns
    -------
    float

    References
    ----------
    Slide "Langevin Monte Carlo"; Vempala & Wibisono 2019, Theorem 2.

    Examples
    --------
    >>> lsi_lmc_bound(2.0, 1.0, 1.0, 1, 0.125, 0)
    3.0
    >>> lsi_lmc_bound(2.0, 1.0, 1.0, 1, 0.26, 0)
    inf
    """
    if eta > a / (4 * L**2) * (1 + 1e-12):
        return np.inf
    return float(np.exp(-a * eta * num_steps) * kl0 + 8 * eta * p * L**2 / a)
