"""Generators for parts of a computation: what they draw follows from the state of the one given."""

import numpy as np


def children(rng: np.random.Generator, n: int) -> list[np.random.Generator]:
    """Independent generators, seeded by numbers drawn from this one.

    A generator that was restored or jumped, or that has drawn before, has other children than a fresh one, and it moves
    on. (`numpy.random.Generator.spawn` looks at the seed alone.)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> state = rng.bit_generator.state
    >>> first = [child.random() for child in children(rng, 2)]
    >>> rng.bit_generator.state = state
    >>> [child.random() for child in children(rng, 2)] == first
    True
    """
    return [np.random.default_rng(seed.tolist()) for seed in rng.integers(0, 2**63, (n, 4))]
