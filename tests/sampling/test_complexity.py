"""The table of complexities: its text, and bad input; what it says is claimed in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling import complexity


def test_the_table_has_the_cells_of_the_slide():
    cells = [(row.reference.split()[0], row.distance) for row in complexity.complexity_table()]
    assert len(cells) == len(set(cells)) == 10
    docstring = complexity.complexity_table.__doc__
    assert all(row.formula in docstring for row in complexity.complexity_table())
    assert len(complexity.table_text(2, 3.0, 0.1).splitlines()) == 11


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: complexity.complexity_table()[0].steps(1, 1.0, 0.0), "eps must be > 0, got 0.0"),
        (lambda: complexity.steps_on_gaussian([-1.0], 0.1, 0.1, "KL"), "l must be > 0, got -1.0"),
        (
            lambda: complexity.steps_on_gaussian([1.0], 0.1, 0.1, "W2"),
            "distance must be one of 'W₂', 'TV', 'KL', got 'W2'",
        ),
        (lambda: complexity.steps_on_gaussian([1.0], np.inf, 0.1, "KL"), "eta must be finite, got inf"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
