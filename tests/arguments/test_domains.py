"""Domains: what lies outside is refused with the argument's name, what it must be and what it was."""

import functools
import re

import numpy as np
import pytest
from autograd import grad

from refimpl.arguments.domains import (
    array,
    bare,
    domain,
    field,
    function,
    generator,
    integer,
    nonnegative,
    number,
    one_of,
    optional,
    positive,
)
from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network, random_layers
from refimpl.networks.coordinate_check import update_sizes


@domain(
    x=array("... p"),
    data=array("n p"),
    alpha=positive,
    V=field,
    g=function,
    n=integer(1),
    method=one_of("gda", "eg"),
    rng=generator,
    start=optional(array("p")),
    tau=number("> 0 and < 1"),
    c=nonnegative,
)
def everything(x=0, data=0, alpha=0, V=0, g=0, n=0, method=0, rng=0, start=0, tau=0, c=0):
    return x, data, alpha, V, g, n, method, rng, start, tau, c


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("argument", "value", "error", "message"),
    [
        ("x", [[1.0, NAN]], ValueError, "x must be finite, got nan"),
        ("x", [INF], ValueError, "x must be finite, got inf"),
        ("x", [], ValueError, "x must not be empty, got shape (0,)"),
        ("x", 3.0, ValueError, "x must have shape (..., p), got ()"),
        ("x", "abc", TypeError, "x must hold real numbers, got 'abc'"),
        ("x", None, TypeError, "x must hold real numbers, got None"),
        ("x", [1j], TypeError, "x must hold real numbers"),
        ("x", [[1.0], [1.0, 2.0]], ValueError, "x must be an array, got rows of different lengths"),
        ("data", [1.0, 2.0], ValueError, "data must have shape (n, p), got (2,)"),
        ("alpha", 0, ValueError, "alpha must be > 0, got 0"),
        ("alpha", -0.1, ValueError, "alpha must be > 0, got -0.1"),
        ("alpha", NAN, ValueError, "alpha must be finite, got nan"),
        ("alpha", "0.1", TypeError, "alpha must be a real number, got '0.1'"),
        ("alpha", True, TypeError, "alpha must be a real number, got True"),
        ("alpha", [0.1, 0.2], ValueError, "alpha must be one number, got an array of shape (2,)"),
        ("c", -1, ValueError, "c must be >= 0, got -1"),
        ("c", Layer(1.0, 2.0), ValueError, "c must be one number, got an array of shape (2,)"),
        ("tau", 1.0, ValueError, "tau must be > 0 and < 1, got 1.0"),
        ("V", 3, TypeError, "V must be callable, got 3"),
        ("g", None, TypeError, "g must be callable, got None"),
        ("n", 0, ValueError, "n must be >= 1, got 0"),
        ("n", 1.0, TypeError, "n must be an integer, got 1.0"),
        ("n", True, TypeError, "n must be an integer, got True"),
        ("method", "gdaa", ValueError, "method must be one of 'gda', 'eg', got 'gdaa' (did you mean 'gda'?)"),
        ("method", 3, ValueError, "method must be one of"),
        ("rng", None, TypeError, "rng must be a numpy.random.Generator, got None"),
        ("rng", np.random, TypeError, "rng must be a numpy.random.Generator"),
        ("start", [[1.0]], ValueError, "start must have shape (p), got (1, 1)"),
    ],
)
def test_refuses(argument, value, error, message):
    with pytest.raises(error, match=re.escape(message)):
        everything(**{argument: value})


def test_sizes_named_alike_must_agree():
    with pytest.raises(ValueError, match=re.escape("data must have shape (n, p) with p = 3, got (5, 2)")):
        everything(np.ones((4, 3)), np.ones((5, 2)))
    with pytest.raises(ValueError, match=re.escape("z must have shape (..., 2), got (3,)")):
        domain(z=array("... 2"))(lambda z: z)([1.0, 2.0, 3.0])


def test_sizes_agree_in_the_order_of_the_signature_however_arguments_are_given():
    named = domain(rates=array("n"), losses=array("n"))(lambda rates, losses: rates)
    with pytest.raises(ValueError, match=re.escape("losses must have shape (n) with n = 2, got (3,)")):
        named(losses=[1.0, 2.0, 3.0], rates=[1.0, 2.0])


def test_a_network_keeps_the_sizes_of_what_goes_with_it():
    wide, narrow = (Network(random_layers((p, 4, 2), np.random.default_rng(0)), relu) for p in (3, 5))
    given = {"before": wide, "after": narrow, "a": np.ones((2, 5))}
    for arguments in (given, dict(reversed(given.items()))):
        with pytest.raises(ValueError, match=re.escape("after's inputs must have p = 3, got 5")):
            update_sizes(**arguments)
    with pytest.raises(ValueError, match=re.escape("a must have shape (..., p) with p = 3, got (2, 5)")):
        mlp.forward(a=np.ones((2, 5)), h=wide)


def test_accepts_and_converts():
    x, data, alpha, _, _, n, method, _, start, *_ = everything(
        [1, 2], np.ones((3, 2), "f4"), np.float32(0.5), np.sin, len, np.int64(3), "eg", np.random.default_rng(), None
    )
    assert x.dtype == data.dtype == float
    assert (type(alpha), alpha, type(n), n, method, start) == (float, 0.5, int, 3, "eg", None)


def test_an_array_is_not_copied():
    z = np.ones((3, 2))
    assert domain(z=array("... p"))(lambda z: z)(z) is z


def test_fields_must_keep_the_shape():
    step = domain(V=field, z=array("... p"))(lambda V, z: V(z))
    assert step(lambda z: 2 * z, [1.0, 2.0]).tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match=re.escape("V must return shape (2,) for (2,), got (1,)")):
        step(lambda z: z[:1], [1.0, 2.0])


def test_foreign_numbers_pass_through():
    square = domain(x=array("... p"), c=positive)(lambda x, c: (c * x * x).sum())
    np.testing.assert_allclose(grad(lambda x: square(x, 2.0))(np.array([1.0, 3.0])), [4.0, 12.0])
    assert grad(lambda c: square(np.ones(2), c))(3.0) == 2.0


def test_wrong_calls_fail_as_python_says():
    with pytest.raises(TypeError, match="unexpected keyword"):
        everything(y=1)
    with pytest.raises(TypeError, match="positional"):
        domain(alpha=positive)(lambda alpha: alpha)(1.0, 2.0)


def test_a_domain_of_an_unknown_argument_is_a_mistake():
    with pytest.raises(TypeError, match=re.escape("has no argument ['beta']")):
        domain(beta=positive)(lambda alpha: alpha)


def test_the_bare_formula_is_under_its_checks():
    body = everything.__wrapped__
    assert bare(everything) is body
    assert bare(body) is body


def test_what_users_wrap_around_a_formula_stays():
    @functools.wraps(everything)
    def doubled(*args, **kwargs):
        return 2 * everything(*args, **kwargs)

    assert bare(doubled) is doubled
