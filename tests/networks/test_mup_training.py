"""Training in a parameterisation of the width: purity, blocks of rows, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.networks import mup, mup_training
from refimpl.networks.mup import ABC

A, Y = np.random.default_rng(0).standard_normal((6, 5)), np.array([0, 1, 2, 0, 1, 2])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def weights(abc: ABC, m: int = 8) -> tuple[np.ndarray, ...]:
    return mup_training.random_weights(abc, 5, m, 3, rng())


@pytest.mark.parametrize("optimizer", mup.OPTIMIZERS)
def test_a_step_changes_nothing_that_it_is_given(optimizer: str) -> None:
    abc = mup.abc_mup(2, optimizer)
    state = mup_training.start(weights(abc), optimizer)
    state, _ = mup_training.train_step(abc, state, A, Y, 0.1)
    leaves = [part for one in state for part in (one if optimizer == "adam" else (one,))]
    copies = [np.array(leaf) for leaf in leaves]
    new, loss = mup_training.train_step(abc, state, A, Y, 0.1)
    for one, copy in zip(leaves, copies, strict=True):
        np.testing.assert_array_equal(one, copy)
    assert not any(np.shares_memory(W, V) for W in mup_training.parameters(state) for V in mup_training.parameters(new))
    assert loss > 0


def test_wide_layers_step_as_narrow_ones_do() -> None:
    scaling = mup.Scaling(np.array([0.5, 2.0]), np.ones(2), np.array([3.0, 0.25]))
    W, g = (tuple(rng().standard_normal((2, 70, 700))) for _ in range(2))
    whole = mup_training.descend(scaling, W, g, 0.1)
    for k, rate, one, slope, measured in zip(scaling.multiplier, scaling.rate, W, g, whole, strict=True):
        np.testing.assert_allclose(measured, one - 0.1 * rate * k * slope, rtol=1e-13)


MUP, W = mup.abc_mup(2), weights(mup.abc_mup(2))
SCALING = mup.at_width(MUP, 8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mup_training.random_weights(MUP, 5, 8, 3, None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: mup_training.random_weights(MUP, 5, 8.0, 3, rng()), TypeError, "m must be an integer"),
        (lambda: mup_training.network_of(MUP, W[:2]), ValueError, "weights's layers must have k = 3, got 2"),
        (lambda: mup_training.network_of(MUP, W[::-1]), ValueError, r"weights\[1\] must have shape"),
        (lambda: mup_training.network_of(MUP, 3), TypeError, "weights must be a sequence"),
        (lambda: mup_training.start(W, "rmsprop"), ValueError, "optimizer must be one of"),
        (lambda: mup_training.train_step(MUP, W, A, Y, 0.0), ValueError, "eta must be > 0, got 0.0"),
        (lambda: mup_training.train_step(MUP, W, A, Y, -1), ValueError, "eta must be > 0, got -1"),
        (lambda: mup_training.train_step(MUP, W, A[:, :4], Y, 0.1), ValueError, "a must have shape"),
        (lambda: mup_training.train_step(MUP, W, A, Y[:3], 0.1), ValueError, "labels must be"),
        (lambda: mup_training.train_step(MUP, W, A, Y + 1, 0.1), ValueError, "labels must be"),
        (lambda: mup_training.train_step(MUP, W, A, Y - 1, 0.1), ValueError, "labels must be integers >= 0, got -1"),
        (lambda: mup_training.train_step(MUP, W, A, Y + 0.5, 0.1), TypeError, "labels must hold integers"),
        (lambda: mup_training.train_step(MUP, list(W), A, Y, 0.1), TypeError, "state must be a tuple"),
        (lambda: mup_training.descend(SCALING, W, W[:2], 0.1), ValueError, "gradient's layers must have k = 3, got 2"),
        (lambda: mup_training.descend(SCALING, W, W[::-1], 0.1), ValueError, "gradient must have shapes"),
        (lambda: mup_training.descend(SCALING, (None, 1, 2), W, 0.1), TypeError, r"state\[0\] must hold real numbers"),
        (
            lambda: mup_training.descend(SCALING._replace(rate=None), W, W, 0.1),
            TypeError,
            "scaling.rate must hold real numbers",
        ),
        (lambda: mup_training.parameters((3, 4)), ValueError, r"state\[0\] must have shape"),
        (
            lambda: mup_training.train_step(MUP, W, A, [[1], [1, 2]], 0.1),
            ValueError,
            "labels must be an array, got rows",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
