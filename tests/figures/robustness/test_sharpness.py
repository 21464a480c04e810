"""What the figure of sharpness must show."""

import numpy as np
import pytest

from figures.robustness import sharpness as figure


def test_sam_ends_flat_in_the_valley_and_aside_of_the_sharp_well():
    data = figure.data("draft", np.random.default_rng(0))
    np.testing.assert_allclose(data.sam[-1], 1, atol=0.1)
    assert data.descent_trace[-1].min() > 1.5 * data.sam_trace[-1].max()
    assert data.line[data.worst.argmin()] == pytest.approx(1.5, abs=0.05)
    assert data.line[data.loss.argmin()] == pytest.approx(data.descent_end[0], abs=0.05)
    assert data.sam_end[0] - data.descent_end[0] == pytest.approx(1, abs=0.01)
    assert len(figure.draw(data).axes) == 3
