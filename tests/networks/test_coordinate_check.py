"""The coordinate check: biases, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network, random_layers
from refimpl.networks import coordinate_check

A = np.random.default_rng(0).standard_normal((6, 5))


def network(*widths: int) -> Network:
    return Network(random_layers(widths, np.random.default_rng(0)), relu)


def test_biases_do_not_enter_the_check() -> None:
    h = network(5, 8, 3)
    lifted = h._replace(layers=tuple(Layer(W, b + 1) for W, b in h.layers))
    np.testing.assert_array_equal(coordinate_check.update_sizes(h, lifted, A), [0, 0])


def test_biases_enter_the_features() -> None:
    h = network(5, 8, 3)
    lifted = h._replace(layers=tuple(Layer(W, b + 1) for W, b in h.layers))
    after = lifted._replace(layers=(lifted.layers[0], Layer(2 * lifted.layers[1].W, np.ones(3))))
    u = np.maximum(A @ h.layers[0].W.T + 1, 0) @ h.layers[1].W.T
    np.testing.assert_allclose(coordinate_check.update_sizes(lifted, after, A), [0, np.sqrt(np.mean(u**2))])


NETWORK = network(5, 8, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: coordinate_check.update_sizes(3, 3, A), TypeError, "before must be a Network"),
        (
            lambda: coordinate_check.update_sizes(NETWORK, network(5, 8, 8, 3), A),
            ValueError,
            "after must have the layers of before",
        ),
        (
            lambda: coordinate_check.update_sizes(NETWORK._replace(layers=3), NETWORK, A),
            TypeError,
            "before.layers must be",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
