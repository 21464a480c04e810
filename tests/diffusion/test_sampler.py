"""The samplers: shapes, what they refuse, divergence, and converters between parameterisations."""

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import parameterisations, probability_flow, sampler
from refimpl.diffusion.gaussian_law import flow_law, reverse_law
from refimpl.diffusion.marginals import marginal_score
from refimpl.diffusion.parameterisations import convert
from refimpl.diffusion.scores_and_denoisers import denoiser_from_score, score_from_denoiser, time_of
from refimpl.diffusion.sde import sub_vp, ve, vp

MIXTURE = ([0.4, 0.6], [[-1.0, 0.0], [2.0, 1.0]], [[[1.0, 0.2], [0.2, 0.5]], [[0.3, 0.0], [0.0, 0.3]]])


def standard(a, t):
    """Score of N(0, I), which `vp` keeps."""
    return -a


def minus_p(a, t):
    """Its divergence."""
    return -np.full(a.shape[:-1], a.shape[-1])


@pytest.mark.parametrize("shape", [(1,), (7, 2), (2, 3, 4)])
def test_shapes(shape):
    rng, a = np.random.default_rng(0), np.ones(shape)
    assert sampler.sample(vp(), standard, shape, 5, rng).shape == shape
    assert sampler.predictor_corrector(ve(), standard, shape, 5, rng).shape == shape
    assert sampler.reverse_step(sub_vp(), standard, a, 1.0, -0.1, a).shape == shape
    assert probability_flow.solve_flow(vp(), standard, a, 1.0, 0.5).shape == shape
    assert probability_flow.log_likelihood(vp(), standard, minus_p, a).shape == shape[:-1]
    for method in ("euler", "heun", "ddim"):
        assert probability_flow.flow(vp(), standard, a, [1.0, 0.7, 0.3], method).shape == shape


def test_no_corrections_are_the_plain_sampler():
    score = marginal_score(vp(), *MIXTURE)
    plain = sampler.sample(vp(), score, (9, 2), 6, np.random.default_rng(5))
    corrected = sampler.predictor_corrector(vp(), score, (9, 2), 6, np.random.default_rng(5), num_corrections=0)
    np.testing.assert_array_equal(plain, corrected)


def test_ddim_and_euler_may_end_at_time_zero():
    score = marginal_score(vp(), *MIXTURE)
    for method in ("euler", "ddim"):
        assert np.isfinite(probability_flow.flow(vp(), score, [[1.0, 2.0]], [1.0, 0.5, 0.0], method)).all()


def test_a_time_that_rounding_leaves_below_zero_is_zero():
    t = sum([0.1] * 3)
    assert t - 0.3 > 0
    assert np.isfinite(probability_flow.ddim_step(vp(), standard, [1.0], 0.3, -t)).all()
    assert np.isfinite(sampler.reverse_step(vp(), standard, [1.0], 0.3, -t, [1.0])).all()


def test_torch_runs_the_same_steps():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    a, z = np.array([[3.0, -1.0]]), np.array([[0.5, 2.0]])
    for step in (sampler.probability_flow_step, probability_flow.heun_step, probability_flow.ddim_step):
        np.testing.assert_allclose(step(vp(), standard, torch.tensor(a), 0.5, -0.1), step(vp(), standard, a, 0.5, -0.1))
    on_torch = sampler.reverse_step(vp(), standard, torch.tensor(a), 0.5, -0.1, torch.tensor(z))
    np.testing.assert_allclose(on_torch, sampler.reverse_step(vp(), standard, a, 0.5, -0.1, z))


def test_divergence_is_reported_with_the_last_state():
    with pytest.raises(DivergedError) as caught:
        sampler.sample(vp(), lambda a, t: 1e100 * a, (3, 2), 10, np.random.default_rng(0))
    assert np.isfinite(caught.value.last).all()
    with pytest.raises(DivergedError):
        probability_flow.flow(vp(), lambda a, t: a * np.nan, [[1.0]], [1.0, 0.5])
    with pytest.raises(DivergedError):
        sampler.predictor_corrector(vp(), lambda a, t: 1e300 * a, (3, 2), 10, np.random.default_rng(0))


@pytest.mark.parametrize("score", [lambda a, t: 100 * a**3, lambda a, t: np.nan * a], ids=["blows up", "nan"])
def test_a_flow_that_cannot_be_followed_is_an_error(score):
    with pytest.raises(ArithmeticError, match="could not be followed"):
        probability_flow.solve_flow(vp(), score, [[1.0]], 1.0, 0.5)


