"""Bounds of generalization by margins: how complex a network is, from the norms of its layers."""

from typing import Any

import numpy as np

from refimpl.arguments.domains import domain
from refimpl.backpropagation.layers import Network, network


@domain(h=network)
def spectral_complexity(h: Network) -> Any:
    r"""The spectral complexity of a network; over the margin and √n it bounds the gap of accuracies, up to constants.

    .. math:: \prod_l \|W_l\|_2 \left( \sum_l \left( \frac{\sum_i \|(W_l)_{i \cdot}\|_2}{\|W_l\|_2} \right)^{2/3}
              \right)^{3/2}

    Biases do not count. It is 0 where a layer has no weights.

    Parameters
    ----------
    h : Network
        Layers, and an activation of Lipschitz constant 1.

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: worst-case metric", [7]; Bartlett, Foster & Telgarsky 2017, equation 1.2 with
    reference matrices 0.

    Examples
    --------
    >>> from refimpl.backpropagation.activations import relu
    >>> from refimpl.backpropagation.layers import Layer
    >>> round(spectral_complexity(Network((Layer([[3.0], [4.0]], [0.0, 0.0]),), relu)), 12)  # 5 · (7/5)
    7.0
    """
    norms = np.array([np.linalg.norm(layer.W, 2) for layer in h.layers])
    if not norms.all():
        return 0.0
    rows = np.array([np.linalg.norm(layer.W, axis=1).sum() for layer in h.layers])
    return float(np.prod(norms) * ((rows / norms) ** (2 / 3)).sum() ** 1.5)
