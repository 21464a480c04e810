r"""The parameters of a score network as one vector, and as a plain file."""

import io
import zipfile
from pathlib import Path

import numpy as np

from refimpl.arrays import Array
from refimpl.diffusion.network import ScoreNetwork, score_network
from refimpl.domains import array, bare, domain
from refimpl.files import path_domain, write_whole
from refimpl.layers import flatten, sizes_of, unflatten


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
        with np.load(io.BytesIO(path.read_bytes())) as stored:
            found, x = str(stored["architecture"]), stored["x"].astype(float)
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError) as error:
        raise ValueError(f"path must be a checkpoint, whole, got {path} ({error})") from None
    if found != _architecture(h):
        raise ValueError(f"path must hold a network {_architecture(h)}, got {found} in {path}")
    return with_parameters(h, x)


def _architecture(h: ScoreNetwork) -> str:
    """All but the parameters, in words."""
    sizes = "-".join(map(str, sizes_of(h.F.layers)))
    return f"{sizes} {h.F.activation.name} {h.sde.name}, {h.frequencies} frequencies, {h.classes} classes"
