"""The score network: shapes, batches, times and labels, bad input."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.backpropagation.activations import silu
from refimpl.diffusion import score_network_losses
from refimpl.diffusion.score_network import (
    ScoreNetwork,
    parameters,
    random_score_network,
    score,
    score_from_output,
    time_features,
    with_parameters,
)
from refimpl.diffusion.sde import vp


def instance(p: int = 2, frequencies: int = 1, classes: int = 3, sde=vp, activation=silu) -> ScoreNetwork:
    rng = np.random.default_rng(0)
    h = random_score_network(sde(), (p, 6, 5), rng, frequencies, classes, activation)
    return with_parameters(h, 0.5 * rng.standard_normal(len(parameters(h))))


@settings(deadline=None, max_examples=25)
@given(batch=st.lists(st.integers(1, 3), max_size=3), p=st.integers(1, 3), classes=st.integers(0, 3))
def test_batches_of_any_shape_are_their_points(batch, p, classes) -> None:
    h, rng = instance(p, classes=classes), np.random.default_rng(2)
    a, t = rng.standard_normal((*batch, p)), rng.uniform(0.1, 1, (*batch, 1))
    y = rng.integers(-1, classes, batch)
    values, traces = score(h, a, t, y), score_network_losses.divergence(h, a, t, y)
    assert values.shape == a.shape
    assert np.shape(traces) == tuple(batch)
    for i in np.ndindex(*batch):
        np.testing.assert_allclose(values[i], score(h, a[i], t[i], y[i]), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            traces[i], score_network_losses.divergence(h, a[i], t[i], y[i]), rtol=1e-9, atol=1e-12
        )


def test_one_time_and_one_label_serve_all_points() -> None:
    h, a = instance(), np.random.default_rng(3).standard_normal((4, 2))
    np.testing.assert_array_equal(score(h, a, 0.5, 1), score(h, a, np.full((4, 1), 0.5), np.full(4, 1)))
    np.testing.assert_array_equal(score(h, a, 0.5), score(h, a, 0.5, -1))


A = np.zeros((4, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda h: score(h, A, 0.0), ValueError, "t must be a time with std > 0, got 0"),
        (lambda h: score(h, A, [[0.5], [0.0], [0.5], [0.5]]), ValueError, "t must be a time with std > 0, got 0"),
        (lambda h: score(h, A, 1.2), ValueError, "t must be >= 0 and <= 1, got 1.2"),
        (lambda h: score(h, A, -0.1), ValueError, "t must be >= 0 and <= 1, got -0.1"),
        (lambda h: score(h, A, np.nan), ValueError, "t must be finite"),
        (lambda h: score(h, A, np.full(4, 0.5)), ValueError, "t must be one number or of shape"),
        (lambda h: score(h, A, np.full((3, 1), 0.5)), ValueError, "t must be one, or one for each"),
        (lambda h: score(h, A, 0.5, 3), ValueError, "y must be >= -1 and < 3, the number of classes, got 3"),
        (lambda h: score(h, A, 0.5, -2), ValueError, "y must be >= -1 and < 3, the number of classes, got -2"),
        (lambda h: score(h, A, 0.5, [0, 1]), ValueError, "y must be one, or one for each"),
        (lambda h: score(h, A, 0.5, 1.0), TypeError, "y must hold integers"),
        (lambda h: score(h._replace(classes=0), A, 0.5), ValueError, "h.F must have 2 . 3 inputs"),
        (lambda h: score(h, np.zeros((4, 3)), 0.5), ValueError, "a must have shape"),
        (lambda h: score(h, np.zeros((3, 784)), 0.5), ValueError, "a must have shape"),
        (lambda h: score(h.F, A, 0.5), TypeError, "h must be a ScoreNetwork"),
        (lambda h: score(h._replace(sde=None), A, 0.5), TypeError, "h.sde must be an SDE"),
        (lambda h: score(h._replace(frequencies=-1), A, 0.5), ValueError, "h.frequencies must be >= 0"),
        (lambda h: time_features(2.0, 1), ValueError, "t must be >= 0 and <= 1"),
        (lambda h: score_from_output(A, A, 0.0, 1.0), ValueError, "c must be > 0"),
        (lambda h: random_score_network(vp(), 2, np.random.default_rng()), TypeError, "widths must be a sequence"),
        (lambda h: random_score_network(vp(), (2, 3), None), TypeError, "rng must be"),
    ],
)
def test_bad_input_is_refused(call: Callable, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(instance())
