"""What networks are asked for: converters, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import parameterisations
from refimpl.diffusion.parameterisations import convert


@pytest.mark.parametrize("given", ["score", "noise", "clean", "v"])
@pytest.mark.parametrize("wanted", ["score", "noise", "clean", "v"])
def test_conversions_go_back(given, wanted):
    output, a = np.random.default_rng(0).standard_normal((2, 5, 3))
    there = convert(output, a, 0.7, 0.4, given, wanted)
    np.testing.assert_allclose(convert(there, a, 0.7, 0.4, wanted, given), output, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: convert([1.0], [1.0], 1.0, 0.0, "score", "noise"), "std must be > 0, got 0"),
        (lambda: convert([1.0], [1.0], 1.0, 0.5, "eps", "noise"), "given must be one of"),
        (lambda: convert([1.0], [1.0, 2.0], 1.0, 0.5, "v", "noise"), "a must have shape"),
        (lambda: parameterisations.preconditioning(0.0), "sigma must be > 0"),
        (lambda: parameterisations.preconditioned_denoiser(lambda x, c: x, -1.0), "sigma_data must be > 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
