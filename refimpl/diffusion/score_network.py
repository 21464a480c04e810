r"""The score network h_x(a, t): a multilayer perceptron with features of the time and an embedding of the label.

It is the score of noised N(0, I) data plus what the perceptron F adds. F reads the point, features of the time and the
unit vector of the label, so that columns of its first weights are the labels' embeddings; a label of −1 is none. Its
parameters x can be had as one vector, and as a plain file.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.array_domains import integers, positive_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, generator, integer, optional, same_size
from refimpl.backpropagation import layers, mlp
from refimpl.backpropagation.activations import Activation, silu
from refimpl.backpropagation.layers import Layer, Network, flatten, random_layers, sizes_of, unflatten
from refimpl.diffusion.sde import SDE, point_times, process
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain, write_whole


class ScoreNetwork(NamedTuple):
    """The perceptron F, the SDE whose scores it learns, the number of frequencies of time and that of classes."""

    F: Network
    sde: SDE
    frequencies: int = 0
    classes: int = 0


def _check_score_network(name: str, value: Any, sizes: Sizes) -> ScoreNetwork:
    if not isinstance(value, ScoreNetwork):
        raise TypeError(f"{name} must be a ScoreNetwork, got {type(value).__name__}")
    inner: Sizes = {}
    F = layers.network.check(f"{name}.F", value.F, inner)
    sde = process.check(f"{name}.sde", value.sde, {})
    extra = _extra(*(kind.check(f"{name}.{part}", getattr(value, part), {}) for part, kind in _numbers.items()))
    if inner["p"] != inner["m"] + extra:
        needed = f"{inner['m']} + {extra} inputs for its {inner['m']} outputs"
        raise ValueError(f"{name}.F must have {needed}, its features of time and labels, got {inner['p']}")
    same_size(name, "p", inner["m"], sizes)
    return value._replace(F=F, sde=sde)


network_domain = Domain("ScoreNetwork", _check_score_network)
labels = integers()
_points = array("... p")
_numbers = {"frequencies": integer(0), "classes": integer(0)}
_given = {"h": network_domain, "a": _points, "t": point_times, "y": optional(labels)}


@domain(sde=process, widths=layers.widths, rng=generator, **_numbers, activation=layers.activation)
def random_score_network(
    sde: SDE,
    widths: Sequence[int],
    rng: np.random.Generator,
    frequencies: int = 0,
    classes: int = 0,
    activation: Activation = silu,
) -> ScoreNetwork:
    r"""A score network before training: weights N(0, 1/inputs), and 0 in the last layer.

    Parameters
    ----------
    sde : SDE
        The forward process.
    widths : sequence of int
        Dimension p of the points, and sizes of the hidden layers.
    rng : numpy.random.Generator
        Source of the weights.
    frequencies, classes : int
        Numbers of frequencies of the time features and of classes, ≥ 0.
    activation : Activation
        That of the perceptron.

    Returns
    -------
    ScoreNetwork
        Its score is exactly that of noised N(0, I) data.

    Examples
    --------
    >>> from refimpl.diffusion.sde import vp
    >>> h = random_score_network(vp(), [2, 128, 128], np.random.default_rng(0))
    >>> sizes_of(h.F.layers), score(h, [[1.0, -2.0]], 0.5)
    ((3, 128, 128, 2), array([[-1.,  2.]]))
    """
    p, *hidden = widths
    *first, (W, b) = random_layers((p + _extra(frequencies, classes), *hidden, p), rng, gain=1.0)
    return ScoreNetwork(Network((*first, Layer(0 * W, b)), activation), sde, frequencies, classes)


@domain(t=point_times, frequencies=integer(0))
def time_features(t: Any, frequencies: int) -> Any:
    r"""What a network is told of the time.

    .. math:: \varphi(t) = \big(t, \cos(2^j \pi t), \sin(2^j \pi t)\big)_{j < k}

    Parameters
    ----------
    t : float or (..., 1) array
        Times, ≥ 0 and ≤ 1.
    frequencies : int
        Their number k, ≥ 0.

    Returns
    -------
    (2k + 1,) or (..., 2k + 1) array

    References
    ----------
    Slide "Joint training of the score network"; Tancik et al. 2020 (Fourier features).

    Examples
    --------
    >>> time_features(0.5, 1).round(12)
    array([0.5, 0. , 1. ])
    """
    t = t if np.ndim(t) else np.reshape(t, 1)
    angle = np.pi * t * 2.0 ** np.arange(frequencies)
    return np.concatenate([t, np.cos(angle), np.sin(angle)], axis=-1)


@domain(**_given)
def score(h: ScoreNetwork, a: Any, t: Any, y: Any = None) -> Any:
    r"""The score that the network gives.

    .. math:: h_x(a, t) = -\frac{a}{c^2} + \frac1r F_x\Big(\frac{a}{c}, \varphi(t), e_y\Big), \qquad
              c^2 = \text{scale}^2 + \text{std}^2, \quad r = \frac{c \, \text{std}}{\text{scale}}

    For data of variance 1 what F must learn has variance 1 at all times.

    Parameters
    ----------
    h : ScoreNetwork
        The network; F its perceptron.
    a : (..., p) array
        Points.
    t : float or (..., 1) array
        Times, > 0 and ≤ 1.
    y : integer or (...,) array of integers, optional
        Labels, 0..classes − 1; −1 for none.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Joint training of the score network"; Karras et al. 2022, Table 1 (EDM), for data of variance 1.

    Examples
    --------
    A network that is the constant 0.75, at a time when std = 0.6 and scale = 0.8.

    >>> from refimpl.backpropagation.activations import tanh
    >>> sde = SDE("fixed", lambda a, t: 0 * a, lambda t: 0.0, lambda t: (0.8, 0.6))
    >>> F = Network((Layer([[0.0, 0.0]], [0.75]),), tanh)
    >>> score(ScoreNetwork(F, sde), [3.0], 1.0)
    array([-2.])
    """
    inputs, c, r = bare(perceptron_inputs)(h, a, t, y)
    return bare(score_from_output)(a, bare(mlp.forward)(h.F, inputs), c, r)


@domain(a=_points, F=_points, c=positive_array("..."), r=positive_array("..."))
def score_from_output(a: Any, F: Any, c: Any, r: Any) -> Any:
    r"""The score at points a where the perceptron's output is F.

    .. math:: -\frac{a}{c^2} + \frac{F}{r}

    Parameters
    ----------
    a, F : (..., p) array
        Points, and outputs.
    c, r : float or (..., 1) array
        Numbers > 0 as from `perceptron_inputs`.

    Returns
    -------
    (..., p) array

    Examples
    --------
    >>> score_from_output([8.0], [3.0], 2.0, 0.5)
    array([4.])
    """
    return -a / c**2 + F / r


@domain(**_given)
def perceptron_inputs(h: ScoreNetwork, a: Any, t: Any, y: Any = None) -> tuple[Any, Any, Any]:
    r"""What the perceptron reads, with the two numbers c and r that its points and its outputs are divided by.

    .. math:: \Big(\frac{a}{c}, \varphi(t), e_y\Big), \qquad
              c = \sqrt{\text{scale}^2 + \text{std}^2}, \qquad r = \frac{c \, \text{std}}{\text{scale}}

    Parameters
    ----------
    h, a, t, y
        As for `score`.

    Returns
    -------
    (..., q) array, and c and r of the shape of t

    Raises
    ------
    ValueError
        When std = 0 at a time, as at t = 0; when a label is none of the classes.
    """
    features = _spread("t", bare(time_features)(t, h.frequencies), a.shape[:-1])
    scale, std = h.sde.kernel(t)
    if np.any(std == 0):
        raise ValueError(f"t must be a time with std > 0, got {np.ravel(t)[np.argmin(np.ravel(std))]:g}")
    c = np.sqrt(scale**2 + std**2)
    label = _spread("y", _one_hot(-1 if y is None else y, h.classes), a.shape[:-1])
    return np.concatenate([a / c, features, label], axis=-1), c, c * std / scale


@domain(y=labels, classes=integer(0))
def of_classes(y: Any, classes: int) -> Any:
    """Labels −1..classes − 1 as they are, or a ValueError."""
    y = np.asarray(y)
    if (outside := (y < -1) | (y >= classes)).any():
        raise ValueError(f"y must be >= -1 and < {classes}, the number of classes, got {y[outside].flat[0]}")
    return y


@domain(h=network_domain)
def parameters(h: ScoreNetwork) -> Array:
    """The parameters x of a score network as one vector.

    Parameters
    ----------
    h : ScoreNetwork
        The network.

    Returns
    -------
    (d,) array
    """
    return flatten(h.F.layers)


@domain(h=network_domain, x=array("d"))
def with_parameters(h: ScoreNetwork, x: Array) -> ScoreNetwork:
    """The score network with other parameters.

    Parameters
    ----------
    h : ScoreNetwork
        The network.
    x : (d,) array
        Parameters; its layers become views of it.

    Returns
    -------
    ScoreNetwork
    """
    return h._replace(F=h.F._replace(layers=bare(unflatten)(x, sizes_of(h.F.layers))))


@domain(path=path_domain, h=network_domain)
def save(path: Path, h: ScoreNetwork) -> None:
    """Write the parameters of a score network to a plain npz file, in single precision, whole or not at all.

    Parameters
    ----------
    path : path
        The file.
    h : ScoreNetwork
        The network.
    """
    content = io.BytesIO()
    np.savez(content, architecture=np.array(_architecture(h)), x=parameters(h).astype(np.float32))
    write_whole(path, content.getvalue())


@domain(path=path_domain, h=network_domain)
def load(path: Path, h: ScoreNetwork) -> ScoreNetwork:
    """The score network of a file.

    Parameters
    ----------
    path : path
        A file that `save` wrote.
    h : ScoreNetwork
        A network of the same architecture.

    Returns
    -------
    ScoreNetwork

    Raises
    ------
    ValueError
        When the file is damaged, or of another architecture.
    """
    d = len(parameters(h))
    try:
        found = str(checkpoints.read_entry(path, "architecture", np.str_, _LONGEST))
        if found == _architecture(h):
            return with_parameters(h, checkpoints.read_entry(path, "x", np.float32, 4 * d).astype(float))
    except ValueError as error:
        raise ValueError(f"path must be a checkpoint, whole, got {path} ({error})") from None
    raise ValueError(f"path must hold a network {_architecture(h)}, got {found} in {path}")


_LONGEST = 4096
"""Bytes of the words that name an architecture, at most."""


def _architecture(h: ScoreNetwork) -> str:
    """All but the parameters, in words: the process by its kernel half way too."""
    sizes, (scale, std) = "-".join(map(str, sizes_of(h.F.layers))), h.sde.kernel(0.5)
    process = f"{h.sde.name} with scale {scale:.4g} and std {std:.4g} at t = 1/2"
    return f"{sizes} {h.F.activation.name}, {h.frequencies} frequencies, {h.classes} classes, {process}"


def _extra(frequencies: int, classes: int) -> int:
    """Inputs of F besides the point."""
    return 1 + 2 * frequencies + classes


def _one_hot(y: Any, classes: int) -> Any:
    """The unit vectors (..., classes) of labels, and 0 for −1."""
    return 1.0 * (bare(of_classes)(y, classes)[..., None] == np.arange(classes))


def _spread(name: str, part: Any, shape: tuple[int, ...]) -> Any:
    """Features of a batch of points, of which one row may serve all."""
    if np.shape(part)[:-1] == shape:
        return part
    try:
        return np.broadcast_to(part, (*shape, part.shape[-1]))
    except ValueError:
        raise ValueError(f"{name} must be one, or one for each of the points {shape}, got {part.shape[:-1]}") from None
