"""Small networks, and what is known of them by other means than those under test."""

import itertools

import numpy as np
import scipy


def network(rng, *sizes):
    """Gaussian weights of layers from sizes[0] inputs to one output."""
    return [rng.standard_normal((m, p)) for p, m in itertools.pairwise([*sizes, 1])]


def gradients_on_the_circle(weights):
    """Gradients (n, 2) of a network in the plane, one from every arc between the angles at which it bends."""
    ends = np.arange(5) * np.pi / 2
    for depth in range(1, len(weights)):
        middle = (ends[1:] + ends[:-1]) / 2
        forms = _jacobians(weights[:depth], middle)
        bends = np.arctan2(forms[..., 1], forms[..., 0]) + np.pi / 2
        bends = bends[np.linalg.norm(forms, axis=-1) > 1e-12]
        ends = np.sort(np.concatenate([ends, bends % np.pi, bends % np.pi + np.pi]))
        ends = ends[np.append(True, np.diff(ends) > 1e-9)]
    return _jacobians(weights, (ends[1:] + ends[:-1]) / 2)[:, 0]


def _jacobians(weights, angles):
    """Of the last layer's preactivations in the inputs, at some directions."""
    a = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    h, J = a, np.broadcast_to(np.eye(2), (len(a), 2, 2))
    for W in weights[:-1]:
        z = h @ W.T
        h, J = np.maximum(z, 0), (z > 1e-12)[..., None] * (W @ J)
    return weights[-1] @ J


def gradients_in_a_box(weights, lower, upper):
    """Gradients (n, p) of a network on a box, for the choices of 0 and 1 that a linear program finds to occur."""
    widths = [len(W) for W in weights[:-1]]
    found = []
    for choice in itertools.product([0.0, 1.0], repeat=sum(widths)):
        rows, J = [], np.eye(len(lower))
        for W, s in zip(weights[:-1], _layers(choice, widths), strict=True):
            rows.append((1 - 2 * s)[:, None] * (W @ J))
            J = s[:, None] * (W @ J)
        if _is_open(np.vstack(rows), lower, upper):
            found.append((weights[-1] @ J)[0])
    return np.array(found)


def _is_open(rows, lower, upper):
    """Whether all rows are negative somewhere inside the box; rows that are 0 do not count."""
    size = np.linalg.norm(rows, axis=1)
    rows = rows[size > 1e-12] / size[size > 1e-12, None]
    margin = np.ones((len(rows), 1))
    goal = np.append(np.zeros(len(lower)), -1.0)
    bounds = [*zip(lower, upper, strict=True), (None, 1)]
    return -scipy.optimize.linprog(goal, np.hstack([rows, margin]), np.zeros(len(rows)), bounds=bounds).fun > 1e-7


def all_patterns(weights):
    """Gradients (2^m, p) of every choice of 0 and 1, whether it occurs or not."""
    widths = [len(W) for W in weights[:-1]]
    found = []
    for choice in itertools.product([0.0, 1.0], repeat=sum(widths)):
        g = weights[-1]
        for W, s in zip(weights[-2::-1], _layers(choice, widths)[::-1], strict=True):
            g = (g * s) @ W
        found.append(g[0])
    return np.array(found)


def _layers(choice, widths):
    """Slopes of all neurons as one array a layer."""
    return np.split(np.array(choice), np.cumsum(widths, dtype=int))[:-1]


def all_active(weights):
    """The gradient (p,) where all neurons are active."""
    return np.linalg.multi_dot([*weights[::-1], np.eye(np.shape(weights[0])[1])])


def exchanged(norm):
    """ℓ₁ for ℓ∞ and the other way round."""
    return {1: np.inf, 2: 2, np.inf: 1}[norm]


def largest(gradients, norm):
    """The largest dual norm."""
    size = np.abs(gradients)
    return {1: size.max(), 2: np.sqrt((size**2).sum(-1)).max(), np.inf: size.sum(-1).max()}[norm]
