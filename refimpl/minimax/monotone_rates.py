"""What the basic algorithms for minimax guarantee on monotone fields: convex-concave games."""

from refimpl.arguments.domains import domain, integer, positive


@domain(distance=positive, lipschitz=positive, alpha=positive, num_steps=integer(1))
def extragradient_bound(distance: float, lipschitz: float, alpha: float, num_steps: int) -> float:
    r"""What EG guarantees for a monotone L-Lipschitz field and α < 1/L.

    .. math:: \min_{k < K} \|V z_k\|^2 \le \frac1K \sum_{k < K} \|V z_k\|^2
              \le \frac{\|z_0 - z^*\|^2}{K \alpha^2 (1 - \alpha^2 L^2)}

    Parameters
    ----------
    distance : float
        ‖z₀ − z*‖, > 0.
    lipschitz : float
        L, > 0.
    alpha : float
        Step size, in (0, 1/L).
    num_steps : int
        K, ≥ 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When α ≥ 1/L, where nothing is guaranteed.

    References
    ----------
    Slide "Comparison of convergence rates for smooth convex-concave minimax"; Korpelevich 1976.

    Examples
    --------
    >>> extragradient_bound(1.0, 1.0, 0.5, 2).__round__(6)
    2.666667
    """
    if alpha * lipschitz >= 1:
        raise ValueError(f"alpha must be < 1/lipschitz = {1 / lipschitz:g}, got {alpha:g}")
    return distance**2 / (num_steps * alpha**2 * (1 - alpha**2 * lipschitz**2))


@domain(distance=positive, alpha=positive, num_steps=integer(1))
def ergodic_bound(distance: float, alpha: float, num_steps: int) -> float:
    r"""Largest regret, hence largest duality gap of the average, after K steps on a convex-concave game.

    .. math:: \max_{\|u - z_0\| \le D} \frac1K \sum_{k < K} \langle V(w_k), w_k - u \rangle \le \frac{D^2}{2 \alpha K}

    with w_k = z_{k+1} for PPM (every α) and w_k = z_k − αV(z_k) for EG (α ≤ 1/L).

    Parameters
    ----------
    distance : float
        D, > 0.
    alpha : float
        Step size, > 0.
    num_steps : int
        K, ≥ 1.

    Returns
    -------
    float

    References
    ----------
    Slide "Comparison of convergence rates for smooth convex-concave minimax"; Nemirovski 2004.

    Examples
    --------
    >>> ergodic_bound(2.0, 0.5, 4)
    1.0
    """
    return distance**2 / (2 * alpha * num_steps)
