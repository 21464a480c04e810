"""Training steps of an MLP under μP against torch in eager mode: the formula that drivers run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from refimpl.arguments.domains import bare
from refimpl.networks import mup
from refimpl.networks.mup_training import parameters, random_weights, start, train_step

P, K, BATCH, ETA, STEPS = 784, 10, 64, 0.01, 5
step = bare(train_step)


@pytest.mark.parametrize("m", [64, 256, 1024])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_step_against_torch(race: Callable, m: int, optimizer: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    abc, rng = mup.abc_mup(2, optimizer), np.random.default_rng(0)
    weights = random_weights(abc, P, m, K, rng)
    data = [(rng.standard_normal((BATCH, P)), rng.integers(0, K, BATCH)) for _ in range(STEPS)]
    tensors = [tuple(map(torch.tensor, pair)) for pair in data]

    def ours() -> Any:
        state = start(weights, optimizer)
        for a, y in data:
            state, _ = step(abc, state, a, y, ETA)
        return parameters(state)

    def peer() -> Any:
        return torch_steps(torch, abc, weights, tensors, optimizer)

    for one, other in zip(race(ours, repetitions=5, torch=peer), peer(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def torch_steps(
    torch: Any, abc: mup.ABC, weights: Any, data: list[tuple[Any, Any]], optimizer: str
) -> list[np.ndarray]:
    """The same steps by torch."""
    scaling = mup.at_width(abc, len(weights[0]))
    W = [torch.nn.Parameter(torch.tensor(one)) for one in weights]
    groups = [
        {"params": [one], "lr": ETA * r, **({"eps": 1e-8 * k} if optimizer == "adam" else {})}
        for one, k, r in zip(W, scaling.multiplier, scaling.rate, strict=True)
    ]
    optimize = (torch.optim.SGD if optimizer == "sgd" else torch.optim.Adam)(groups)
    for a, y in data:
        for l, (one, k) in enumerate(zip(W, scaling.multiplier, strict=True)):
            a = (torch.relu(a) if l else a) @ (one if k == 1 else k * one).T
        optimize.zero_grad()
        torch.nn.functional.cross_entropy(a, y).backward()
        optimize.step()
    return [one.detach().numpy() for one in W]
