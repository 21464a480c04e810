"""Derivatives of score networks and losses: gradients along a direction, untouched arguments, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.backpropagation.activations import silu, tanh
from refimpl.backpropagation.layers import Network, random_layers
from refimpl.diffusion import score_network_losses
from refimpl.diffusion.data_sets import two_moons
from refimpl.diffusion.score_network import (
    ScoreNetwork,
    parameters,
    random_score_network,
    score,
    with_parameters,
)
from refimpl.diffusion.sde import ve, vp


def instance(p: int = 2, frequencies: int = 1, classes: int = 3, sde=vp, activation=silu) -> ScoreNetwork:
    rng = np.random.default_rng(0)
    h = random_score_network(sde(), (p, 6, 5), rng, frequencies, classes, activation)
    return with_parameters(h, 0.5 * rng.standard_normal(len(parameters(h))))


def difference(f: Callable[[float], float], step: float = 1e-3) -> float:
    coarse, fine = ((f(s) - f(-s)) / (2 * s) for s in (step, step / 2))
    return (4 * fine - coarse) / 3


@pytest.mark.parametrize("sde", [vp, ve])
@pytest.mark.parametrize("activation", [silu, tanh], ids=lambda one: one.name)
def test_gradients_along_a_direction(sde, activation) -> None:
    h, rng = instance(sde=sde, activation=activation), np.random.default_rng(1)
    a, c, da = rng.standard_normal((3, 4, 2))
    t, y, w = rng.uniform(0.2, 0.5, (4, 1)), np.array([0, 2, -1, 1]), rng.standard_normal(4)
    x = parameters(h)
    dx = rng.standard_normal(x.shape)

    def value(s: float) -> float:
        return (c * score(with_parameters(h, x + s * dx), a + s * da, t, y)).sum()

    def divergence(s: float) -> float:
        return (w * score_network_losses.divergence(with_parameters(h, x + s * dx), a + s * da, t, y)).sum()

    for f, g in (
        (value, score_network_losses.backward(h, a, t, y, c)),
        (divergence, score_network_losses.divergence_backward(h, a, t, y, w)),
    ):
        gradient = parameters(h._replace(F=h.F._replace(layers=g.layers)))
        assert gradient @ dx + (g.input * da).sum() == pytest.approx(difference(f), rel=1e-6)


def test_arguments_stay_as_they_are() -> None:
    h, rng = instance(), np.random.default_rng(4)
    given = [*rng.standard_normal((2, 4, 2)), rng.uniform(0.1, 1, (4, 1)), parameters(h)]
    copies = [one.copy() for one in given]
    score_network_losses.backward(h, given[0], given[2], None, given[1])
    score_network_losses.divergence_backward(h, given[0], given[2], None, given[1][:, 0])
    for one, copy in zip([*given[:3], parameters(h)], copies, strict=True):
        np.testing.assert_array_equal(one, copy)


A = np.zeros((4, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda h: score_network_losses.backward(h, A, 0.5, None, np.zeros((4, 3))),
            ValueError,
            "c must have shape",
        ),
        (
            lambda h: score_network_losses.backward(h, A, 0.5, None, np.zeros((3, 2))),
            ValueError,
            "c must have the shape",
        ),
        (
            lambda h: score_network_losses.divergence_backward(h, A, 0.5, None, np.ones(3)),
            ValueError,
            "w must have the shape",
        ),
    ],
)
def test_bad_input_of_derivatives_is_refused(call: Callable, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(instance())


def small(hidden: int = 8, seed: int = 0) -> ScoreNetwork:
    return random_score_network(vp(), (2, hidden, hidden), np.random.default_rng(seed), 1, 2)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


P = two_moons(400, np.random.default_rng(0)).points


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: score_network_losses.joint_gradient(small(), P, 0.0, P), ValueError, "t must be a time with std > 0"),
        (
            lambda: score_network_losses.joint_gradient(small(), P, P[:, 0] ** 2 / 9, P),
            ValueError,
            "t must be one number or of",
        ),
        (
            lambda: score_network_losses.joint_gradient(small(), P, [[0.5]] * 3, P),
            ValueError,
            "t must have shape .n, 1.",
        ),
        (
            lambda: score_network_losses.joint_gradient(small(), P, 0.5, P, None, -(P[:, :1] ** 2)),
            ValueError,
            "weight must be >=",
        ),
        (lambda: score_network_losses.joint_gradient(small(), P, 0.5, P[:3]), ValueError, "z must have shape"),
        (
            lambda: score_network_losses.implicit_gradient(Network(random_layers((3, 2), rng()), None), P),
            TypeError,
            "h's",
        ),
        (
            lambda: score_network_losses.implicit_gradient(small().F, P),
            ValueError,
            "h must have as many outputs as inputs",
        ),
    ],
)
def test_bad_input_of_losses_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
