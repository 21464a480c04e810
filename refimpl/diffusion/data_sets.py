"""Data that score networks learn: two half moons, and the digits in coordinates of their principal components."""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, generator, integer, nonnegative
from refimpl.data import digits

HELD_OUT = 5
"""Every fifth digit is held out: digits are sorted by label, so that each label keeps its share."""


class Labelled(NamedTuple):
    """Points (n, p) and their labels (n,)."""

    points: Array
    labels: np.ndarray


class Whitening(NamedTuple):
    """Mean (d,) of images, their first principal components (k, d), and standard deviations along them (k,)."""

    mean: Array
    components: Array
    deviations: Array


def _check_whitening(name: str, value: Any, sizes: Sizes) -> Whitening:
    if not isinstance(value, Whitening):
        raise TypeError(f"{name} must be a Whitening, got {type(value).__name__}")
    parts = {"mean": array("d"), "components": array("k d"), "deviations": positive_array("k")}
    checked = {part: kind.check(f"{name}.{part}", getattr(value, part), sizes) for part, kind in parts.items()}
    return Whitening(**checked)


_whitening = Domain("Whitening", _check_whitening)


@domain(n=integer(1), rng=generator, noise=nonnegative)
def two_moons(n: int, rng: np.random.Generator, noise: float = 0.1) -> Labelled:
    r"""Samples of two half circles that reach into one another, under noise; the label is the moon.

    .. math:: (\cos \theta - \tfrac12, \sin \theta - \tfrac14) \text{ or }
              (\tfrac12 - \cos \theta, \tfrac14 - \sin \theta), \qquad \theta \sim \text{Unif}[0, \pi]

    Parameters
    ----------
    n : int
        Number of samples, ≥ 1.
    rng : numpy.random.Generator
        Source of randomness.
    noise : float
        Standard deviation of the noise, ≥ 0.

    Returns
    -------
    Labelled

    Examples
    --------
    >>> moons = two_moons(1000, np.random.default_rng(0), noise=0.0)
    >>> bool(np.allclose(np.hypot(*(moons.points[moons.labels == 0] + [0.5, 0.25]).T), 1))
    True
    """
    theta, y = rng.uniform(0, np.pi, n), rng.integers(2, size=n)
    arc = np.stack([np.cos(theta) - 0.5, np.sin(theta) - 0.25], axis=-1)
    return Labelled((1 - 2 * y)[:, None] * arc + noise * rng.standard_normal((n, 2)), y)


@domain(images=array("n d"), k=integer(1))
def whitening(images: Array, k: int) -> Whitening:
    r"""The affine map to the first k principal components, each in units of its standard deviation.

    Parameters
    ----------
    images : (n, d) array
        Images, flattened.
    k : int
        Number of components, ≥ 1, at most the number of directions in which the images differ.

    Returns
    -------
    Whitening
        The largest entry of each component is positive.

    Examples
    --------
    >>> w = whitening([[0.0, 1.0], [0.0, 3.0], [0.0, 5.0]], 1)
    >>> w.mean, w.components, (w.deviations**2).round(12)
    (array([0., 3.]), array([[0., 1.]]), array([2.66666667]))
    """
    mean = images.mean(axis=0)
    variances, vectors = np.linalg.eigh((images - mean).T @ (images - mean) / len(images))
    if (rank := int((variances > 1e-12 * variances[-1]).sum())) < k:
        raise ValueError(f"k must be <= {rank}, the number of directions in which the images differ, got {k}")
    components = vectors.T[::-1][:k]
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    return Whitening(mean, components * np.sign(largest), np.sqrt(variances[::-1][:k]))


@domain(w=_whitening, images=array("... d"))
def to_coordinates(w: Whitening, images: Array) -> Array:
    r"""Coordinates of images: along each component, in its standard deviations from the mean.

    Parameters
    ----------
    w : Whitening
        The map.
    images : (..., d) array
        Images of as many pixels.

    Returns
    -------
    (..., k) array

    Examples
    --------
    >>> to_coordinates(Whitening(np.array([0.0, 3.0]), np.array([[0.0, 1.0]]), np.array([2.0])), [7.0, 7.0])
    array([2.])
    """
    return (images - w.mean) @ w.components.T / w.deviations


@domain(w=_whitening, a=array("... k"))
def to_images(w: Whitening, a: Array) -> Array:
    r"""Images of coordinates: `to_coordinates` undone, but for what the components leave out.

    Parameters
    ----------
    w : Whitening
        The map.
    a : (..., k) array
        Coordinates.

    Returns
    -------
    (..., d) array

    Examples
    --------
    >>> to_images(Whitening(np.array([0.0, 3.0]), np.array([[0.0, 1.0]]), np.array([2.0])), [2.0])
    array([0., 7.])
    """
    return w.mean + (a * w.deviations) @ w.components


def digit_sets() -> tuple[Labelled, Labelled]:
    """The digits to learn from (8000) and those held out (2000).

    Returns
    -------
    Labelled, Labelled
        Images (n, 784) with pixels in [0, 1] and labels.
    """
    images, labels = digits.load()
    held = np.arange(len(labels)) % HELD_OUT == 0
    return Labelled(images[~held], labels[~held]), Labelled(images[held], labels[held])
