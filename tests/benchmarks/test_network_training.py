"""Training steps of dense and convolutional networks against torch (float64, eager), with its own gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from refimpl.backpropagation.activations import identity
from refimpl.networks import convolutional
from refimpl.networks.initialization import sample_weights, scales
from refimpl.networks.training import gradient_descent

ETA, BATCH, STEPS = 1e-3, 50, 20


def torch_step(torch: Any, weights: list[Any], forward: Callable, b: Any) -> list[Any]:
    loss = ((forward(weights) - b) ** 2).mean() / 2
    return [X - ETA * G for X, G in zip(weights, torch.autograd.grad(loss, weights), strict=True)]


@pytest.mark.parametrize(("m", "L"), [(32, 2), (64, 6), (256, 4)])
def test_dense_step_against_torch(race: Callable, m: int, L: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rng = np.random.default_rng(0)
    weights = sample_weights(scales("he", 784, m), 784, m, L, rng)
    a, b = rng.random((BATCH, 784)), rng.choice([-1.0, 1.0], BATCH)
    theirs, (a_t, b_t) = [torch.tensor(X, requires_grad=True) for X in weights], map(torch.tensor, (a, b))

    def forward(X: list[Any]) -> Any:
        h = a_t
        for W in X[:-1]:
            h = torch.relu(h @ W.T)
        return (h @ X[-1].T)[:, 0]

    def peer() -> list[Any]:
        X = theirs
        for _ in range(STEPS):
            X = [Y.detach().requires_grad_() for Y in torch_step(torch, X, forward, b_t)]
        return X

    result = race(lambda: gradient_descent(weights, a, b, ETA, STEPS), torch=peer)
    for X, Y in zip(result.weights, peer(), strict=True):
        np.testing.assert_allclose(X[-1], Y.detach().numpy(), atol=1e-11)


@pytest.mark.parametrize(("m", "L"), [(4, 4), (8, 6), (16, 10)])
def test_convolutional_step_against_torch(race: Callable, m: int, L: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rng = np.random.default_rng(0)
    weights = convolutional.sample_filters(m, L, 28, 28, rng)
    a, b = rng.random((BATCH, 28, 28)), rng.choice([-1.0, 1.0], BATCH)
    shaped = [X.reshape(m, 3, 3, -1).transpose(0, 3, 1, 2) for X in weights[:-1]]
    last = weights[-1].reshape(7, 7, m).transpose(2, 0, 1).reshape(1, -1)
    theirs = [torch.tensor(X.copy(), requires_grad=True) for X in (*shaped, last)]
    a_t, b_t = torch.tensor(a[:, None]), torch.tensor(b)

    def forward(X: list[Any]) -> Any:
        h = a_t
        for l, W in enumerate(X[:-1]):
            h = torch.relu(torch.nn.functional.conv2d(h, W, stride=2 if l < 2 else 1, padding=1))
        return (h.flatten(1) @ X[-1].T)[:, 0]

    def ours() -> list[Any]:
        found = convolutional.gradient(lambda h: (h - b) / BATCH, weights, a, 1.0, identity)
        return [X - ETA * G for X, G in zip(weights, found.weights, strict=True)]

    result = race(ours, torch=lambda: torch_step(torch, theirs, forward, b_t))
    first = torch_step(torch, theirs, forward, b_t)[0].detach().numpy()
    np.testing.assert_allclose(result[0], first.transpose(0, 2, 3, 1).reshape(m, 9), atol=1e-12)
