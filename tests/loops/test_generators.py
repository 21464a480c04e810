"""Generators for parts of a computation."""

import numpy as np

from refimpl.loops.generators import children


def draws(generators):
    return [one.random() for one in generators]


def test_children_follow_from_the_state():
    rng = np.random.default_rng(0)
    first, second = draws(children(rng, 3)), draws(children(rng, 3))
    assert len({*first, *second}) == 6
    jumped = np.random.Generator(np.random.PCG64(0).jumped())
    assert draws(children(jumped, 3)) != first
    assert draws(children(np.random.default_rng(0), 3)) == first


def test_any_bit_generator_has_children():
    old = np.random.RandomState(0)
    assert len(draws(children(np.random.Generator(old._bit_generator), 2))) == 2


def test_children_are_independent():
    draws_of_two = np.array([one.standard_normal(10_000) for one in children(np.random.default_rng(1), 2)])
    assert abs(np.corrcoef(draws_of_two)[0, 1]) < 0.06
