"""The 25 Gaussians on which GANs are tried: samples, and how much of the mixture other samples cover."""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, generator, integer

CENTRES = np.array([[2 * i, 2 * j] for i in range(-2, 3) for j in range(-2, 3)]) / 2.828
STD = 0.05 / 2.828

_plane = array("n 2")


@domain(n=integer(1), rng=generator)
def sample_gaussians(n: int, rng: np.random.Generator) -> Array:
    r"""Samples of the 25 Gaussians.

    .. math:: a \sim \frac{1}{25} \sum_{i, j = -2}^{2} N\Big(\frac{(2i, 2j)}{2.828}, \frac{0.05^2}{2.828^2} I\Big)

    Parameters
    ----------
    n : int
        Number of samples, ≥ 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (n, 2) array

    References
    ----------
    Slide "Application to 25 Gaussians: Algorithms matter"; Hsieh, Liu & Cevher 2019.
    """
    return CENTRES[rng.integers(len(CENTRES), size=n)] + STD * rng.standard_normal((n, 2))


@domain(samples=_plane)
def mode_counts(samples: Array) -> Array:
    r"""Number of high-quality samples (within 4 standard deviations of a centre) at each of the 25 centres.

    Parameters
    ----------
    samples : (n, 2) array
        Points.

    Returns
    -------
    (25,) integer array

    References
    ----------
    Slide "Application to 25 Gaussians: Algorithms matter".

    Examples
    --------
    >>> mode_counts([[0.0, 0.0], [0.01, 0.0], [0.2, 0.2]])[12]
    np.int64(2)
    """
    distance = np.hypot(*np.moveaxis(samples[:, None] - CENTRES, -1, 0))
    return np.count_nonzero(distance <= 4 * STD, axis=0)


class Quality(NamedTuple):
    """Modes covered (of 25), and the share of high-quality samples."""

    modes: int
    share: float


@domain(samples=_plane, least=integer(1))
def quality(samples: Array, least: int = 1) -> Quality:
    r"""Modes covered by samples, and the share of the samples that lie within 4 standard deviations of a centre.

    Parameters
    ----------
    samples : (n, 2) array
        Points.
    least : int
        High-quality samples that a centre needs to count as covered, ≥ 1.

    Returns
    -------
    Quality

    References
    ----------
    Slide "Application to 25 Gaussians: Algorithms matter".

    Examples
    --------
    >>> quality([[0.0, 0.0], [0.01, 0.0], [0.2, 0.2], [9.0, 9.0]])
    Quality(modes=1, share=0.5)
    """
    counts = bare(mode_counts)(samples)
    return Quality(int((counts >= least).sum()), float(counts.sum() / len(samples)))
