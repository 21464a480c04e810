"""An iteration of Adam on the 25 Gaussians (two critic gradients with penalty, one of the generator) against torch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from refimpl.backpropagation.layers import unflatten
from refimpl.backpropagation.optimizers import adam_start
from refimpl.minimax.gan import Gan, Players, random_draw, random_players
from refimpl.minimax.gan_algorithms import adam_round

ALPHA, ITERATIONS = 1e-3, 20


@pytest.mark.parametrize("hidden", [64, 128])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_iteration_against_torch(race: Callable, hidden: int, precision: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    gan = Gan((2, hidden, hidden, 2), (2, hidden, hidden, 1))
    rng = np.random.default_rng(0)
    start = random_players(gan, rng)
    draws = [random_draw(gan, rng) for _ in range(ITERATIONS)]
    dtype = getattr(torch, precision)
    torch_draws = [[torch.tensor(part, dtype=dtype) for part in draw] for draw in draws]

    def peer() -> Any:
        return torch_adam(torch, gan, start, torch_draws, dtype)

    result = race(lambda: adam_round(gan, Players(*map(adam_start, start)), draws, ALPHA), repetitions=5, torch=peer)
    if precision == "float64":
        np.testing.assert_allclose(result.x.x, peer(), atol=1e-9)


def torch_adam(torch: Any, gan: Gan, start: Players, draws: list[list[Any]], dtype: Any) -> np.ndarray:
    """The same iterations by torch; returns the generator's parameters."""
    h, d = (
        torch_network(torch, x, widths, dtype)
        for x, widths in zip(start, (gan.generator_widths, gan.critic_widths), strict=True)
    )
    on_h, on_d = (torch.optim.Adam(net.parameters(), ALPHA, (0.5, 0.9)) for net in (h, d))
    for real, omega_y, u, _, omega_x, _ in draws:
        for k in range(gan.critic_steps):
            with torch.no_grad():
                fake = h(omega_y[k])
            mixed = (u[k] * real[k] + (1 - u[k]) * fake).requires_grad_()
            (g,) = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
            loss = d(fake).mean() - d(real[k]).mean() + gan.penalty * ((g.norm(dim=1) - 1) ** 2).mean()
            on_d.zero_grad()
            loss.backward()
            on_d.step()
        on_h.zero_grad()
        (-d(h(omega_x)).mean()).backward()
        on_h.step()
    return torch.cat([p.detach().ravel() for p in h.parameters()]).numpy()


def torch_network(torch: Any, x: np.ndarray, widths: tuple[int, ...], dtype: Any) -> Any:
    """A torch network with the given parameters."""
    modules: list[Any] = []
    for W, b in unflatten(x, widths):
        linear = torch.nn.Linear(*W.shape[::-1], dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(W))
            linear.bias.copy_(torch.tensor(b))
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])
