"""Exact laws of the samplers on Gaussians: many coordinates at once, bad input."""

import numpy as np
import pytest

from refimpl.diffusion.gaussian_law import ancestral_denoising_law, denoising_law, flow_law, reverse_law
from refimpl.diffusion.sde import vp


def test_laws_of_many_coordinates_at_once():
    m, v, sigmas = np.array([1.0, 2.0]), np.array([0.5, 3.0]), [4.0, 2.0, 1.0, 0.0]
    for law in (denoising_law, ancestral_denoising_law):
        mean, variance = law(m, v, sigmas, 0.0, 16.0)
        for i in range(2):
            assert law(m[i], v[i], sigmas, 0.0, 16.0) == (mean[i], variance[i])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: denoising_law(0.0, -1.0, [2.0, 1.0], 0.0, 1.0), "v must be >= 0, got -1"),
        (lambda: denoising_law(0.0, 1.0, [1.0, 2.0], 0.0, 1.0), "sigmas must be two"),
        (lambda: ancestral_denoising_law(0.0, 1.0, [2.0, 1.0], 0.0, -2.0), "v0 must be >= 0, got -2"),
        (lambda: ancestral_denoising_law(np.nan, 1.0, [2.0, 1.0], 0.0, 2.0), "m must be finite"),
        (lambda: reverse_law(vp(), 0.0, -1.0, [1.0, 0.5], 0.0, 1.0), "v must be >= 0"),
        (lambda: flow_law(vp(), 0.0, 1.0, [0.5, 1.0], 0.0, 1.0), "times must be two"),
        (lambda: flow_law(1, 0.0, 1.0, [1.0, 0.5], 0.0, 1.0), "sde must be an SDE"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
