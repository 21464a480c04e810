"""Chains fill the modes of a mixture."""

import numpy as np
import pytest

from figures.sampling import langevin_chains


@pytest.fixture(scope="module")
def data() -> langevin_chains.Data:
    return langevin_chains.data("draft", np.random.default_rng(0))


def test_chains_fill_the_modes_by_their_weights(data: langevin_chains.Data) -> None:
    np.testing.assert_array_equal(data.paths[0], langevin_chains.STARTS)
    np.testing.assert_allclose(langevin_chains.shares(data.last), langevin_chains.WEIGHTS, atol=0.12)


def test_the_picture_is_drawn(data: langevin_chains.Data) -> None:
    assert langevin_chains.draw(data).axes


def test_texts_are_there() -> None:
    assert all(len(text) > 15 for text in (langevin_chains.SLIDE, langevin_chains.CAPTION, langevin_chains.ALT))
