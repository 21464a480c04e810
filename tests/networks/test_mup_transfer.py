"""Trainings on digits and the best of their rates: learning, explosions, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.networks import mup, mup_transfer
from refimpl.networks.mup_transfer import Training

TRAINING = Training(mup.abc_mup(2), "sgd", 0.1, 8)


def test_training_learns() -> None:
    losses = mup_transfer.training_losses(Training(mup.abc_mup(2), "sgd", 0.5, 64, steps=120))
    assert losses[-10:].mean() < 0.8 < 2 < losses[0]


def test_training_that_explodes_has_infinite_losses() -> None:
    losses = mup_transfer.training_losses(Training(mup.abc_standard(2), "sgd", 1e200, 64, steps=20))
    assert np.isfinite(losses[0])
    assert np.isinf(losses[-1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mup_transfer.training_losses(3), TypeError, "training must be a Training"),
        (lambda: mup_transfer.training_losses(TRAINING._replace(eta=0)), ValueError, "training.eta must be > 0"),
        (lambda: mup_transfer.training_losses(TRAINING._replace(m=0)), ValueError, "training.m must be >= 1"),
        (
            lambda: mup_transfer.training_losses(TRAINING._replace(steps=2.5)),
            TypeError,
            "training.steps must be an int",
        ),
        (lambda: mup_transfer.training_losses(TRAINING._replace(seed=-1)), ValueError, "training.seed must be >= 0"),
        (lambda: mup_transfer.best_rate([1, 2, 4], [1, 2, 3]), ValueError, "minimum inside the grid"),
        (lambda: mup_transfer.best_rate([1, 2, 3], [3, 2, 3]), ValueError, "increase by one factor"),
        (lambda: mup_transfer.best_rate([1, 2], [3, 2]), ValueError, "three or more"),
        (lambda: mup_transfer.best_rate([0, 1, 2], [3, 2, 3]), ValueError, "rates must be > 0"),
        (lambda: mup_transfer.best_rate([1, 2, 4], [3, np.nan, 3]), ValueError, "losses must be"),
        (lambda: mup_transfer.best_rate([1, 2, 4], [3, 2]), ValueError, "losses must have n = 3, got 2"),
        (lambda: mup_transfer.best_rate(losses=[3, 2], rates=[1, 2, 4]), ValueError, "losses must have n = 3, got 2"),
        (lambda: mup_transfer.best_rate([1, 2, 4], ["a", "b", "c"]), ValueError, "losses must be losses"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
