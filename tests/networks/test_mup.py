"""Parameterisations of the width: their sizes, bad input."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import mup
from refimpl.networks.mup import ABC

MUP = mup.abc_mup(2)


@given(num_hidden=st.integers(1, 9), optimizer=st.sampled_from(mup.OPTIMIZERS))
def test_every_parameterisation_has_a_row_for_each_layer(num_hidden: int, optimizer: str) -> None:
    for abc in (mup.abc_mup(num_hidden, optimizer), mup.abc_standard(num_hidden), mup.abc_ntk(num_hidden)):
        assert len(abc.a) == len(abc.b) == num_hidden + 1
        assert np.size(abc.c) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mup.abc_mup(0), ValueError, "num_hidden must be >= 1, got 0"),
        (lambda: mup.abc_mup(2.0), TypeError, "num_hidden must be an integer, got 2.0"),
        (lambda: mup.abc_mup(True), TypeError, "num_hidden must be an integer"),
        (lambda: mup.abc_mup(2, "adagrad"), ValueError, "optimizer must be one of 'sgd', 'adam'"),
        (lambda: mup.abc_standard(-1), ValueError, "num_hidden must be >= 1, got -1"),
        (lambda: mup.abc_standard("2"), TypeError, "num_hidden must be an integer"),
        (lambda: mup.abc_ntk(None), TypeError, "num_hidden must be an integer"),
        (lambda: mup.at_width(MUP, 0), ValueError, "m must be >= 1, got 0"),
        (lambda: mup.at_width(MUP, 8, 0), ValueError, "base must be >= 1, got 0"),
        (lambda: mup.at_width((1, 2, 3), 8), TypeError, "abc must be an ABC, got tuple"),
        (lambda: mup.at_width(MUP._replace(b=[0.5, 0.5]), 8), ValueError, "abc.b must have shape"),
        (lambda: mup.at_width(MUP._replace(c=np.nan), 8), ValueError, "abc.c must be finite"),
        (lambda: mup.at_width(MUP._replace(c=[0.0]), 8), ValueError, "abc.c must have shape"),
        (lambda: mup.at_width(ABC([0.5], [0.5], 0), 8), ValueError, "abc must have a hidden layer and a readout"),
        (lambda: mup.at_width(MUP._replace(c=None), 8), TypeError, "abc.c must hold real numbers"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
