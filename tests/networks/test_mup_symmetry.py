"""Equivalent parameterisations: tables of the sizes of the layers, shifts that add up, bad input."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.networks import mup, mup_symmetry

MUP = mup.abc_mup(2)


@given(num_hidden=st.integers(1, 9), optimizer=st.sampled_from(mup.OPTIMIZERS))
def test_every_table_has_a_row_for_each_layer(num_hidden: int, optimizer: str) -> None:
    tables = [mup_symmetry.mup_table(number, num_hidden, optimizer) for number in ("3", "8", "9")]
    for abc in tables:
        assert len(abc.a) == len(abc.b) == np.size(abc.c) == num_hidden + 1
    for abc in (mup.abc_mup(num_hidden, optimizer), *tables):
        np.testing.assert_allclose(mup_symmetry.update_exponents(abc, optimizer), 0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(theta=st.lists(st.floats(-1, 1), min_size=3, max_size=3), optimizer=st.sampled_from(mup.OPTIMIZERS))
def test_shifts_add_up(theta: list[float], optimizer: str) -> None:
    abc, shift = mup.abc_mup(2, optimizer), np.array(theta)
    back = mup_symmetry.shifted(mup_symmetry.shifted(abc, shift, optimizer), -shift, optimizer)
    for one, other in zip(back, abc, strict=True):
        np.testing.assert_allclose(one, np.broadcast_to(other, np.shape(one)), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mup_symmetry.mup_table(4, 2), ValueError, "number must be one of '3', '8', '9'"),
        (lambda: mup_symmetry.shifted(MUP, [0.5, 0.5]), ValueError, "theta must have shape"),
        (lambda: mup_symmetry.shifted(MUP, np.inf), ValueError, "theta must be finite"),
        (lambda: mup_symmetry.shifted(MUP, [[1.0], [1.0, 2.0]]), ValueError, "theta must be an array"),
        (lambda: mup_symmetry.shifted(MUP, MUP), ValueError, "theta must be an array"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
