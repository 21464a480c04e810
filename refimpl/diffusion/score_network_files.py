r"""The parameters of a score network as one vector, and as a plain file."""

import io
from pathlib import Path

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain
from refimpl.backpropagation.layers import flatten, sizes_of, unflatten
from refimpl.diffusion.score_network import ScoreNetwork, score_network
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain, write_whole


@domain(h=score_network)
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


@domain(h=score_network, x=array("d"))
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


@domain(path=path_domain, h=score_network)
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


@domain(path=path_domain, h=score_network)
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
    try:
        stored = checkpoints.read(path)
        found, x = str(stored["architecture"]), stored["x"].astype(float)
        if found == _architecture(h):
            return with_parameters(h, x)
    except (KeyError, ValueError) as error:
        raise ValueError(f"path must be a checkpoint, whole, got {path} ({error})") from None
    raise ValueError(f"path must hold a network {_architecture(h)}, got {found} in {path}")


def _architecture(h: ScoreNetwork) -> str:
    """All but the parameters, in words: the process by its kernel half way too."""
    sizes, (scale, std) = "-".join(map(str, sizes_of(h.F.layers))), h.sde.kernel(0.5)
    process = f"{h.sde.name} with scale {scale:.4g} and std {std:.4g} at t = 1/2"
    return f"{sizes} {h.F.activation.name}, {h.frequencies} frequencies, {h.classes} classes, {process}"
