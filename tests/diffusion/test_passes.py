"""Numbers of passes: bad input."""

import pytest

from refimpl.diffusion import passes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explicit", 3), "loss must be one of"),
        (("slice", 3), "did you mean 'sliced'"),
        (("sliced", 0), "p must be >= 1, got 0"),
        (("sliced", 1.5), "p must be an integer"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        passes.num_passes(*arguments)
