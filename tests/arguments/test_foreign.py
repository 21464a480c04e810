"""Arrays and functions of other libraries: which pass as they are, and what becomes NumPy's."""

import array as stdlib
import collections

import autograd
import numpy as np
import pytest

from refimpl.arguments.domains import array, domain, field, number, numpy_array
from refimpl.arguments.foreign import is_foreign, to_numpy, translated
from refimpl.sampling.langevin import lmc, lmc_step


@domain(a=array("... p"))
def kept(a):
    return a


@domain(eta=number("> 0"))
def step(eta):
    return eta


@domain(a=numpy_array("n p"))
def started(a):
    return a


@domain(grad_f=field)
def called(grad_f, a):
    return grad_f(a)


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize("a", [stdlib.array("d", [1, 2]), Point(1, 2), collections.deque([1, 2]), range(1, 3)])
def test_sequences_of_any_kind_become_arrays(a):
    assert type(kept(a)) is np.ndarray
    assert kept(a).tolist() == [1, 2]


def test_subclasses_are_checked_as_what_they_are():
    class Step(float):
        pass

    assert type(step(Step(0.5))) is float
    with pytest.raises(ValueError, match=r"eta must be > 0, got -0\.5"):
        step(Step(-0.5))
    assert type(kept(np.ones(2).view(type("Array", (np.ndarray,), {})))) is np.ndarray


def test_pandas_is_checked():
    pandas = pytest.importorskip("pandas")
    assert kept(pandas.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})).tolist() == [[1, 3], [2, 4]]
    with pytest.raises(ValueError, match="a must be finite, got nan"):
        kept(pandas.Series([1.0, np.nan]))


def test_masked_arrays_are_refused():
    with pytest.raises(TypeError, match="a must be an array without a mask"):
        kept(np.ma.array([1.0, 2.0], mask=[True, False]))


def test_differentiation_passes_through():
    assert autograd.grad(lambda eta: step(eta) ** 2)(3.0) == 6.0


def test_a_function_may_change_what_it_is_given():
    def doubling(a):
        a *= 2
        return a

    a = np.ones(3)
    assert called(doubling, a).tolist() == [2, 2, 2]
    assert a.tolist() == [1, 1, 1]


def test_an_exception_of_a_users_function_is_raised_and_it_is_called_once():
    calls = []

    def fails(a):
        calls.append(a)
        if len(calls) == 3:
            raise ValueError("the third call")
        return a

    with pytest.raises(ValueError, match="the third call"):
        lmc(fails, np.zeros((1, 2)), 0.1, 10, np.random.default_rng(0))
    assert len(calls) == 3


def test_torch_tensors_pass_formulas_and_drivers_make_them_arrays():
    torch = pytest.importorskip("torch")
    z = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert kept(z) is z
    assert is_foreign(z)
    assert type(started(z[None])) is np.ndarray
    assert step(torch.tensor(0.5)) == 0.5
    assert type(step(torch.tensor(0.5))) is float
    with pytest.raises(ValueError, match="a must be finite"):
        started(torch.tensor([[1.0, float("nan")]]))


def test_a_torch_network_is_a_score():
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(2, 2)
    layer = torch.nn.Sequential(collections.OrderedDict(checked_layer=torch.nn.Linear(2, 2)))
    for module in (net, layer, net.double()):
        rng = np.random.default_rng(0)
        a = lmc(module, np.zeros((5, 2)), 0.1, 3, rng)
        assert type(a) is np.ndarray
        assert a.dtype == float
    weights, bias = (to_numpy(parameter) for parameter in net.parameters())
    grad_f = lambda a: a @ weights.T + bias  # noqa: E731
    expected = lmc(grad_f, np.zeros((5, 2)), 0.1, 3, np.random.default_rng(0))
    np.testing.assert_allclose(lmc(net, np.zeros((5, 2)), 0.1, 3, np.random.default_rng(0)), expected, rtol=1e-12)


def test_functions_that_return_tensors_give_arrays():
    torch = pytest.importorskip("torch")
    assert type(called(lambda a: torch.as_tensor(a) * 2, np.ones(2))) is np.ndarray
    assert torch.is_tensor(lmc_step(lambda a: 2 * a, torch.ones(2), 0.1, torch.zeros(2)))


def test_jitted_jax_functions_are_fields():
    jax = pytest.importorskip("jax")
    grad_f = jax.jit(lambda a: 2 * a)
    v = called(grad_f, np.ones((3, 2)))
    assert type(v) is np.ndarray
    assert v.dtype == float
    assert is_foreign(jax.numpy.ones(2))
    assert jax.grad(lambda eta: step(eta) ** 2)(3.0) == 6.0
    assert translated(np.sin) is np.sin
