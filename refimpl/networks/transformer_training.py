"""Training the small transformer on text that ships with Python, in a parameterisation (a, b, c), by SGD or Adam."""

import codecs
import functools
import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import bare, domain, generator, integer, nonnegative
from refimpl.files.checkpoints import leaves, rebuild
from refimpl.networks.mup import ABC, Scaling, abc_domain, at_width
from refimpl.networks.mup_training import descend, parameters, start
from refimpl.networks.mup_transfer import Training, training_domain
from refimpl.networks.transformer import Block, Transformer, transformer_gradient
from refimpl.parallel.threads import one_thread_each, operations

LENGTH, HEADS, DEPTH = 16, 4, 1
ALPHABET = " abcdefghijklmnopqrstuvwxyz"
_MODULES = ("argparse", "decimal", "difflib", "doctest", "heapq", "random", "statistics", "textwrap", "typing")
_gradient, _descend, _start, _parameters = bare(transformer_gradient), bare(descend), bare(start), bare(parameters)


@functools.cache
def text() -> np.ndarray:
    """The Zen of Python and docstrings of the standard library, as numbers of letters (0 for all that lies between)."""
    spec = importlib.util.find_spec("this")
    zen = str(codecs.encode(Path(spec.origin).read_text("utf-8"), "rot13"))  # type: ignore[union-attr, arg-type]
    documents = [importlib.import_module(name).__doc__ or "" for name in _MODULES]
    letters = re.sub("[^a-z]+", " ", " ".join([zen, *documents]).lower())
    return np.array([ALPHABET.index(letter) for letter in letters])


@domain(abc=abc_domain, m=integer(1), rng=generator, base=integer(1))
def random_transformer(abc: ABC, m: int, rng: np.random.Generator, base: int = 1) -> Transformer:
    """Trainable weights at the start, with the deviations of `refimpl.networks.mup.at_width`.

    Embeddings are the parameterisation's first layer, the readout its last, and all else is hidden.

    Parameters
    ----------
    abc : ABC
        Exponents of three layers, L = 2.
    m : int
        Width, ≥ 1.
    rng : numpy.random.Generator
        Source of the weights.
    base : int
        Base width, ≥ 1.

    Returns
    -------
    Transformer
    """
    v, shapes = len(ALPHABET), [(m, m)] * 4 + [(2 * m, m), (m, 2 * m)]
    blocks = tuple(Block(*map(rng.standard_normal, shapes)) for _ in range(DEPTH))
    tokens, positions, readout = (rng.standard_normal((n, m)) for n in (v, LENGTH, v))
    h = Transformer(tokens, positions, blocks, readout)
    return _times(h, transformer_scaling(abc, m, base).deviation)


@domain(abc=abc_domain, m=integer(1), base=integer(1))
def transformer_scaling(abc: ABC, m: int, base: int = 1) -> Scaling:
    """Multipliers, deviations and rates of the transformer's matrices, in the order of its fields.

    Parameters
    ----------
    abc : ABC
        Exponents of three layers, L = 2.
    m, base : int
        Width and base width, ≥ 1.

    Returns
    -------
    Scaling
    """
    if len(abc.a) != 3:
        raise ValueError(f"abc must have 3 layers (embeddings, hidden, readout), got {len(abc.a)}")
    kinds = np.array([0, 0, *[1] * (len(Block._fields) * DEPTH), 2])
    return Scaling(*(part[kinds] for part in at_width(abc, m, base)))


@domain(training=training_domain, attention=nonnegative)
def transformer_losses(training: Training, attention: float) -> Array:
    r"""Losses of the batches, each before its step. Once one is not finite, it and all later ones are infinity.

    .. math:: s = d_0^{-1/2} (m / m_0)^{-\alpha}, \qquad d_0 = m_0 / \text{heads}

    Parameters
    ----------
    training : Training
        Its batches are random places of `text`; widths are multiples of the number of heads.
    attention : float
        Exponent α of the scale of attention: ½ in the standard parameterisation, 1 in μP.

    Returns
    -------
    (steps,) array

    References
    ----------
    Slide "μ-transfer: transferability and empirical results"; Yang et al. 2022, Definition 4.1 (attention by 1/d).
    """
    abc, m, base = training.abc, training.m, training.base
    if m % HEADS or base % HEADS:
        raise ValueError(f"training.m and training.base must be multiples of {HEADS}, got {m} and {base}")
    of_weights, of_batches = np.random.default_rng(training.seed).spawn(2)
    tree, scaling = random_transformer(abc, m, of_weights, base), transformer_scaling(abc, m, base)
    state, losses = _start(tuple(leaves(tree)), training.optimizer), np.full(training.steps, np.inf)
    s = (base / HEADS) ** -0.5 * (m / base) ** -attention
    limit = one_thread_each(operations(training.batch * LENGTH, leaves(tree)))
    with limit, np.errstate(over="ignore", invalid="ignore"):
        for t in range(training.steps):
            i = of_batches.integers(0, len(text()) - LENGTH, (training.batch, 1)) + np.arange(LENGTH)
            h = _times(rebuild(tree, list(_parameters(state))), scaling.multiplier)
            loss, gradient = _gradient(h, text()[i], text()[i + 1], HEADS, s)
            if not np.isfinite(loss):
                break
            losses[t] = loss
            state = _descend(scaling, state, tuple(leaves(gradient)), training.eta)
    return losses


def _times(h: Transformer, factors: Array) -> Any:
    return rebuild(h, [k * W for k, W in zip(factors, leaves(h), strict=True)])
