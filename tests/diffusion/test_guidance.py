"""Guided scores and the laws that they sample: limits, batches, other libraries, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import guidance
from refimpl.diffusion.guidance import classifier_free_score, classifier_guided_score, mixture_classifier_gradient

LAWS = [guidance.tilted_law, guidance.guided_flow_law, guidance.guided_diffusion_law]
MIXTURE = [0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [np.eye(2), 2 * np.eye(2)]


def first(a, t):
    return -a * t


def second(a, t):
    return 1 + 0 * a


@pytest.mark.parametrize("law", LAWS, ids=lambda one: one.__name__)
def test_no_guidance_samples_the_condition(law):
    np.testing.assert_allclose(law(0.7, 0.4, 1.3, 0.0), (0.7, 0.4), rtol=1e-14)


@pytest.mark.parametrize("law", LAWS, ids=lambda one: one.__name__)
def test_equal_variances_shift_only(law):
    np.testing.assert_allclose(law(0.7, 0.4, 0.4, 2.0), (2.1, 0.4), rtol=1e-14)


def test_limits_of_the_integrals():
    near, at = (guidance.guided_diffusion_law(0.5, 1.0, 2.0, w) for w in (-0.5 + 1e-9, -0.5))
    np.testing.assert_allclose(near, at, rtol=1e-8)
    np.testing.assert_allclose(guidance.guided_diffusion_law(0.5, 1.0, 2.0, -1.0).mean, 0, atol=1e-15)
    assert all(np.isfinite(law(1.0, 1e-3, 1.0, 10.0)).all() for law in LAWS)


def test_guided_scores_take_batches_and_stay_linear():
    a = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_allclose(classifier_free_score(first, second, 2.0)(a, 0.5), -1.5 * a - 2)
    np.testing.assert_allclose(classifier_guided_score(first, second, 2.0)(a, 0.5), -0.5 * a + 2)


def test_guided_scores_run_on_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    guided = classifier_free_score(first, second, 1.0)(torch.tensor([1.0, 2.0]), 0.5)
    np.testing.assert_allclose(guided.numpy(), [-2.0, -3.0])


def test_classifier_gradients_of_all_classes_average_to_zero():
    x = np.array([[0.3, -0.2], [1.0, 4.0]])
    gradients = [mixture_classifier_gradient(x, y, *MIXTURE) for y in (0, 1)]
    distance = [((x - mean) ** 2).sum(1) for mean in MIXTURE[1]]
    joint = np.stack([np.exp(-distance[0] / 2), np.exp(-distance[1] / 4) / 2])
    np.testing.assert_allclose(((joint / joint.sum(0))[..., None] * gradients).sum(0), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (classifier_free_score, (None, second, 1.0), "score_cond must be callable"),
        (classifier_free_score, (first, 1.0, 1.0), "score_uncond must be callable"),
        (classifier_free_score, (first, second, np.nan), "w must be finite"),
        (classifier_free_score, (first, second, "1"), "w must be a real number"),
        (classifier_guided_score, ("s", second, 1.0), "score must be callable"),
        (classifier_guided_score, (first, None, 1.0), "grad_log_classifier must be callable"),
        (classifier_guided_score, (first, second, np.inf), "scale must be finite"),
        (mixture_classifier_gradient, ([0.0, 0.0], 2, *MIXTURE), "y must be < 2, the number of components, got 2"),
        (mixture_classifier_gradient, ([0.0, 0.0], -1, *MIXTURE), "y must be >= 0"),
        (mixture_classifier_gradient, ([0.0], 0, *MIXTURE), "means must have shape"),
        (guidance.tilted_law, (0.0, 2.0, 1.0, 1.5), r"w must leave \(1 \+ w\)/v − w/V > 0"),
        (guidance.guided_flow_law, (0.0, 0.0, 1.0, 1.0), "v must be > 0, got 0"),
        (guidance.guided_diffusion_law, (0.0, 1.0, -1.0, 1.0), "V must be > 0, got -1"),
        (guidance.guided_flow_law, (np.nan, 1.0, 1.0, 1.0), "m must be finite"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
