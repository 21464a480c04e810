"""Samples by a score network: blocks of points that stay in a core's cache, on all cores."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Score, keep_freed_memory
from refimpl.arguments.domains import bare, domain, generator, integer, number, optional
from refimpl.diffusion.guidance import classifier_free_score
from refimpl.diffusion.sampler import sample
from refimpl.diffusion.score_network import ScoreNetwork, labels, network_domain, score
from refimpl.diffusion.sde import unchecked
from refimpl.loops.generators import children
from refimpl.parallel.threads import operations, spread

BLOCK = 1024
"""Points that run together."""


@domain(
    h=network_domain,
    n=integer(1),
    num_steps=integer(1),
    rng=generator,
    y=optional(labels),
    w=number(""),
    t_end=number("> 0 and < 1"),
    threads=optional(integer(1)),
)
def sample_network(
    h: ScoreNetwork,
    n: int,
    num_steps: int,
    rng: np.random.Generator,
    y: Any = None,
    w: float = 0.0,
    t_end: float = 1e-3,
    threads: int | None = None,
) -> Array:
    r"""Samples by the reverse SDE with the score of a network, guided where there are labels.

    .. math:: (1 + w) \, h_x(a, t, y) - w \, h_x(a, t)

    Parameters
    ----------
    h : ScoreNetwork
        The network.
    n : int
        Number of samples, ≥ 1.
    num_steps : int
        Number of equal time steps, ≥ 1.
    rng : numpy.random.Generator
        Seeds a stream for each block of samples, so that they are the same for any number of threads.
    y : integer or (n,) array of integers, optional
        Labels to condition on.
    w : float
        Strength of the guidance; 0 is none.
    t_end : float
        Where to stop, > 0 and < 1.
    threads : int, optional
        Number of threads, by default one for each core, see `refimpl.parallel.threads.spread`.

    Returns
    -------
    (n, p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one of its block that was.

    References
    ----------
    Slides "Reverse diffusion", "Joint training of the score network"; Ho & Salimans 2022, Algorithm 2.

    Examples
    --------
    A network before training has the score of N(0, I).

    >>> from refimpl.diffusion.score_network import random_score_network
    >>> from refimpl.diffusion.sde import vp
    >>> rng = np.random.default_rng(0)
    >>> a = sample_network(random_score_network(vp(), [2, 4], rng), 1000, 50, rng)
    >>> a.shape, bool(abs(a.std() - 1) < 0.1)
    ((1000, 2), True)
    """
    if y is None and w:
        raise ValueError(f"y must be given where w is not 0, got w = {w:g}")
    try:
        y = np.broadcast_to(-1 if y is None else y, n)
    except ValueError:
        raise ValueError(f"y must be one label or {n}, one for each sample, got shape {y.shape}") from None
    keep_freed_memory()
    h = h._replace(sde=unchecked(h.sde))
    blocks = [slice(i, min(i + BLOCK, n)) for i in range(0, n, BLOCK)]

    def run(block: slice, stream: np.random.Generator) -> Array:
        shape = block.stop - block.start, len(h.F.layers[-1].b)
        return bare(sample)(h.sde, _guided(h, y[block], w), shape, num_steps, stream, t_end)

    with spread(operations(BLOCK, [layer.W for layer in h.F.layers]), threads) as spread_over:
        return np.concatenate(list(spread_over(run, blocks, children(rng, len(blocks)))))


def _guided(h: ScoreNetwork, y: Any, w: float) -> Score:
    def conditional(a: Array, t: float) -> Array:
        return bare(score)(h, a, t, y)

    def unconditional(a: Array, t: float) -> Array:
        return bare(score)(h, a, t)

    return classifier_free_score(conditional, unconditional, w) if w else conditional
