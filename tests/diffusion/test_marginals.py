"""The laws that SDEs make of mixtures: shapes, starts, bad input."""

import numpy as np
import pytest

from refimpl.diffusion.marginals import marginal, marginal_score, marginal_score_divergence
from refimpl.diffusion.sde import SDE, sub_vp, ve, vp

MIXTURE = ([0.4, 0.6], [[-1.0, 0.0], [2.0, 1.0]], [[[1.0, 0.2], [0.2, 0.5]], [[0.3, 0.0], [0.0, 0.3]]])


@pytest.mark.parametrize("sde", [vp(), sub_vp(), ve()], ids=lambda sde: sde.name)
def test_marginals_of_a_mixture_start_as_the_mixture(sde: SDE) -> None:
    for found, given in zip(marginal(sde, 0.0, *MIXTURE), MIXTURE, strict=True):
        np.testing.assert_array_equal(found, given)
    a = np.ones((4, 3, 2))
    assert marginal_score(sde, *MIXTURE)(a, 0.5).shape == a.shape
    assert marginal_score_divergence(sde, *MIXTURE)(a, 0.5).shape == a.shape[:-1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: marginal(vp(), -0.5, *MIXTURE), "t must be >= 0"),
        (lambda: marginal(vp, 0.5, *MIXTURE), "sde must be an SDE"),
        (lambda: marginal(vp(), 0.5, [0.5, 0.6], *MIXTURE[1:]), "weights must sum to 1"),
        (lambda: marginal_score(vp(), *MIXTURE)([1.0, 2.0], 1.5), "t must be >= 0 and <= 1, got 1.5"),
        (lambda: marginal_score(vp(), *MIXTURE)([1.0], 0.5), "shape"),
        (lambda: marginal_score_divergence("vp", *MIXTURE), "sde must be an SDE"),
    ],
)
def test_bad_input_is_refused(call, message) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()
