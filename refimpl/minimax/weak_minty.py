"""Weak Minty games, ⟨V(z), z − z*⟩ ≥ ρ‖V(z)‖² for all z: the best ρ and L on a box; methods that live with ρ < 0.

Every method takes steps z̄ = Q(Hz), d = Hz̄ − Hz, z⁺ = z + αd, where H = id − γV and Q is a projection. They differ in
α and γ, and in what they know of V. They share

==========  ===================================================================================================
V           Field of the game.
z0          Start (..., p); it is projected first.
gamma       Step size γ of the extrapolation, > 0.
num_steps   Number of steps, ≥ 0.
project     The projection Q, a function z → z; None is the identity.
returns     States z, one more than steps; extrapolated points z̄; directions d, except for BC-SEG+.
raises      `DivergedError` when a state is not finite; it carries the last finite one and its step.
==========  ===================================================================================================
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import (
    Domain,
    array,
    domain,
    field,
    generator,
    integer,
    number,
    numpy_array,
    one_of,
    optional,
    positive,
)
from refimpl.minimax import certified_extremes
from refimpl.minimax._forward_backward import (
    Run,
    StochasticRun,
    adaptive_relaxation,
    bias_corrected_run,
    constant_relaxation,
    curvature_run,
    run,
)


def _check_box(name: str, value: Any, sizes: Any) -> tuple[Array, Array]:
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (lower, upper), got {value!r}")
    bounds = [array("...").check(f"{name}[{i}]", bound, sizes) for i, bound in enumerate(value)]
    if any(bound.shape not in ((), (1,), (2,)) for bound in bounds):
        raise ValueError(f"{name} must be a box in the plane, got {value!r}")
    lower, upper = (np.broadcast_to(bound, 2) for bound in bounds)
    if not (lower < upper).all():
        raise ValueError(f"{name} must have lower < upper, got {value!r}")
    return lower, upper


_box = Domain("pair (lower, upper) of bounds, broadcast to the plane", _check_box)


@domain(V=field, z_star=array("2"), box=_box)
def weak_minty_constant(V: Field, z_star: Array, box: tuple[Any, Any]) -> float:
    r"""The best ρ of the weak Minty inequality of a planar field on a box.

    .. math:: \rho = \inf_z \frac{\langle V(z), z - z^* \rangle}{\|V(z)\|^2}

    Proved by subdivision (see `certified_extremes`): no point of the box has a quotient lower by more than 10⁻⁹,
    relative. The value is polished to rounding.

    Parameters
    ----------
    V : callable
        Smooth field of batches (..., 2), as in `curvature_eg_plus`.
    z_star : (2,) array
        Solution, V(z*) = 0, in the box; Newton's method refines its last digits.
    box : pair (lower, upper)
        Bounds, broadcast to the plane.

    Returns
    -------
    float
        −∞ where the quotient has no lower bound, as near a second zero of V.

    References
    ----------
    Slide "When do the algorithms converge?", equation (4); Diakonikolas, Daskalakis & Jordan 2021.

    Examples
    --------
    >>> from refimpl.minimax.games import lower_bound
    >>> round(weak_minty_constant(lower_bound(2.0, -1.0).operator, [0.0, 0.0], (-1.0, 1.0)), 12)
    -0.2
    """
    return certified_extremes.least_quotient(V, z_star, *box)


@domain(V=field, box=_box)
def lipschitz_constant(V: Field, box: tuple[Any, Any]) -> float:
    r"""The Lipschitz constant of a planar field on a box.

    .. math:: L = \max_z \|JV(z)\|_2

    Proved by subdivision (see `certified_extremes`): nowhere in the box is ‖JV‖₂ larger by more than 10⁻⁹, relative.
    The value is polished to rounding.

    Parameters
    ----------
    V : callable
        Smooth field of batches (..., 2), as in `curvature_eg_plus`.
    box : pair (lower, upper)
        Bounds, broadcast to the plane.

    Returns
    -------
    float

    References
    ----------
    Slide "When do the algorithms converge?".

    Examples
    --------
    >>> from refimpl.minimax.games import lower_bound
    >>> round(lipschitz_constant(lower_bound(4.0, -3.0).operator, (-1.0, 1.0)), 12)
    5.0
    """
    return certified_extremes.greatest_slope(V, *box)


_SIGMA = -0.99 / 2
_points = numpy_array("... p")
_steps = integer(0)
_projection = optional(field)


@domain(V=field, z0=_points, gamma=positive, alpha=positive, num_steps=_steps, project=_projection)
def ceg_plus(V: Field, z0: Array, gamma: float, alpha: float, num_steps: int, project: Field | None = None) -> Run:
    r"""Constrained extragradient+ (CEG+) with a constant relaxation.

    .. math:: \bar z_k = Q(H z_k), \quad d_k = H \bar z_k - H z_k, \quad z_{k+1} = z_k + \alpha d_k, \qquad
              H = \mathrm{id} - \gamma V

    Without constraint, for γ ≤ 1/L and α < 1 + 2ρ/γ,

    .. math:: \min_{k < K} \|V(\bar z_k)\|^2 \le \frac{\|z_0 - z^*\|^2}{K \alpha \gamma^2 (1 - \alpha + 2\rho/\gamma)}

    Parameters
    ----------
    V, z0, gamma, num_steps, project
        As in all methods.
    alpha : float
        Relaxation, > 0; 1 is CEG, and γ = 1/L with α = 1/2 is EG+.

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick, Latafat, Patrinos, Fercoq & Cevher 2022, Algorithm 1.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> ceg_plus(bilinear().operator, [1.0, 2.0], 0.5, 0.5, 1).z
    array([[1.   , 2.   ],
           [0.375, 2.   ]])
    """
    return run(V, z0, gamma, num_steps, project, constant_relaxation, alpha)


@domain(V=field, z0=_points, gamma=positive, num_steps=_steps, project=_projection, sigma=optional(number("")))
def adaptive_eg_plus(
    V: Field, z0: Array, gamma: float, num_steps: int, project: Field | None = None, sigma: float | None = None
) -> Run:
    r"""AdaptiveEG+: in every step the relaxation that ρ ≥ σ allows at this point.

    .. math:: z_{k+1} = z_k + \alpha_k d_k, \qquad
              \alpha_k = \frac{\sigma}{\gamma} + \frac{\langle \bar z_k - z_k, d_k \rangle}{\|d_k\|^2}

    with z̄ and d as in `ceg_plus`; where d = 0 the state stays.

    Parameters
    ----------
    V, z0, gamma, num_steps, project
        As in all methods.
    sigma : float, optional
        The number σ; None is −0.99 γ/2.

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick et al. 2022, Algorithm 1.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> adaptive_eg_plus(bilinear().operator, [1.0, 2.0], 0.5, 1, sigma=0.0).z
    array([[1., 2.],
           [0., 2.]])
    """
    return run(V, z0, gamma, num_steps, project, adaptive_relaxation, _SIGMA if sigma is None else sigma / gamma)


@domain(
    V=field,
    z0=_points,
    num_steps=_steps,
    nu=number("> 0 and < 1"),
    tau=number("> 0 and < 1"),
    start=one_of("norm", "sigma_min"),
    project=_projection,
)
def curvature_eg_plus(
    V: Field,
    z0: Array,
    num_steps: int,
    nu: float = 0.99,
    tau: float = 0.5,
    start: str = "norm",
    project: Field | None = None,
) -> Run:
    r"""CurvatureEG+: AdaptiveEG+ with σ = −0.99 γ/2 and in every step its own γ, by a line search from the curvature.

    The search starts at :math:`\gamma = \nu / \|JV(z)\|_2` and shrinks :math:`\gamma \leftarrow \tau\gamma` while

    .. math:: \gamma \|V(Gz) - V(z)\| > \nu \|Gz - z\|, \qquad Gz = Q(z - \gamma V(z))

    Parameters
    ----------
    V : callable
        Field of the game; arithmetic that takes complex numbers, or ``autograd.numpy``, for its exact Jacobian.
    z0, num_steps, project
        As in all methods.
    nu, tau : float
        Safety ν and shrinking τ of the line search, in (0, 1).
    start : {"norm", "sigma_min"}
        Where the search starts: at ν over the largest or the smallest singular value of JV(z).

    Raises
    ------
    ValueError
        When the line search cannot stop.

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick et al. 2022, Algorithm 2.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> curvature_eg_plus(bilinear().operator, [1.0, 2.0], 1, nu=0.5).z
    array([[1.     , 2.     ],
           [0.61875, 2.     ]])
    """
    return curvature_run(V, z0, num_steps, nu, tau, start, project, _SIGMA)


@domain(V_hat=field, z0=_points, gamma=positive, alphas=positive_array("n"), rng=generator, project=_projection)
def bc_seg_plus(
    V_hat: Callable, z0: Array, gamma: float, alphas: Array, rng: np.random.Generator, project: Field | None = None
) -> StochasticRun:
    r"""Bias-corrected stochastic extragradient+ (BC-SEG+): γ stays, no batch grows, and still the noise averages out.

    .. math::
        h_k &= z_k - \gamma \hat V(z_k, \xi_k)
               + (1 - \alpha_k) [h_{k-1} - z_{k-1} + \gamma \hat V(z_{k-1}, \xi_k)], \qquad \bar z_k = Q(h_k), \\
        z_{k+1} &= z_k - \alpha_k [h_k - \bar z_k + \gamma \hat V(\bar z_k, \xi'_k)]

    The sample ξ is used twice, ξ' is fresh, and h₀ has no correction. Without noise h = Hz: it is `ceg_plus`.

    Parameters
    ----------
    V_hat : callable
        V̂(z, ξ), of mean V(z) over ξ standard normal of the shape of z.
    z0, gamma, project
        As in all methods.
    alphas : (num_steps,) array
        Step sizes α_k > 0, decreasing for convergence.
    rng : numpy.random.Generator
        Draws ξ, ξ' step by step.

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick, Fercoq, Latafat, Patrinos & Cevher 2023, Algorithms 1 and 2.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> V = bilinear().operator
    >>> bc_seg_plus(lambda z, xi: V(z), [1.0, 2.0], 0.5, [0.5], np.random.default_rng(0)).z
    array([[1.   , 2.   ],
           [0.375, 2.   ]])
    """
    return bias_corrected_run(V_hat, z0, gamma, alphas, rng, project)
