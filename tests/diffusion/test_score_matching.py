"""The losses of score matching: values, shapes, what they may be differentiated by, bad input."""

import autograd
import autograd.numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.calculus.mixtures import mixture_score_jacobian
from refimpl.diffusion import score_matching
from refimpl.diffusion.tweedie import mixture_score

MIXTURE = ([0.3, 0.7], [[0.0, 1.0], [3.0, 0.0]], [0.01 * np.eye(2)] * 2)


def narrow(a):
    return mixture_score(a, *MIXTURE)


def on_narrow_modes():
    rng = np.random.default_rng(0)
    return np.array(MIXTURE[1])[rng.integers(2, size=50)] + 0.1 * rng.standard_normal((50, 2))


def test_trace_of_a_sharp_score():
    a = on_narrow_modes()
    trace = np.trace(mixture_score_jacobian(a, *MIXTURE), axis1=1, axis2=2)
    expected = ((narrow(a) ** 2).sum(-1) / 2 + trace).mean()
    assert score_matching.implicit_loss(narrow, a) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("module", [np, autograd.numpy])
def test_models_in_numpy_and_in_autograd(module):
    a = np.random.default_rng(1).standard_normal((5, 3))
    expected = (np.tanh(a) ** 2 / 2 + 1 - np.tanh(a) ** 2).sum(-1).mean()
    assert score_matching.implicit_loss(lambda a: module.tanh(a), a) == pytest.approx(expected, rel=1e-13)
    along = score_matching.sliced_loss(lambda a: module.tanh(a), a, np.eye(3)[[0] * 5])
    expected = (np.tanh(a) ** 2 / 2 + 1 - np.tanh(a) ** 2)[:, 0].mean()
    assert along == pytest.approx(expected, rel=1e-13)


@settings(deadline=None, max_examples=25)
@given(batch=st.lists(st.integers(1, 3), max_size=3), p=st.integers(1, 4))
def test_every_batch_gives_one_number(batch, p):
    a = np.ones((*batch, p))
    assert score_matching.explicit_loss(np.negative, lambda a: -2 * a, a) == pytest.approx(p / 2)
    assert score_matching.implicit_loss(np.negative, a) == pytest.approx(-p / 2)
    assert score_matching.sliced_loss(np.negative, a, a) == pytest.approx(p**2 / 2 - p)
    assert score_matching.variance_reduced_sliced_loss(np.negative, a, a) == pytest.approx(-p / 2)
    assert score_matching.denoising_loss(np.negative, a, a, 2.0) == pytest.approx(p * 2.5**2 / 2)


def test_several_directions_and_noises_for_each_sample():
    rng = np.random.default_rng(2)
    a, v = rng.standard_normal((4, 3)), rng.standard_normal((7, 4, 3))
    one_by_one = np.mean([score_matching.sliced_loss(np.sin, a, u) for u in v])
    assert score_matching.sliced_loss(np.sin, a, v) == pytest.approx(one_by_one, rel=1e-13)
    one_by_one = np.mean([score_matching.denoising_loss(np.sin, a, u, 0.3) for u in v])
    assert score_matching.denoising_loss(np.sin, a, v, 0.3) == pytest.approx(one_by_one, rel=1e-13)


def test_denoising_loss_is_differentiated_through_and_runs_on_tensors():
    a, z = np.array([[1.0, 2.0]]), np.array([[0.5, -1.0]])
    slope = autograd.grad(lambda c: score_matching.denoising_loss(lambda x: c * x, a, z, 0.5))(-1.0)
    noisy = a + 0.5 * z
    assert slope == pytest.approx(((-noisy + z / 0.5) * noisy).sum())
    torch = pytest.importorskip("torch", reason="torch is not installed")
    on_torch = score_matching.denoising_loss(torch.neg, torch.tensor(a), torch.tensor(z), 0.5)
    assert float(on_torch) == pytest.approx(score_matching.denoising_loss(np.negative, a, z, 0.5))
    with pytest.raises(TypeError, match="a must be a NumPy array"):
        score_matching.implicit_loss(torch.neg, torch.tensor(a))


def test_samples_stay_as_they_were():
    a, v = np.ones((2, 3)), np.full((2, 3), 2.0)
    score_matching.sliced_loss(np.negative, a, v)
    score_matching.denoising_loss(np.negative, a, v, 1.0)
    np.testing.assert_array_equal(a, np.ones((2, 3)))
    np.testing.assert_array_equal(v, np.full((2, 3), 2.0))


GOOD = {"score": np.negative, "target_score": np.negative, "a": np.ones((3, 2)), "v": np.ones((3, 2))}
GOOD |= {"z": np.ones((3, 2)), "sigma": 1.0}
LOSSES = [getattr(score_matching, name) for name in vars(score_matching) if name.endswith("_loss")]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"a": [[1.0, np.nan]]}, "a must be finite, got nan"),
        ({"a": []}, "a must not be empty"),
        ({"a": 1.0}, r"a must have shape \(\.\.\., p\)"),
        ({"a": [["x"]]}, "a must hold real numbers"),
        ({"score": 1.0}, "score must be callable"),
        ({"score": lambda a: a[..., :1]}, "score must return shape"),
        ({"score": lambda a: a * np.nan}, "score must return finite values, got nan"),
        ({"target_score": None}, "target_score must be callable"),
        ({"v": np.ones((3, 3))}, r"v must have shape \(\.\.\., p\) with p = 2"),
        ({"v": np.ones((2, 2))}, r"v must have the shape of a, \(3, 2\), .* got \(2, 2\)"),
        ({"z": np.ones((2, 2))}, r"z must have the shape of a, \(3, 2\), .* got \(2, 2\)"),
        ({"z": np.full((3, 2), np.inf)}, "z must be finite"),
        ({"sigma": 0.0}, "sigma must be > 0, got 0"),
        ({"sigma": "1"}, "sigma must be a real number"),
    ],
)
def test_bad_input_is_refused(loss, bad, message):
    if set(bad) <= set(loss.domains):
        with pytest.raises((TypeError, ValueError), match=message):
            loss(**{name: value for name, value in (GOOD | bad).items() if name in loss.domains})


def test_a_model_that_cannot_be_differentiated_is_refused():
    with pytest.raises(TypeError, match="must be differentiable"):
        score_matching.implicit_loss(lambda a: np.array([[float(str(x)) for x in row] for row in a.tolist()]), [[1.0]])


def test_sliced_losses_take_complex_steps_where_a_score_allows_nothing_else():
    def score(a):
        if not isinstance(a, np.ndarray):
            raise TypeError("NumPy alone")
        return -a * a

    a, v = np.array([[1.0, 3.0]]), np.array([[1.0, -1.0]])
    assert score_matching.implicit_loss(score, a) == (1 + 81) / 2 - 8
    assert score_matching.sliced_loss(score, a, v) == -8 + 64 / 2
    assert score_matching.variance_reduced_sliced_loss(score, a, v) == -8 + 82 / 2
