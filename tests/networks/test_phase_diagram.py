"""The phase diagram of two-layer networks: several networks, purity, bad input."""

import re

import numpy as np
import pytest

from refimpl.networks import phase_diagram
from refimpl.networks.initialization import Scales, sample_weights

UNIT = Scales(1.0, 1.0, 1.0, 1.0)


def problem(k=None, p=3, m=4, L=2, n=5):
    rng, leading = np.random.default_rng(0), () if k is None else (k,)
    weights = sample_weights(UNIT, p, m, L, rng, num_networks=k)
    return weights, rng.standard_normal((*leading, n, p)), rng.standard_normal((*leading, n))


def test_several_networks_are_so_many_single_ones():
    weights, a, b = problem(3)
    bounds = phase_diagram.curvature_bound(weights, a, b, 0.5)
    for i in range(3):
        alone = phase_diagram.curvature_bound([X[i] for X in weights], a[i], b[i], 0.5)
        np.testing.assert_allclose(bounds[i], alone, rtol=1e-12)


def test_nothing_is_changed():
    weights, a, b = problem()
    kept = [x.copy() for x in (*weights, a, b)]
    phase_diagram.curvature_bound(weights, a, b)
    assert all(map(np.array_equal, (*weights, a, b), kept))


W, A, B = problem()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: phase_diagram.curvature_bound(problem(L=3)[0], A, B), "weights must be those of L = 2 layers, got 3"),
        (lambda: phase_diagram.exponents("xaver"), "did you mean 'xavier'?"),
        (lambda: phase_diagram.regime(np.nan, 0.0), "gamma must be finite, got nan"),
        (lambda: phase_diagram.scales_at(1.0, 0.0, 0), "m must be >= 1, got 0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_places_are_of_scales():
    with pytest.raises(TypeError, match="exponents must be Scales of exponents"):
        phase_diagram.place("lecun")
