"""Lengths at every scale."""

import numpy as np

from refimpl.arguments.arrays import Array


def length(x: Array, count: int = 1) -> float:
    """Root of the sum of the squares of all entries over a count; it over- or underflows only where the root does."""
    exponent = int(np.frexp(np.abs(x).max())[1])
    scaled = np.ldexp(x, -exponent)
    return float(np.ldexp(np.sqrt((scaled * scaled).sum() / count), exponent))
