"""Parameterisations of the width: batches of steps, purity, transfer on digits, bad input."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network, random_layers
from refimpl.backpropagation.losses import cross_entropy
from refimpl.networks import coordinate_check, hessian, mup, mup_symmetry, mup_training, mup_transfer
from refimpl.networks.mup import ABC
from refimpl.networks.mup_transfer import Training

A, Y = np.random.default_rng(0).standard_normal((6, 5)), np.array([0, 1, 2, 0, 1, 2])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def weights(abc: ABC, m: int = 8) -> tuple[np.ndarray, ...]:
    return mup_training.random_weights(abc, 5, m, 3, rng())


@given(num_hidden=st.integers(1, 9), optimizer=st.sampled_from(mup.OPTIMIZERS))
def test_every_parameterisation_has_a_row_for_each_layer(num_hidden: int, optimizer: str) -> None:
    tables = [mup_symmetry.mup_table(number, num_hidden, optimizer) for number in ("3", "8", "9")]
    for abc in (mup.abc_mup(num_hidden, optimizer), mup.abc_standard(num_hidden), mup.abc_ntk(num_hidden), *tables):
        assert len(abc.a) == len(abc.b) == num_hidden + 1
        assert np.size(abc.c) in (1, num_hidden + 1)
    for abc in (mup.abc_mup(num_hidden, optimizer), *tables):
        np.testing.assert_allclose(mup_symmetry.update_exponents(abc, optimizer), 0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(theta=st.lists(st.floats(-1, 1), min_size=3, max_size=3), optimizer=st.sampled_from(mup.OPTIMIZERS))
def test_shifts_add_up(theta: list[float], optimizer: str) -> None:
    abc, shift = mup.abc_mup(2, optimizer), np.array(theta)
    back = mup_symmetry.shifted(mup_symmetry.shifted(abc, shift, optimizer), -shift, optimizer)
    for one, other in zip(back, abc, strict=True):
        np.testing.assert_allclose(one, np.broadcast_to(other, np.shape(one)), atol=1e-12)


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


def test_training_learns() -> None:
    losses = mup_transfer.training_losses(Training(mup.abc_mup(2), "sgd", 0.5, 64, steps=120))
    assert losses[-10:].mean() < 0.8 < 2 < losses[0]


def test_training_that_explodes_has_infinite_losses() -> None:
    losses = mup_transfer.training_losses(Training(mup.abc_standard(2), "sgd", 1e200, 64, steps=20))
    assert np.isfinite(losses[0])
    assert np.isinf(losses[-1])


def test_logits_of_any_size_have_a_finite_cross_entropy() -> None:
    loss, gradient = cross_entropy([[1e4, 0.0], [-1e4, 0.0]], [0, 0])
    assert loss == pytest.approx(5e3)
    np.testing.assert_allclose(gradient, [[0, 0], [-0.5, 0.5]])


def test_loss_gradient_is_backward() -> None:
    h = Network(random_layers((5, 7, 3), rng()), relu)
    loss, layers = mlp.loss_gradient(h, A, lambda u: cross_entropy(u, Y))
    expected, c = cross_entropy(mlp.forward(h, A), Y)
    assert loss == expected
    for one, other in zip(layers, mlp.backward(h, A, c).layers, strict=True):
        np.testing.assert_array_equal(one.W, other.W)
        np.testing.assert_array_equal(one.b, other.b)


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
TRAINING, SCALING = Training(MUP, "sgd", 0.1, 8), mup.at_width(MUP, 8)
NETWORK = Network(random_layers((5, 8, 3), rng()), relu)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mup.abc_mup(0), ValueError, "num_hidden must be >= 1, got 0"),
        (lambda: mup.abc_mup(2.0), TypeError, "num_hidden must be an integer, got 2.0"),
        (lambda: mup.abc_mup(True), TypeError, "num_hidden must be an integer"),
        (lambda: mup.abc_mup(2, "adagrad"), ValueError, "optimizer must be one of 'sgd', 'adam'"),
        (lambda: mup.abc_standard(-1), ValueError, "num_hidden must be >= 1, got -1"),
        (lambda: mup.abc_standard("2"), TypeError, "num_hidden must be an integer"),
        (lambda: mup.abc_ntk(None), TypeError, "num_hidden must be an integer"),
        (lambda: mup.at_width(MUP, 0), ValueError, "m must be >= 1, got 0"),
        (lambda: mup.at_width(MUP, 8, 0), ValueError, "base must be >= 1, got 0"),
        (lambda: mup.at_width((1, 2, 3), 8), TypeError, "abc must be an ABC, got tuple"),
        (lambda: mup.at_width(MUP._replace(b=[0.5, 0.5]), 8), ValueError, "abc.b must have shape"),
        (lambda: mup.at_width(MUP._replace(c=np.nan), 8), ValueError, "abc.c must be finite"),
        (lambda: mup.at_width(MUP._replace(c=[0.0]), 8), ValueError, "abc.c must have shape"),
        (lambda: mup.at_width(ABC([0.5], [0.5], 0), 8), ValueError, "abc must have a hidden layer and a readout"),
        (lambda: mup_symmetry.mup_table(4, 2), ValueError, "number must be one of '3', '8', '9'"),
        (lambda: mup_symmetry.shifted(MUP, [0.5, 0.5]), ValueError, "theta must have shape"),
        (lambda: mup_symmetry.shifted(MUP, np.inf), ValueError, "theta must be finite"),
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
        (lambda: coordinate_check.update_sizes(3, 3, A), TypeError, "before must be a Network"),
        (lambda: check_other_depths(), ValueError, "after must have the layers of before"),
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
        (lambda: mup_symmetry.shifted(MUP, [[1.0], [1.0, 2.0]]), ValueError, "theta must be an array"),
        (lambda: mup_symmetry.shifted(MUP, MUP), ValueError, "theta must be an array"),
        (lambda: mup.at_width(MUP._replace(c=None), 8), TypeError, "abc.c must hold real numbers"),
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
        (
            lambda: coordinate_check.update_sizes(NETWORK._replace(layers=3), NETWORK, A),
            TypeError,
            "before.layers must be",
        ),
        (lambda: hessian.hessian_product(network(5, 8, 3), A, Y, W), ValueError, "tangents must have shapes"),
        (lambda: hessian.sharpness(MUP, W, A[0], Y), ValueError, "a must have shape"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def network(*widths: int) -> Network:
    return Network(random_layers(widths, rng()), relu)


def check_other_depths() -> object:
    return coordinate_check.update_sizes(network(5, 8, 3), network(5, 8, 8, 3), A)


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
