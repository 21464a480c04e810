"""Scores of a mixture with 100 components at 100,000 points, against the plain broadcast formula."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from refimpl.calculus.mixtures import mixture_score_jacobian
from refimpl.diffusion.tweedie import mixture_score

COMPONENTS, POINTS = 100, 100_000


def plain_score(x: np.ndarray, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Σ_k r_k Σ_k⁻¹(μ_k − x), all components and points in one array."""
    gap = means - x[:, None]
    g = np.einsum("kij,nkj->nki", np.linalg.inv(covariances), gap)
    log_joint = np.log(weights) - (g * gap).sum(-1) / 2 - np.linalg.slogdet(covariances)[1] / 2
    r = np.exp(log_joint - log_joint.max(1, keepdims=True))
    return np.einsum("nk,nki->ni", r / r.sum(1, keepdims=True), g)


def instance(p: int) -> tuple[np.ndarray, ...]:
    """Points, weights, means and covariances."""
    rng = np.random.default_rng(p)
    Q = rng.standard_normal((COMPONENTS, p, p))
    weights, means = rng.dirichlet(np.ones(COMPONENTS)), 3 * rng.standard_normal((COMPONENTS, p))
    return 3 * rng.standard_normal((POINTS, p)), weights, means, Q @ Q.mT + 0.3 * np.eye(p)


def test_mixture_score_against_the_plain_formula(race: Callable) -> None:
    mixture = instance(2)
    score = race(lambda: mixture_score(*mixture), repetitions=3, plain=lambda: plain_score(*mixture))
    np.testing.assert_allclose(score, plain_score(*mixture), atol=1e-10)


@pytest.mark.parametrize("function", [mixture_score, mixture_score_jacobian])
def test_memory_beyond_the_result_stays_within_20_megabytes(function: Callable) -> None:
    mixture = instance(2)
    tracemalloc.start()
    result = function(*mixture)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - 2 * result.nbytes < 20e6
