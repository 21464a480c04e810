"""Losses of classifiers with their gradients, by hand: the cross-entropy."""

from typing import Any

import numpy as np

from refimpl.arguments.array_domains import integers
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain

labels = integers(0)


@domain(u=array("n k"), labels=labels)
def cross_entropy(u: Any, labels: Any) -> tuple[float, Array]:
    r"""Mean cross-entropy of logits, and its gradient in them.

    .. math:: \frac1n \sum_i \Big(\log \sum_j e^{u_{ij}} - u_{i y_i}\Big), \qquad
              \frac1n \Big(\frac{e^{u_{ij}}}{\sum_k e^{u_{ik}}} - [j = y_i]\Big)

    Parameters
    ----------
    u : (n, k) array
        Logits.
    labels : (n,) array of int
        Classes y, 0 ≤ y < k.

    Returns
    -------
    float, (n, k) array

    Examples
    --------
    >>> cross_entropy([[0.0, 0.0]], [1])[1]
    array([[ 0.5, -0.5]])
    """
    if labels.shape != u.shape[:1] or labels.max() >= u.shape[1]:
        raise ValueError(f"labels must be (n,) classes < k for u {u.shape}, got {labels.shape} up to {labels.max()}")
    rows = np.arange(len(u))
    e = np.exp(u - u.max(-1, keepdims=True))
    total = e.sum(-1, keepdims=True)
    gradient = e / total
    loss = np.mean(np.log(total[:, 0]) + u.max(-1) - u[rows, labels])
    gradient[rows, labels] -= 1
    return loss, gradient / len(u)
