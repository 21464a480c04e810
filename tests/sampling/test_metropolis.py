"""MALA: shapes, seeds, bad input; that it has no bias is a claim in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.sampling import metropolis
from refimpl.sampling.targets import gaussian

TARGET = gaussian([0.0], [[1.0]])


def test_small_steps_are_accepted_and_large_ones_are_not():
    for eta, low, high in ((1e-4, 0.99, 1.0), (1e3, 0.0, 0.2)):
        run = metropolis.mala(TARGET.f, TARGET.grad_f, np.ones((50, 1)), eta, 40, np.random.default_rng(0), every=8)
        assert run.a.shape == (6, 50, 1)
        assert low <= run.acceptance <= high


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f, g, r: metropolis.mala(f, g, [[1.0]], 0.0, 5, r), ValueError, "eta must be > 0, got 0.0"),
        (lambda f, g, r: metropolis.mala(f, g, [1.0], 0.1, 5, r), ValueError, "a0 must have shape (n, p), got (1,)"),
        (lambda f, g, r: metropolis.mala(f, g, [[1.0]], 0.1, 5, 0), TypeError, "rng must be a numpy.random.Generator"),
        (
            lambda f, g, r: metropolis.mala(lambda a: np.inf + a[..., 0], g, [[1.0]], 0.1, 5, r),
            DivergedError,
            "diverged",
        ),
        (lambda f, g, r: metropolis.mala(lambda a: a, g, [[1.0]], 0.1, 5, r), ValueError, "f must return shape (1,)"),
        (lambda f, g, r: metropolis.mala(f, g, [[1.0]], 0.1, 5, r, 6), ValueError, "every must be <= num_steps = 5"),
        (
            lambda f, g, r: metropolis.mala_step(f, g, [[1.0]], 0.1, [[1.0]], [1.5]),
            ValueError,
            "u must be >= 0 and <= 1",
        ),
        (lambda f, g, r: metropolis.mala_step(f, g, [[1.0]], 0.1, [[1.0]], [0.5, 0.5]), ValueError, "u must have the"),
        (lambda f, g, r: metropolis.mala_step(f, g, [[1.0]], 0.1, [1.0], [0.5]), ValueError, "z must have the shape"),
        (lambda f, g, r: metropolis.log_acceptance(f, g, [[1.0]], [1.0], 0.1), ValueError, "b must have the shape"),
        (lambda f, g, r: metropolis.mala_step(3, g, [[1.0]], 0.1, [[1.0]], [0.5]), TypeError, "f must be callable"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(TARGET.f, TARGET.grad_f, np.random.default_rng(0))
