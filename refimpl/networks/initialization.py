r"""Initialisations of deep ReLU networks: the scales of the lecture's table, and weights drawn from them.

A network of L layers, width m and inputs of size p has weights X₁ (m, p), X_l (m, m) for 1 < l < L and X_L (1, m), with
independent entries N(0, β₁²), N(0, β²) and N(0, β_L²); its output is divided by α.
"""

import itertools
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, bare, domain, generator, integer, one_of, optional, positive

NAMES = ("lecun", "he", "ntk", "xavier", "mean_field", "e")


class Scales(NamedTuple):
    """Standard deviations β₁, β, β_L of the first, the middle and the last weights, and the divisor α of the output."""

    beta_1: float
    beta: float
    beta_L: float
    alpha: float


def _check_scales(name: str, value: Any, sizes: Sizes) -> Scales:
    if not isinstance(value, tuple) or len(value) != len(Scales._fields):
        raise TypeError(f"{name} must be Scales (beta_1, beta, beta_L, alpha), got {value!r}")
    pairs = zip(Scales._fields, value, strict=True)
    return Scales(*(positive.check(f"{name}'s {field}", number, sizes) for field, number in pairs))


scales_of_a_network = Domain("Scales, all > 0", _check_scales)


@domain(name=one_of(*NAMES), p=integer(1), m=integer(1), beta_c=optional(positive))
def scales(name: str, p: int, m: int, beta_c: float | None = None) -> Scales:
    r"""Scales of one of the six usual initialisations.

    .. math::
        \begin{array}{lcccc}
                            & \beta_1^2   & \beta^2 & \beta_L^2   & \alpha \\
        \text{lecun}        & 1/p         & 1/m     & 1/m         & 1 \\
        \text{he}           & 2/p         & 2/m     & 2/m         & 1 \\
        \text{ntk}          & 2/m         & 2/m     & 1           & 1 \\
        \text{xavier}       & 2/(m + p)   & 1/m     & 2/(m + 1)   & 1 \\
        \text{mean\_field}  & 1           & 1       & 1           & m \\
        \text{e}            & 1           & 1       & \beta_c^2   & 1
        \end{array}

    Parameters
    ----------
    name : str
        ``"lecun"``, ``"he"``, ``"ntk"``, ``"xavier"``, ``"mean_field"``, or ``"e"`` (that of E, Ma & Wu).
    p, m : int
        Size of the inputs and width, ≥ 1.
    beta_c : float, optional
        Standard deviation β_c of the last weights, > 0. Only ``"e"`` looks at it, and needs it.

    Returns
    -------
    Scales
        Standard deviations (not variances) and α.

    Raises
    ------
    ValueError
        The name is none of the six, or ``"e"`` comes without β_c.

    References
    ----------
    Slide "Robustness in deep learning: initialization in deep ReLU NNs", table.

    Examples
    --------
    >>> scales("lecun", p=4, m=16)
    Scales(beta_1=0.5, beta=0.25, beta_L=0.25, alpha=1.0)
    """
    if name == "e" and beta_c is None:
        raise ValueError("beta_c must be a number > 0 for 'e', got None")
    variances = {
        "lecun": (1 / p, 1 / m, 1 / m),
        "he": (2 / p, 2 / m, 2 / m),
        "ntk": (2 / m, 2 / m, 1.0),
        "xavier": (2 / (m + p), 1 / m, 2 / (m + 1)),
    }
    if name == "mean_field":
        return Scales(1.0, 1.0, 1.0, alpha=float(m))
    if beta_c is not None and name == "e":
        return Scales(1.0, 1.0, beta_c, alpha=1.0)
    beta_1, beta, beta_L = np.sqrt(variances[name]).tolist()
    return Scales(beta_1, beta, beta_L, alpha=1.0)


@domain(scales=scales_of_a_network, L=integer(2))
def layer_scales(scales: Scales, L: int) -> list[float]:
    r"""Standard deviations of the weights, layer by layer.

    .. math:: \beta_1, \; \beta, \ldots, \beta, \; \beta_L

    Parameters
    ----------
    scales : Scales
        Standard deviations; α is not used.
    L : int
        Number of layers, ≥ 2.

    Returns
    -------
    list of L floats

    Examples
    --------
    >>> layer_scales(Scales(1.0, 2.0, 3.0, 4.0), 5)
    [1.0, 2.0, 2.0, 2.0, 3.0]
    """
    return [scales.beta_1, *[scales.beta] * (L - 2), scales.beta_L]


@domain(
    scales=scales_of_a_network,
    p=integer(1),
    m=integer(1),
    L=integer(2),
    rng=generator,
    num_networks=optional(integer(1)),
)
def sample_weights(
    scales: Scales, p: int, m: int, L: int, rng: np.random.Generator, num_networks: int | None = None
) -> list[Array]:
    r"""Weights of a network at initialisation, or of several networks.

    .. math:: (X_1)_{ij} \sim N(0, \beta_1^2), \qquad (X_l)_{ij} \sim N(0, \beta^2), \qquad
              (X_L)_{ij} \sim N(0, \beta_L^2)

    Parameters
    ----------
    scales : Scales
        Standard deviations; α is not used.
    p, m, L : int
        Size of the inputs, width, ≥ 1, and number of layers, ≥ 2.
    rng : numpy.random.Generator
        Source of the weights.
    num_networks : int, optional
        When given, each array holds the weights of so many independent networks on its first axis.

    Returns
    -------
    list of L arrays
        (m, p), then (m, m), then (1, m); or (num_networks, m, p), ….

    References
    ----------
    Slide "Robustness in deep learning: impact of the NN architecture".

    Examples
    --------
    >>> weights = sample_weights(scales("he", 5, 7), 5, 7, 3, np.random.default_rng(0))
    >>> [X.shape for X in weights]
    [(7, 5), (7, 7), (1, 7)]
    """
    shapes = itertools.pairwise([p, *[m] * (L - 1), 1])
    leading = () if num_networks is None else (num_networks,)
    betas = bare(layer_scales)(scales, L)
    return [beta * rng.standard_normal((*leading, n, k)) for beta, (k, n) in zip(betas, shapes, strict=True)]
