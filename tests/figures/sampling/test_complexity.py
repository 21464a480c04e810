"""Exact numbers of steps lie below the bounds of the table."""

import numpy as np
import pytest

from figures.sampling import complexity


@pytest.fixture(scope="module")
def data() -> complexity.Data:
    return complexity.data("draft", np.random.default_rng(0))


def test_exact_numbers_of_steps_lie_below_the_bounds(data: complexity.Data) -> None:
    for distance, exact in zip(complexity.DISTANCES, data.exact, strict=True):
        of_distance = [row.distance == distance for row in complexity.complexity_table()]
        assert (data.bounds[of_distance] > exact).all()


def test_the_bounds_are_named_by_their_references(data: complexity.Data) -> None:
    labels = [text.get_text() for axes in complexity.draw(data).axes for text in axes.get_legend().get_texts()]
    assert sum(label.startswith("[") for label in labels) == 9


def test_texts_are_there() -> None:
    assert all(len(text) > 15 for text in (complexity.SLIDE, complexity.CAPTION, complexity.ALT))
