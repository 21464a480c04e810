"""The digits that ship with the package."""

import numpy as np

from refimpl.data import digits


def test_digits_are_what_their_provenance_says():
    images, labels = digits.load()
    assert images.shape == (10_000, 784)
    assert labels.shape == (10_000,)
    assert (images.min(), images.max()) == (0.0, 1.0)
    counts = np.bincount(labels)
    assert counts.size == 10
    assert (counts.min(), counts.max()) == (863, 1127)
    assert (np.diff(labels) >= 0).all()
