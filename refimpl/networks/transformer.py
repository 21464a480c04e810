"""A small causal transformer, differentiated by hand.

A block is attention and a two-layer network, each behind a layer norm without gains and beside a skip connection.
Positions are learned. A linear readout follows a last layer norm. There are no biases. Each part returns its value and
its pullback, the function from the loss's gradient in that value to its gradients in what the part was given.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import integers
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, integer, positive
from refimpl.backpropagation.losses import cross_entropy

EPS = 1e-12
_cross_entropy = bare(cross_entropy)


class Block(NamedTuple):
    """Queries, keys, values and outputs of attention (m, m); the two layers (f, m), (m, f) of the network after it."""

    Q: Any
    K: Any
    V: Any
    O: Any
    W: Any
    Z: Any


class Transformer(NamedTuple):
    """Embeddings of tokens (v, m) and of positions (T, m), blocks, and readout (v, m); or gradients in them."""

    tokens: Any
    positions: Any
    blocks: tuple[Block, ...]
    readout: Any


def _check_transformer(name: str, value: Any, sizes: Sizes) -> Transformer:
    if not isinstance(value, Transformer):
        raise TypeError(f"{name} must be a Transformer, got {type(value).__name__}")
    if not (isinstance(value.blocks, tuple) and value.blocks and all(isinstance(one, Block) for one in value.blocks)):
        raise TypeError(f"{name}.blocks must be a tuple of Block, not empty, got {value.blocks!r:.40}")
    shapes = {"tokens": "v m", "positions": "T m", "readout": "v m"}
    parts = {
        field: array(dims).check(f"{name}.{field}", getattr(value, field), sizes) for field, dims in shapes.items()
    }
    dims = {"Q": "m m", "K": "m m", "V": "m m", "O": "m m", "W": "f m", "Z": "m f"}
    blocks = tuple(
        Block(*(array(dims[x]).check(f"{name}.blocks[{l}].{x}", getattr(block, x), sizes) for x in Block._fields))
        for l, block in enumerate(value.blocks)
    )
    return Transformer(parts["tokens"], parts["positions"], blocks, parts["readout"])


def _check_tokens(name: str, value: Any, sizes: Sizes) -> np.ndarray:
    t = integers().check(name, value, sizes)
    if t.ndim != 2 or t.size == 0 or t.shape[1] > sizes["T"]:
        raise ValueError(f"{name} must have shape (n, t), 0 < t <= {sizes['T']}, got {t.shape}")
    n, length = t.shape
    if t.min() < 0 or t.max() >= sizes["v"]:
        raise ValueError(f"{name} must be >= 0 and < {sizes['v']}, got {t.min()} to {t.max()}")
    if (n, length) != (sizes.setdefault("n", n), sizes.setdefault("t", length)):
        raise ValueError(f"{name} must have shape ({sizes['n']}, {sizes['t']}), got {t.shape}")
    return t


transformer_domain = Domain("Transformer", _check_transformer)
_tokens = Domain("integers (n, t), >= 0, less than the number of tokens", _check_tokens)
Pullback = Callable[[Array], Any]


@domain(h=transformer_domain, tokens=_tokens, targets=_tokens, heads=integer(1), scale=positive)
def transformer_gradient(
    h: Transformer, tokens: np.ndarray, targets: np.ndarray, heads: int, scale: float
) -> tuple[float, Transformer]:
    r"""Mean cross-entropy of the targets, and its gradient in all parameters.

    .. math:: x_0 = E_{\text{token}} + P_{\text{position}}, \qquad y = x + \text{attention}(\text{norm}(x)), \qquad
              x^+ = y + Z \, \text{relu}(W \, \text{norm}(y)), \qquad u = U \, \text{norm}(x_{\text{last}})

    .. math:: \text{norm}(x) = \frac{x - \text{mean}}{\sqrt{\text{variance} + 10^{-12}}}, \qquad
              \text{attention} = O \, \text{softmax}(s \, q k^\top) \, v \quad \text{over the past, head by head}

    Parameters
    ----------
    h : Transformer
        Parameters.
    tokens, targets : (n, t) array of int
        Texts, and the token that follows each of theirs.
    heads : int
        Number of heads, a divisor of the width m.
    scale : float
        Factor s of the inner products of queries and keys, > 0; with heads of size d it is 1/√d in the standard
        parameterisation and 1/d in μP.

    Returns
    -------
    float, Transformer

    References
    ----------
    Slide "μ-transfer: transferability and empirical results"; Vaswani et al. 2017; Xiong et al. 2020 (norms first).
    """
    if h.tokens.shape[1] % heads:
        raise ValueError(f"heads must divide the width {h.tokens.shape[1]}, got {heads}")
    x = h.tokens[tokens] + h.positions[: tokens.shape[1]]
    pullbacks = []
    for block in h.blocks:
        x, pullback = _block(block, x, heads, scale)
        pullbacks.append(pullback)
    last, pull_norm = _norm(x)
    u, pull_readout = _linear(h.readout, last)
    loss, delta = _cross_entropy(u.reshape(-1, u.shape[-1]), targets.ravel())
    readout, delta = pull_readout(delta.reshape(u.shape))
    delta, blocks = pull_norm(delta), []
    for pullback in reversed(pullbacks):
        block, delta = pullback(delta)
        blocks.append(block)
    E, P = np.zeros_like(h.tokens), np.zeros_like(h.positions)
    np.add.at(E, tokens, delta)
    P[: tokens.shape[1]] = delta.sum(0)
    return loss, Transformer(E, P, tuple(blocks[::-1]), readout)


def _block(block: Block, x: Array, heads: int, scale: float) -> tuple[Array, Pullback]:
    a, pull_a = _norm(x)
    (q, pull_q), (k, pull_k), (v, pull_v) = (_linear(X, a) for X in block[:3])
    o, pull_attention = _attention(_split(q, heads), _split(k, heads), _split(v, heads), scale)
    b, pull_o = _linear(block.O, _merge(o))
    y = x + b
    c, pull_c = _norm(y)
    w, pull_w = _linear(block.W, c)
    z, pull_z = _linear(block.Z, np.maximum(w, 0))

    def pullback(delta: Array) -> tuple[Block, Array]:
        Z, d = pull_z(delta)
        W, d = pull_w(d * (w > 0))
        delta = delta + pull_c(d)
        O, d = pull_o(delta)
        parts = zip((pull_q, pull_k, pull_v), pull_attention(_split(d, heads)), strict=True)
        (Q, d_q), (K, d_k), (V, d_v) = (pull(_merge(part)) for pull, part in parts)
        return Block(Q, K, V, O, W, Z), delta + pull_a(d_q + d_k + d_v)

    return y + z, pullback


def _norm(x: Array) -> tuple[Array, Pullback]:
    """Layer norm y = (x − mean) / √(variance + ε)."""
    y = x - x.mean(-1, keepdims=True)
    s = np.sqrt(np.mean(y**2, axis=-1, keepdims=True) + EPS)
    y = y / s
    return y, lambda d: (d - d.mean(-1, keepdims=True) - y * np.mean(d * y, axis=-1, keepdims=True)) / s


def _linear(X: Array, a: Array) -> tuple[Array, Pullback]:
    """X a, whose pullback gives the gradients in X and in a."""
    return a @ X.T, lambda d: (d.reshape(-1, d.shape[-1]).T @ a.reshape(-1, a.shape[-1]), d @ X)


def _attention(q: Array, k: Array, v: Array, scale: float) -> tuple[Array, Pullback]:
    """Averages of values, weighted by the softmax of s⟨q, k⟩ over the past; each (n, heads, t, d)."""
    s = scale * q @ k.mT
    s = np.where(np.tri(s.shape[-1], dtype=bool), s, -np.inf)
    e = np.exp(s - s.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)

    def pullback(d: Array) -> tuple[Array, Array, Array]:
        d_p = d @ v.mT
        d_s = scale * p * (d_p - np.sum(p * d_p, axis=-1, keepdims=True))
        return d_s @ k, d_s.mT @ q, p.mT @ d

    return p @ v, pullback


def _split(x: Array, heads: int) -> Array:
    """(n, t, m) to (n, heads, t, m / heads)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def _merge(x: Array) -> Array:
    """The inverse of `_split`."""
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)
