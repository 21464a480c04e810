"""Formulas as arguments of compiled loops: typed by content, found in the disk cache again, safe among threads."""

import functools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from refimpl.arguments.arrays import join, split
from refimpl.loops import compiling
from refimpl.minimax import algorithms, games

compiles = pytest.mark.skipif(not compiling.enabled(), reason="NUMBA_DISABLE_JIT=1 compiles nothing")


def scaled(factor):
    def field(z):
        x, y = split(z)
        return join(factor * y, -x)

    return compiling.planar(field)


def calling(inner):
    return compiling.planar(lambda z: 2 * inner(z))


def test_content_decides_the_digest():
    same, other = scaled(2.0), scaled(3.0)
    assert compiling.digest(scaled(2.0)) == compiling.digest(same)
    assert compiling.digest(other) != compiling.digest(same)
    assert compiling.digest(calling(same)) == compiling.digest(calling(scaled(2.0)))
    assert compiling.digest(calling(other)) != compiling.digest(calling(same))


def test_only_marked_formulas_are_planar():
    assert compiling.is_planar(algorithms.eg_step) is compiling.enabled()
    assert not compiling.is_planar(lambda z: z)
    assert not compiling.is_planar(algorithms.ppm_step)


def test_plain_python_when_disabled(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert not compiling.enabled()
    assert compiling.formula(algorithms.eg_step)(lambda z: z, 1.0, 0.5) == 0.75
    assert compiling.compiled(lambda a, b: [a, b])(1, "b") == [1, "b"]


def test_formulas_of_one_text_and_other_constants_give_other_results():
    z0 = np.array([1.0, 2.0])
    for factor in (2.0, 3.0, 2.0):
        z = algorithms.trajectory("gda", scaled(factor), z0, 0.5, 1)
        np.testing.assert_allclose(z[-1], [1 - factor, 2.5])


@compiles
def test_a_loop_first_called_by_many_threads_at_once():
    @compiling.compiled
    def total(f, a):
        s = 0.0
        for x in a:
            s += f(x)
        return s

    square = compiling.formula(lambda x: x * x)
    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(lambda n: total(square, np.arange(float(n))), range(40)))
    assert sums == [sum(k * k for k in range(n)) for n in range(40)]


RUN = """
import numpy as np
from refimpl.minimax.algorithms import trajectory
from refimpl.minimax.games import bilinear
from refimpl.loops import iteration
z = trajectory("eg", bilinear().operator, np.ones((3, 2)), 0.1, 5)
print(z.sum())
stats = iteration._orbits.__closure__ and [c.cell_contents for c in iteration._orbits.__closure__]
dispatcher = next(f for f in stats if hasattr(f, "cache_info"))()
print(sum(dispatcher.stats.cache_hits.values()), sum(dispatcher.stats.cache_misses.values()))
"""


@compiles
def test_the_next_process_finds_the_loop_in_the_cache(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    (first, misses), (second, hits) = (run.stdout.split("\n")[:2] for run in runs)
    assert first == second
    assert (misses, hits) == ("0 1", "1 0")


def test_nothing_is_compiled_or_imported_at_import():
    check = "import sys, refimpl.minimax.algorithms, refimpl.minimax.games; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@compiles
def test_bare_bodies_are_what_runs():
    step = compiling.formula(algorithms.eg_step)
    assert step.type == compiling.formula(algorithms.eg_step.__wrapped__).type


SCALE = 2.0


def with_a_constant(z):
    x, y = split(z)
    return join(SCALE * y, -x)


def test_the_values_that_a_formula_names_are_part_of_its_content(monkeypatch):
    before = compiling.digest(with_a_constant)
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert compiling.digest(with_a_constant) != before


def test_arrays_count_to_the_last_bit():
    def field(a):
        return lambda z: a * z

    a = np.full(2000, 0.1)
    b = a.copy()
    b[1000] = np.nextafter(0.1, 1)
    assert compiling.digest(field(a)) == compiling.digest(field(a.copy())) != compiling.digest(field(b))


def test_a_field_that_names_what_cannot_be_told_runs_in_plain_python():
    holder = [1.0]

    @compiling.planar
    def field(z):
        x, y = split(z)
        return join(holder[0] * y, -x)

    assert not compiling.is_planar(field)


def test_a_wrapped_field_is_another_field():
    plain = games.bilinear().operator

    @functools.wraps(plain)
    def doubled(z):
        return 2 * plain(z)

    assert compiling.is_planar(plain) == compiling.enabled()
    assert not compiling.is_planar(doubled)
    np.testing.assert_array_equal(algorithms.gda_step(doubled, [1.0, 1.0], 0.1), [0.8, 1.2])
    np.testing.assert_allclose(algorithms.trajectory("gda", doubled, [1.0, 1.0], 0.1, 1)[-1], [0.8, 1.2])
