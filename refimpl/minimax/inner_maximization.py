"""Descent on F(x) = max_y Φ(x, y) where the inner maximum is found only up to a gap: how near it must be."""

import numpy as np

from refimpl.arguments.domains import domain, nonnegative, positive


@domain(slope=positive, coupling=positive, concavity=positive)
def descent_accuracy(slope: float, coupling: float, concavity: float) -> float:
    r"""The gap F(x) − Φ(x, ŷ) below which −∇ₓΦ(x, ŷ) is a direction of descent of F, whatever ŷ.

    .. math:: \varepsilon = \frac{\mu \|\nabla F(x)\|^2}{2 \ell^2}

    Strong concavity puts ŷ within √(2ε/μ) of the maximiser y*, and ∇ₓΦ(x, ŷ) within ℓ times that of
    ∇F(x) = ∇ₓΦ(x, y*) (Danskin).

    Parameters
    ----------
    slope : float
        ‖∇F(x)‖ > 0.
    coupling : float
        ℓ > 0: y ↦ ∇ₓΦ(x, y) is ℓ-Lipschitz.
    concavity : float
        μ > 0: y ↦ Φ(x, y) is μ-strongly concave.

    Returns
    -------
    float

    References
    ----------
    Slide "Recall SGD results from Lecture 10"; Danskin 1966.

    Examples
    --------
    >>> descent_accuracy(2.0, 1.0, 0.5)
    1.0
    """
    return concavity * slope**2 / (2 * coupling**2)


@domain(slope=positive, coupling=positive, concavity=positive, gap=nonnegative)
def descent_angle(slope: float, coupling: float, concavity: float, gap: float) -> float:
    r"""The largest angle between ∇F(x) and ∇ₓΦ(x, ŷ) for a ŷ of this gap, as far as slope, ℓ and μ tell.

    .. math:: \arcsin\Big( \frac{\ell}{\|\nabla F(x)\|} \sqrt{2 \varepsilon / \mu} \Big)

    Parameters
    ----------
    slope, coupling, concavity
        As for `descent_accuracy`.
    gap : float
        ε = F(x) − Φ(x, ŷ) ≥ 0.

    Returns
    -------
    float
        In radians; π from `descent_accuracy` on, where ∇ₓΦ(x, ŷ) may point anywhere.

    References
    ----------
    Slide "Recall SGD results from Lecture 10"; Danskin 1966.

    Examples
    --------
    >>> round(descent_angle(2.0, 1.0, 0.5, 0.25) * 180 / np.pi, 9)
    30.0
    """
    sine = coupling / slope * np.sqrt(2 * gap / concavity)
    return float(np.arcsin(sine)) if sine < 1 else np.pi
