"""What the figure of the trap must show."""

import numpy as np
import pytest

from figures.minimax import mixed_nash


@pytest.fixture(scope="module")
def data():
    return mixed_nash.data("draft", np.random.default_rng(0))


def test_all_start_at_one_point(data):
    for method in mixed_nash.LOOKS:
        np.testing.assert_allclose(getattr(data, method)[0], mixed_nash.START, rtol=1e-14)


@pytest.mark.parametrize("method", ["gda", "eg"])
def test_gradient_methods_end_in_the_trap(data, method):
    assert abs(getattr(data, method)[-1].prod() - 0.5) < 1e-3
    assert abs(getattr(data, f"{method}_payoff")[-1] - 0.25) < 1e-6


def test_langevin_play_gathers_omega_at_zero_and_leaves_x_spread(data):
    spread = np.sqrt((data.particles**2).mean(0))
    assert spread[0] > 0.7
    assert spread[1] < 0.5
    assert abs(data.langevin[-1, 1]) < 0.3
    assert -0.25 < data.langevin_payoff[len(data.langevin) // 2 :].mean() < 0.05


def test_level_sets_are_those_of_the_game(data):
    x, omega = np.meshgrid(data.grid, data.grid)
    np.testing.assert_allclose(data.payoff, x * omega * (1 - x * omega), atol=1e-13)


def test_everything_is_drawn(data):
    plane, payoff, key = mixed_nash.draw(data).axes
    labels = {line.get_label() for line in plane.get_lines()}
    assert {look["label"] for look in mixed_nash.LOOKS.values()} <= labels
    assert any("critical curve" in label for label in labels)
    assert len(payoff.get_lines()) == 5
    assert payoff.get_ylim()[0] < data.langevin_payoff.min()
    assert key.get_yticks().tolist() == mixed_nash.LEVELS


def test_no_two_methods_look_alike_without_colour():
    assert len({look["linestyle"] for look in mixed_nash.LOOKS.values()}) == len(mixed_nash.LOOKS)
