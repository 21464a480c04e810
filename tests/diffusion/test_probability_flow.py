"""The probability flow: shapes, ends, divergence, bad input."""

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import probability_flow
from refimpl.diffusion.marginals import marginal_score
from refimpl.diffusion.sde import vp

MIXTURE = ([0.4, 0.6], [[-1.0, 0.0], [2.0, 1.0]], [[[1.0, 0.2], [0.2, 0.5]], [[0.3, 0.0], [0.0, 0.3]]])


def standard(a, t):
    """Score of N(0, I), which `vp` keeps."""
    return -a


def minus_p(a, t):
    """Its divergence."""
    return -np.full(a.shape[:-1], a.shape[-1])


@pytest.mark.parametrize("shape", [(1,), (7, 2), (2, 3, 4)])
def test_shapes(shape):
    a = np.ones(shape)
    assert probability_flow.solve_flow(vp(), standard, a, 1.0, 0.5).shape == shape
    assert probability_flow.log_likelihood(vp(), standard, minus_p, a).shape == shape[:-1]
    for method in ("euler", "heun", "ddim"):
        assert probability_flow.flow(vp(), standard, a, [1.0, 0.7, 0.3], method).shape == shape


def test_ddim_and_euler_may_end_at_time_zero():
    score = marginal_score(vp(), *MIXTURE)
    for method in ("euler", "ddim"):
        assert np.isfinite(probability_flow.flow(vp(), score, [[1.0, 2.0]], [1.0, 0.5, 0.0], method)).all()


def test_a_time_that_rounding_leaves_below_zero_is_zero():
    t = sum([0.1] * 3)
    assert t - 0.3 > 0
    assert np.isfinite(probability_flow.ddim_step(vp(), standard, [1.0], 0.3, -t)).all()


def test_torch_runs_the_same_steps():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    a = np.array([[3.0, -1.0]])
    for step in (probability_flow.heun_step, probability_flow.ddim_step):
        np.testing.assert_allclose(step(vp(), standard, torch.tensor(a), 0.5, -0.1), step(vp(), standard, a, 0.5, -0.1))


def test_divergence_is_reported():
    with pytest.raises(DivergedError):
        probability_flow.flow(vp(), lambda a, t: a * np.nan, [[1.0]], [1.0, 0.5])


def test_ddim_with_noise_runs_on_batches_and_on_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    a = z = np.ones((2, 3, 4))
    expected = probability_flow.ddim_step(vp(), standard, a, 0.5, -0.1, eta=0.5, z=z)
    assert expected.shape == a.shape
    there = probability_flow.ddim_step(vp(), standard, torch.tensor(a), 0.5, -0.1, eta=0.5, z=torch.tensor(z))
    np.testing.assert_allclose(there, expected, rtol=1e-14)


@pytest.mark.parametrize("score", [lambda a, t: 100 * a**3, lambda a, t: np.nan * a], ids=["blows up", "nan"])
def test_a_flow_that_cannot_be_followed_is_an_error(score):
    with pytest.raises(ArithmeticError, match="could not be followed"):
        probability_flow.solve_flow(vp(), score, [[1.0]], 1.0, 0.5)


GOOD = {
    "sde": vp(),
    "score": standard,
    "a": [[1.0, 2.0]],
    "t": 0.5,
    "dt": -0.1,
    "times": [1.0, 0.5],
    "divergence": minus_p,
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
    ({"times": [1.0, 1.0]}, "times must be two numbers or more, falling"),
    ({"times": [1.5, 1.0]}, "times must be two numbers or more, falling, >= 0 and <= 1"),
    ({"times": [0.5, -0.1]}, "times must be two numbers or more, falling"),
    ({"divergence": 2.0}, "divergence must be callable"),
    ({"divergence": lambda a, t: a}, "divergence must return shape"),
    ({"log_prior": lambda a: a}, "log_prior must return shape"),
    ({"t_end": 1.5}, "t_end must be"),
]

FUNCTIONS = [
    probability_flow.heun_step,
    probability_flow.ddim_step,
    probability_flow.flow,
    probability_flow.solve_flow,
    probability_flow.log_likelihood,
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
        (lambda: probability_flow.heun_step(vp(), standard, [1.0], 0.5, -0.5), "dt must be > -t"),
        (lambda: probability_flow.flow(vp(), standard, [1.0], [1.0, 0.5], "rk4"), "method must be one of"),
        (
            lambda: probability_flow.ddim_step(vp(), standard, [1.0], 0.5, -0.1, eta=1.5, z=[0.0]),
            "eta must be >= 0 and",
        ),
        (
            lambda: probability_flow.ddim_step(vp(), standard, [1.0], 0.5, -0.1, eta=0.5),
            "z must be given where eta > 0",
        ),
        (
            lambda: probability_flow.ddim_step(vp(), standard, [1.0], 0.5, 0.1, eta=0.5, z=[0.0]),
            "eta must be 0 where dt",
        ),
        (
            lambda: probability_flow.ddim_step(vp(), standard, [1.0], 0.5, -0.1, eta=0.5, z=[0.0, 1.0]),
            "z must have shape",
        ),
        (lambda: probability_flow.solve_flow(vp(), standard, [1.0], 1.0, 0.0), "t_end must be > 0"),
        (lambda: probability_flow.solve_flow(vp(), standard, [1.0], 1.0, 0.5, rtol=0.0), "rtol must be > 0"),
    ],
)
def test_other_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
