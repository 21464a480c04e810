"""Losses that a score is learnt from; all but the explicit one do without knowing it.

Traces and slices of the Jacobian are exact, by `differentiation.exact_jacobian`; the losses are means over the batch.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, field, positive
from refimpl.calculus.differentiation import exact_jacobian

_points = array("... p")


def _check_samples(name: str, value: Any, sizes: Sizes) -> Any:
    a = _points.check(name, value, sizes)
    if not isinstance(a, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, for the model's exact Jacobian, got {type(value).__name__}")
    return a


_samples = Domain(f"{_points.text}, of NumPy", _check_samples)


@domain(score=field, target_score=field, a=_points)
def explicit_loss(score: Field, target_score: Field, a: Array) -> Any:
    r"""What one would minimise if the score were known.

    .. math:: \tfrac12 E \|h(a) - \nabla \log \pi(a)\|^2

    Parameters
    ----------
    score : callable
        The model h, from (..., p) to (..., p).
    target_score : callable
        ∇log π, likewise.
    a : (..., p) array
        Samples of π.

    Returns
    -------
    float

    References
    ----------
    Slide "Hyvärinen's trick", approach.

    Examples
    --------
    >>> float(explicit_loss(lambda a: -2 * a, lambda a: -a, [[1.0], [3.0]]))
    2.5
    """
    return ((_values(score, a) - _values(target_score, a)) ** 2).sum(-1).mean() / 2


@domain(score=field, a=_samples)
def implicit_loss(score: Field, a: Array) -> float:
    r"""Hyvärinen's loss: the explicit one without the score, up to a constant.

    .. math:: E \big[ \tfrac12 \|h(a)\|^2 + \operatorname{tr} \nabla h(a) \big]
              = \tfrac12 E \|h(a) - \nabla \log \pi(a)\|^2 - \tfrac12 E \|\nabla \log \pi(a)\|^2

    The two sides agree when πh vanishes at the boundary.

    Parameters
    ----------
    score : callable
        The model h, from (..., p) to (..., p); its Jacobian is exact: by automatic differentiation where h is written
        in autograd.numpy, else by a complex step.
    a : (..., p) array
        Samples of π.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        When h can be differentiated neither way.

    References
    ----------
    Slide "Hyvärinen's trick", (5) as its right-hand side has it; Hyvärinen 2005.

    Examples
    --------
    >>> implicit_loss(lambda a: -a, [[1.0, 0.0], [0.0, 3.0]])  # (½ + 4½)/2 − 2
    0.5
    """
    h, J = _values(score, a), exact_jacobian(score, a)(a)
    return float(((h**2).sum(-1) / 2 + np.trace(J, axis1=-2, axis2=-1)).mean())


@domain(score=field, a=_samples, v=_samples)
def sliced_loss(score: Field, a: Array, v: Array) -> float:
    r"""Sliced score matching: the implicit loss along random directions, which needs one derivative, not p.

    .. math:: E \big[ v^\top \nabla h(a) \, v + \tfrac12 (v^\top h(a))^2 \big]

    In expectation it equals the implicit loss iff :math:`E[v v^\top] = I`; unit vectors divide it by p.

    Parameters
    ----------
    score : callable
        The model h, as in `implicit_loss`.
    a : (..., p) array
        Samples of π.
    v : (..., p) array
        Directions, independent of a; several for each sample along further leading axes.

    Returns
    -------
    float

    References
    ----------
    Slide "Hyvärinen's trick", remarks; Song, Garg, Shi & Ermon 2019, (7).

    Examples
    --------
    >>> sliced_loss(lambda a: -a, [[1.0, 0.0], [0.0, 3.0]], [[1.0, 1.0], [1.0, -1.0]])  # −2 + (½ + 4½)/2
    0.5
    """
    a, v = _together(a, v, "v")
    along = (v * _values(score, a)).sum(-1)
    return float((_curvature(score, a, v) + along**2 / 2).mean())


@domain(score=field, a=_samples, v=_samples)
def variance_reduced_sliced_loss(score: Field, a: Array, v: Array) -> float:
    r"""Sliced score matching with E(vᵀh)² = ‖h‖² put in: less noise from the directions.

    .. math:: E \big[ v^\top \nabla h(a) \, v + \tfrac12 \|h(a)\|^2 \big]

    Only :math:`E[v v^\top] = I` will do: with unit vectors the minimiser is :math:`\nabla \log \pi / p`.

    Parameters
    ----------
    score, a, v
        As for `sliced_loss`.

    Returns
    -------
    float

    References
    ----------
    Slide "Hyvärinen's trick", remarks; Song, Garg, Shi & Ermon 2019, (8).

    Examples
    --------
    >>> variance_reduced_sliced_loss(lambda a: -a, [[1.0, 0.0], [0.0, 3.0]], [[1.0, 1.0], [1.0, -1.0]])
    0.5
    """
    a, v = _together(a, v, "v")
    squares = (_values(score, a) ** 2).sum(-1)
    return float((_curvature(score, a, v) + squares / 2).mean())


@domain(score=field, a=_points, z=_points, sigma=positive)
def denoising_loss(score: Field, a: Any, z: Any, sigma: float) -> Any:
    r"""Denoising score matching: guess the noise from the noisy sample.

    .. math:: \tfrac12 E \big\| h(a + \sigma z) + z / \sigma \big\|^2
              = \tfrac12 E \|h(a_\sigma) - \nabla \log \pi_\sigma(a_\sigma)\|^2 + \text{constant}

    It is least at the score of the noisy law, and not 0 there: on N(0, vI) it is
    :math:`\tfrac{p}{2} \big(\tfrac{1}{\sigma^2} - \tfrac{1}{v + \sigma^2}\big)`.

    Parameters
    ----------
    score : callable
        The model h of ∇log π_σ, from (..., p) to (..., p).
    a : (..., p) array
        Samples of π.
    z : (..., p) array
        Noise, from N(0, I); several for each sample along further leading axes.
    sigma : float
        Standard deviation of the noise added, > 0.

    Returns
    -------
    float

    References
    ----------
    Slide "Hyvärinen's trick", remarks; Vincent 2011, (11).

    Examples
    --------
    A single sample at 0: its noisy score −a/σ² gives all the noise away.

    >>> float(denoising_loss(lambda a: -4 * a, [[0.0]], [[1.5]], 0.5))
    0.0
    """
    a, z = _together(a, z, "z")
    return ((_values(score, a + sigma * z) + z / sigma) ** 2).sum(-1).mean() / 2


def _values(score: Field, a: Any) -> Any:
    h = score(a)
    if isinstance(h, np.ndarray) and not np.isfinite(h).all():
        raise ValueError(f"score must return finite values, got {h[~np.isfinite(h)][0]}")
    return h


def _curvature(score: Field, a: Array, v: Array) -> Array:
    """vᵀ∇h(a)v: how vᵀh(a + tv) changes with t at t = 0."""
    t, score = np.zeros((*a.shape[:-1], 1)), bare(score)
    return exact_jacobian(lambda t: (v * score(a + t * v)).sum(-1, keepdims=True), t)(t)[..., 0, 0]


def _together(a: Any, other: Any, name: str) -> tuple[Any, Any]:
    """Both arrays in their common shape."""
    if not (isinstance(a, np.ndarray) and isinstance(other, np.ndarray)):
        return a, other
    try:
        return tuple(np.broadcast_arrays(a, other))  # type: ignore[return-value]
    except ValueError:
        raise ValueError(
            f"{name} must have the shape of a, {a.shape}, or more leading axes, got {other.shape}"
        ) from None
