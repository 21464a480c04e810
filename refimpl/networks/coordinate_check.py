"""The coordinate check of μP: how much an update adds to each layer's preactivations. It is to be seen over widths."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain
from refimpl.backpropagation.layers import Network, network


@domain(before=network, after=network, a=array("n p"))
def update_sizes(before: Network, after: Network, a: Any) -> Array:
    r"""Root mean squares of what the updates add to the preactivations, layer by layer.

    .. math:: |\Delta X_l h^{(l-1)}| = \Big(\frac{1}{nm} \sum_{i,j} [\Delta X_l h^{(l-1)}(a_i)]_j^2\Big)^{1/2},
              \qquad \Delta X_l = X_l^+ - X_l

    Parameters
    ----------
    before, after : Network
        The network before and after updates; features h⁽ˡ⁻¹⁾ are those before.
    a : (n, p) array
        Inputs.

    Returns
    -------
    (L + 1,) array

    References
    ----------
    Slide "μ-transfer: Zero-shot hyperparameter transfer with μP"; Yang et al. 2022, Appendix D.1 (coordinate check).
    """
    if [np.shape(layer.W) for layer in before.layers] != [np.shape(layer.W) for layer in after.layers]:
        raise ValueError(f"after must have the layers of before, got {len(after.layers)} for {len(before.layers)}")
    sizes = []
    for old, new in zip(before.layers, after.layers, strict=True):
        sizes.append(np.sqrt(np.mean((a @ (new.W - old.W).T) ** 2)))
        a = before.activation.value(a @ old.W.T + old.b)
    return np.array(sizes)
