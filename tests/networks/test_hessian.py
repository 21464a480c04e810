"""Products with the Hessian and the sharpness: bounds that no direction exceeds, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, random_layers
from refimpl.networks import hessian, mup, mup_training
from refimpl.networks.mup import ABC

A, Y = np.random.default_rng(0).standard_normal((6, 5)), np.array([0, 1, 2, 0, 1, 2])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def weights(abc: ABC, m: int = 8) -> tuple[np.ndarray, ...]:
    return mup_training.random_weights(abc, 5, m, 3, rng())


def test_sharpness_is_a_rayleigh_quotient_that_no_direction_exceeds() -> None:
    abc = mup.abc_mup(2)
    W = weights(abc)
    top = hessian.sharpness(abc, W, A, Y)
    h = mup_training.network_of(abc, W)
    k = mup.at_width(abc, 8).multiplier
    for seed in range(20):
        v = [np.random.default_rng(seed).standard_normal(one.shape) for one in W]
        Hv = hessian.hessian_product(h, A, Y, [s * one for s, one in zip(k, v, strict=True)])
        quotient = sum((s * one * other).sum() for s, one, other in zip(k, v, Hv, strict=True))
        assert quotient <= top * sum((one**2).sum() for one in v)


def test_a_network_without_curvature_has_sharpness_zero() -> None:
    abc = mup.abc_mup(2)
    dead = [-np.abs(W) for W in weights(abc)]
    assert hessian.sharpness(abc, dead, np.abs(A), Y) == 0


MUP, W = mup.abc_mup(2), weights(mup.abc_mup(2))
NETWORK = Network(random_layers((5, 8, 3), rng()), relu)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hessian.hessian_product(NETWORK, A, Y, W), ValueError, "tangents must have shapes"),
        (lambda: hessian.sharpness(MUP, W, A[0], Y), ValueError, "a must have shape"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
