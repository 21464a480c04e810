"""What the figure of the phase diagram must show."""

import numpy as np
import pytest

from figures.networks import phase_diagram
from refimpl.networks.phase_diagram import movement_exponent

pytestmark = pytest.mark.usefixtures("cache")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_measured_exponents_are_the_derived_ones(monkeypatch, capsys):
    monkeypatch.setattr(phase_diagram, "GRID", ((0.5, -0.5), (1.0, 0.0), (2.0, 0.0)))
    data = phase_diagram.data("draft", rng())
    derived = [movement_exponent(*place) for place in data.places.tolist()]
    np.testing.assert_allclose(data.slopes, derived, atol=0.35)
    capsys.readouterr()
    np.testing.assert_array_equal(phase_diagram.data("draft", rng(), workers=map).slopes, data.slopes)
    assert capsys.readouterr().err == ""
    assert len(phase_diagram.draw(data).axes) == 2
