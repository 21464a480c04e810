"""Scores as denoisers, and back: round trips, bad input."""

import numpy as np
import pytest

from refimpl.diffusion.marginals import marginal_score
from refimpl.diffusion.scores_and_denoisers import denoiser_from_score, score_from_denoiser, time_of
from refimpl.diffusion.sde import sub_vp, ve, vp

MIXTURE = ([0.4, 0.6], [[-1.0, 0.0], [2.0, 1.0]], [[[1.0, 0.2], [0.2, 0.5]], [[0.3, 0.0], [0.0, 0.3]]])


def standard(a, t):
    """Score of N(0, I), which `vp` keeps."""
    return -a


@pytest.mark.parametrize("sde", [vp(), sub_vp(), ve()], ids=lambda sde: sde.name)
def test_denoisers_and_scores_go_back(sde):
    score = marginal_score(sde, *MIXTURE)
    back = score_from_denoiser(sde, denoiser_from_score(sde, score))
    a = np.random.default_rng(0).standard_normal((5, 2))
    for t in (1e-3, 0.1, 0.5, 1.0):
        scale, std = sde.kernel(t)
        assert time_of(sde, std / scale) == pytest.approx(t, rel=1e-12)
        np.testing.assert_allclose(back(a, t), score(a, t), rtol=1e-12, atol=50 * np.finfo(float).eps / std**2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: time_of(vp(), 1e5), "sigma must be <= std/scale at T"),
        (lambda: time_of(vp(), 0.0), "sigma must be > 0"),
        (lambda: score_from_denoiser(vp(), lambda x, sigma: x)([1.0], 0.0), "t must be > 0 and <= 1, got 0"),
        (lambda: denoiser_from_score(None, standard), "sde must be an SDE"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
