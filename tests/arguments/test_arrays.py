"""Planar points as arrays, and their two operations on foreign arrays."""

import platform

import autograd.numpy as np
import numpy
import pytest
from autograd import jacobian

from refimpl.arguments.arrays import join, keep_freed_memory, namespace, split


def test_join_undoes_split():
    z = numpy.random.default_rng(0).standard_normal((4, 3, 2))
    numpy.testing.assert_array_equal(join(*split(z)), z)


def test_autograd_sees_through():
    J = jacobian(lambda z: join(*split(z)[::-1]))(numpy.array([1.0, 2.0]))
    numpy.testing.assert_array_equal(J, [[0, 1], [1, 0]])
    assert namespace(numpy.ones(2)) is np


@pytest.mark.parametrize("library", ["torch", "jax.numpy"])
def test_other_libraries_keep_their_kind(library):
    xp = pytest.importorskip(library)
    z = xp.ones((3, 2))
    assert type(join(*split(z))) is type(z)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep freed memory as they see fit")
def test_temporaries_reuse_memory():
    import resource

    keep_freed_memory()
    numpy.ones(2**17)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        numpy.ones(2**17)  # 256 pages
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 20 * 256 / 4
