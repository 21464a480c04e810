"""What losses of score matching cost: passes through the network for each sample.

A pass is an evaluation of h, or of its derivative along one direction, which costs as much but for a constant.
"""

from typing import Literal

from refimpl.arguments.domains import domain, integer, one_of

Loss = Literal["implicit", "sliced", "denoising"]


@domain(loss=one_of("implicit", "sliced", "denoising"), p=integer(1))
def num_passes(loss: Loss, p: int) -> int:
    r"""Passes that the value of a loss takes for each sample: one for h, and one for each derivative.

    .. math:: 1 + p \;\text{(implicit: a trace)}, \qquad 2 \;\text{(sliced)}, \qquad 1 \;\text{(denoising)}

    Parameters
    ----------
    loss : str
        "implicit", "sliced" (with one direction for each sample) or "denoising".
    p : int
        Dimension, ≥ 1.

    Returns
    -------
    int

    References
    ----------
    Slide "Hyvärinen's trick", remarks.

    Examples
    --------
    >>> [num_passes(loss, 784) for loss in ("implicit", "sliced", "denoising")]
    [785, 2, 1]
    """
    return 1 + {"implicit": p, "sliced": 1, "denoising": 0}[loss]