@pytest.mark.parametrize("given", ["score", "noise", "clean", "v"])
@pytest.mark.parametrize("wanted", ["score", "noise", "clean", "v"])
def test_conversions_go_back(given, wanted):
    output, a = np.random.default_rng(0).standard_normal((2, 5, 3))
    there = convert(output, a, 0.7, 0.4, given, wanted)
    np.testing.assert_allclose(convert(there, a, 0.7, 0.4, wanted, given), output, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("sde", [vp(), sub_vp(), ve()], ids=lambda sde: sde.name)
def test_denoisers_and_scores_go_back(sde):
    score = marginal_score(sde, *MIXTURE)
    back = score_from_denoiser(sde, denoiser_from_score(sde, score))
    a = np.random.default_rng(0).standard_normal((5, 2))
    for t in (1e-3, 0.1, 0.5, 1.0):
        scale, std = sde.kernel(t)
        assert time_of(sde, std / scale) == pytest.approx(t, rel=1e-12)
        np.testing.assert_allclose(back(a, t), score(a, t), rtol=1e-12, atol=50 * np.finfo(float).eps / std**2)


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
    ({"z": [[0.0]]}, "z must have shape"),
    ({"r": 0.0}, "r must be > 0"),
    ({"shape": 3}, "shape must be a tuple of sizes"),
    ({"shape": ()}, "shape must be a tuple of sizes"),
    ({"shape": (3, 0)}, r"shape\[1\] must be >= 1"),
    ({"shape": (3, 2.0)}, r"shape\[1\] must be an integer"),
    ({"num_steps": 0}, "num_steps must be >= 1"),
    ({"rng": None}, "rng must be a numpy.random.Generator"),
    ({"times": [1.0, 1.0]}, "times must be two numbers or more, falling"),
    ({"times": [1.5, 1.0]}, "times must be two numbers or more, falling, >= 0 and <= 1"),
    ({"times": [0.5, -0.1]}, "times must be two numbers or more, falling"),
    ({"divergence": 2.0}, "divergence must be callable"),
    ({"divergence": lambda a, t: a}, "divergence must return shape"),
    ({"log_prior": lambda a: a}, "log_prior must return shape"),
    ({"t_end": 1.5}, "t_end must be"),
]
FUNCTIONS = [
    sampler.reverse_step,
    sampler.velocity,
    sampler.probability_flow_step,
    sampler.corrector_step,
    sampler.sample,
    sampler.predictor_corrector,
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
        (lambda: sampler.reverse_step(vp(), standard, [1.0], 0.5, 0.1, [0.0]), "dt must be < 0, got 0.1"),
        (lambda: sampler.probability_flow_step(vp(), standard, [1.0], 0.5, 0.6), "dt must lead"),
        (lambda: sampler.probability_flow_step(vp(), standard, [1.0], 0.5, -0.6), "dt must lead"),
        (lambda: sampler.reverse_step(vp(), standard, [1.0], 0.5, -0.6, [0.0]), "dt must be >= -t"),
        (lambda: probability_flow.heun_step(vp(), standard, [1.0], 0.5, -0.5), "dt must be > -t"),
        (lambda: probability_flow.flow(vp(), standard, [1.0], [1.0, 0.5], "rk4"), "method must be one of"),
        (lambda: probability_flow.solve_flow(vp(), standard, [1.0], 1.0, 0.0), "t_end must be > 0"),
        (lambda: probability_flow.solve_flow(vp(), standard, [1.0], 1.0, 0.5, rtol=0.0), "rtol must be > 0"),
        (lambda: convert([1.0], [1.0], 1.0, 0.0, "score", "noise"), "std must be > 0, got 0"),
        (lambda: convert([1.0], [1.0], 1.0, 0.5, "eps", "noise"), "given must be one of"),
        (lambda: convert([1.0], [1.0, 2.0], 1.0, 0.5, "v", "noise"), "a must have shape"),
        (lambda: time_of(vp(), 1e5), "sigma must be <= std/scale at T"),
        (lambda: time_of(vp(), 0.0), "sigma must be > 0"),
        (lambda: score_from_denoiser(vp(), lambda x, sigma: x)([1.0], 0.0), "t must be > 0 and <= 1, got 0"),
        (lambda: denoiser_from_score(None, standard), "sde must be an SDE"),
        (lambda: parameterisations.preconditioning(0.0), "sigma must be > 0"),
        (lambda: parameterisations.preconditioned_denoiser(lambda x, c: x, -1.0), "sigma_data must be > 0"),
        (lambda: reverse_law(vp(), 0.0, -1.0, [1.0, 0.5], 0.0, 1.0), "v must be >= 0"),
        (lambda: flow_law(vp(), 0.0, 1.0, [0.5, 1.0], 0.0, 1.0), "times must be two"),
        (lambda: flow_law(1, 0.0, 1.0, [1.0, 0.5], 0.0, 1.0), "sde must be an SDE"),
    ],
)
def test_other_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
