"""The samplers: shapes, ends, divergence, what they refuse."""

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import sampler
from refimpl.diffusion.marginals import marginal_score
from refimpl.diffusion.sde import sub_vp, ve, vp

MIXTURE = ([0.4, 0.6], [[-1.0, 0.0], [2.0, 1.0]], [[[1.0, 0.2], [0.2, 0.5]], [[0.3, 0.0], [0.0, 0.3]]])


def standard(a, t):
    """Score of N(0, I), which `vp` keeps."""
    return -a


@pytest.mark.parametrize("shape", [(1,), (7, 2), (2, 3, 4)])
def test_shapes(shape):
    rng, a = np.random.default_rng(0), np.ones(shape)
    assert sampler.sample(vp(), standard, shape, 5, rng).shape == shape
    assert sampler.predictor_corrector(ve(), standard, shape, 5, rng).shape == shape
    assert sampler.reverse_step(sub_vp(), standard, a, 1.0, -0.1, a).shape == shape


def test_no_corrections_are_the_plain_sampler():
    score = marginal_score(vp(), *MIXTURE)
    plain = sampler.sample(vp(), score, (9, 2), 6, np.random.default_rng(5))
    corrected = sampler.predictor_corrector(vp(), score, (9, 2), 6, np.random.default_rng(5), num_corrections=0)
    np.testing.assert_array_equal(plain, corrected)


def test_a_time_that_rounding_leaves_below_zero_is_zero():
    t = sum([0.1] * 3)
    assert t - 0.3 > 0
    assert np.isfinite(sampler.reverse_step(vp(), standard, [1.0], 0.3, -t, [1.0])).all()


def test_torch_runs_the_same_steps():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    a, z = np.array([[3.0, -1.0]]), np.array([[0.5, 2.0]])
    on_torch = sampler.probability_flow_step(vp(), standard, torch.tensor(a), 0.5, -0.1)
    np.testing.assert_allclose(on_torch, sampler.probability_flow_step(vp(), standard, a, 0.5, -0.1))
    on_torch = sampler.reverse_step(vp(), standard, torch.tensor(a), 0.5, -0.1, torch.tensor(z))
    np.testing.assert_allclose(on_torch, sampler.reverse_step(vp(), standard, a, 0.5, -0.1, z))


def test_divergence_is_reported_with_the_last_state():
    with pytest.raises(DivergedError) as caught:
        sampler.sample(vp(), lambda a, t: 1e100 * a, (3, 2), 10, np.random.default_rng(0))
    assert np.isfinite(caught.value.last).all()
    with pytest.raises(DivergedError):
        sampler.predictor_corrector(vp(), lambda a, t: 1e300 * a, (3, 2), 10, np.random.default_rng(0))


@pytest.mark.parametrize("corrections", [0, 1, 2])
@pytest.mark.parametrize("good", range(6))
def test_divergence_names_the_last_finite_state_and_its_step(corrections, good):
    calls, states = [], []

    def spoilt(a, t):
        if len(calls) % (corrections + 1) == 0:
            states.append(a.copy())
        calls.append(t)
        return -a if len(calls) <= good else np.nan * a

    with pytest.raises(DivergedError) as caught:
        sampler.predictor_corrector(vp(), spoilt, (3, 2), 7, np.random.default_rng(0), corrections)
    assert caught.value.step == good // (corrections + 1) == len(states) - 1
    np.testing.assert_array_equal(caught.value.last, states[-1])


def test_what_a_score_raises_is_raised_at_once():
    calls = []

    def failing(a, t):
        calls.append(t)
        raise ValueError("mine")

    for run in (sampler.sample, sampler.predictor_corrector):
        with pytest.raises(ValueError, match="mine"):
            run(vp(), failing, (3, 2), 7, np.random.default_rng(0))
    assert calls == [1.0, 1.0]


GOOD = {
    "sde": vp(),
    "score": standard,
    "a": [[1.0, 2.0]],
    "t": 0.5,
    "dt": -0.1,
    "z": [[0.0, 0.0]],
    "r": 0.1,
    "shape": (3, 2),
    "num_steps": 4,
    "rng": np.random.default_rng(0),
    "t_end": 0.1,
}

BAD = [
    ({"sde": None}, "sde must be an SDE"),
    ({"score": 1.0}, "score must be callable"),
    ({"score": lambda a, t: a[..., :1]}, "score must return"),
    ({"a": [[np.nan, 1.0]]}, "a must be finite"),
    ({"t": 0.0}, "t must be > 0 and <= 1, got 0"),
    ({"t": -0.1}, "t must be > 0 and <= 1, got -0.1"),
    ({"t": 1.1}, "t must be > 0 and <= 1, got 1.1"),
    ({"t": np.nan}, "t must be finite"),
    ({"dt": 0.0}, "dt must"),
    ({"dt": -0.6}, "dt must"),
    ({"dt": "x"}, "dt must be a real number"),
    ({"z": [[0.0]]}, "z must have shape"),
    ({"r": 0.0}, "r must be > 0"),
    ({"shape": 3}, "shape must be a tuple of sizes"),
    ({"shape": ()}, "shape must be a tuple of sizes"),
    ({"shape": (3, 0)}, r"shape\[1\] must be >= 1"),
    ({"shape": (3, 2.0)}, r"shape\[1\] must be an integer"),
    ({"num_steps": 0}, "num_steps must be >= 1"),
    ({"rng": None}, "rng must be a numpy.random.Generator"),
    ({"t_end": 1.5}, "t_end must be"),
]

FUNCTIONS = [
    sampler.reverse_step,
    sampler.velocity,
    sampler.probability_flow_step,
    sampler.corrector_step,
    sampler.sample,
    sampler.predictor_corrector,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize(("bad", "message"), BAD)
def test_bad_input_is_refused(function, bad, message):
    if set(bad) <= set(function.domains):
        arguments = {name: value for name, value in (GOOD | bad).items() if name in function.domains}
        with pytest.raises((TypeError, ValueError), match=message):
            function(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampler.reverse_step(vp(), standard, [1.0], 0.5, 0.1, [0.0]), "dt must be < 0, got 0.1"),
        (lambda: sampler.probability_flow_step(vp(), standard, [1.0], 0.5, 0.6), "dt must lead"),
        (lambda: sampler.probability_flow_step(vp(), standard, [1.0], 0.5, -0.6), "dt must lead"),
        (lambda: sampler.reverse_step(vp(), standard, [1.0], 0.5, -0.6, [0.0]), "dt must be >= -t"),
    ],
)
def test_other_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
