"""What the figure of lazy training must show."""

import numpy as np
import pytest

from figures.networks import lazy_training_dynamics

pytestmark = pytest.mark.usefixtures("cache")


def test_lazy_neurons_stay_and_others_leave():
    data = lazy_training_dynamics.data("draft", np.random.default_rng(0))
    assert data.change[1] < data.change[0] < 0.5 < 20 < data.change[2]
    assert data.neurons.shape == (3, 101, 100, 2)
    assert len(lazy_training_dynamics.draw(data).axes) == 3
