"""Trajectories of the basic algorithms, and their averages: slide "Basic algorithms for minimax"."""

import inspect

import numpy as np

from refimpl.minimax import algorithms, games
from verify.claims import claim, shipped
from verify.evidence import at_most, equal, rate, rounding
from verify.minimax.algorithms import SLIDE, SOURCE, as_complex

FACTORS = {"gda": lambda a: 1 + 1j * a, "ppm": lambda a: 1 / (1 - 1j * a), "eg": lambda a: 1 + 1j * a - a**2}


@claim("M13", slide=SLIDE, source=SOURCE)
def trajectories_on_xy_are_powers(rng, *, trajectory=algorithms.trajectory):
    r"""z_k = λᵏ z₀ (GDA, PPM, EG); z_{k+1} = (1 + 2iα) z_k − iα z_{k−1}, z₋₁ = z₀ (OGDA, RFBS): GDA alone diverges."""
    alpha, n, V = rng.uniform(0.1, 0.4), 1200, games.bilinear().operator
    for start in (rng.standard_normal(2), rng.standard_normal((3, 2))):
        z0, k = as_complex(start), np.arange(n + 1).reshape(-1, *[1] * (start.ndim - 1))
        for method, factor in FACTORS.items():
            z, expected = as_complex(trajectory(method, V, start, alpha, n)), factor(alpha) ** k * z0
            yield equal(f"{method.upper()} from {start.shape}", z, expected, rtol=rounding(8 * n))
        optimistic = [z0, z0]
        for _ in range(n):
            optimistic.append((1 + 2j * alpha) * optimistic[-1] - 1j * alpha * optimistic[-2])
        for method in ("ogda", "rfbs"):
            z = as_complex(trajectory(method, V, start, alpha, n))
            yield equal(f"{method.upper()} from {start.shape}", z, optimistic[1:], rtol=rounding(64 * n))


def memory_starts_at_zero(method, V, z0, alpha, num_steps):
    z = [np.zeros_like(z0), np.asarray(z0, float)]
    if method not in ("ogda", "rfbs"):
        return algorithms.trajectory(method, V, z0, alpha, num_steps)
    for _ in range(num_steps):
        z.append(algorithms.STEPS[method](V, z[-1], z[-2], alpha))
    return np.array(z[1:])


trajectories_on_xy_are_powers.mutants({
    "drops the start": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, alpha, num_steps + 1
    )[1:],
    "z₋₁ = 0 for the methods with memory": shipped(memory_starts_at_zero, project="optax", thread="#1082"),
    "EG runs as PPM": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "ppm" if method == "eg" else method, V, z0, alpha, num_steps
    ),
    "RFBS runs without memory": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "gda" if method == "rfbs" else method, V, z0, alpha, num_steps
    ),
})


FORMULAS = {
    "gda": lambda V, z, z_prev, alpha: z - alpha * V(z),
    "eg": lambda V, z, z_prev, alpha: z - alpha * V(z - alpha * V(z)),
    "ogda": lambda V, z, z_prev, alpha: z - 2 * alpha * V(z) + alpha * V(z_prev),
    "rfbs": lambda V, z, z_prev, alpha: z - alpha * V(z + (z - z_prev)),
}


@claim("M13", slide=SLIDE, source="Popov 1980; Cevher & Vũ 2020; Rockafellar 1976")
def trajectories_repeat_their_steps(rng, *, trajectory=algorithms.trajectory):
    r"""On V = sin(Mz) + b in R⁴, ‖M‖ = 0.3: loops over the formulas, at α = 0.3 and 3.

    A step multiplies errors by at most 1 + 3αL + (αL)², L = ‖M‖.
    """
    M, b, n = rng.standard_normal((4, 4)), rng.standard_normal(4), 6
    M *= 0.3 / np.linalg.norm(M, 2)

    def V(z):
        return np.sin(z @ M.T) + b

    for alpha in (0.3, 3.0):
        grow = (1 + 0.9 * alpha + (0.3 * alpha) ** 2) ** n
        for start in (rng.standard_normal(4), rng.standard_normal((2, 3, 4))):
            error = rounding(16, grow * (4 + n * alpha * (1 + np.abs(b).max())))
            for method, formula in FORMULAS.items():
                expected = [start, start]
                for _ in range(n):
                    expected.append(formula(V, expected[-1], expected[-2], alpha))
                what = f"{method.upper()} from {start.shape}, α = {alpha}"
                yield equal(what, trajectory(method, V, start, alpha, n), expected[1:], atol=error)
            z = np.asarray(trajectory("ppm", V, start, alpha, n))
            yield equal(f"PPM from {start.shape}, α = {alpha}", z[1:] + alpha * V(z[1:]), z[:-1], atol=error)


def linearises_at_zero(method, V, z0, alpha, num_steps):
    zero = np.zeros(z0.shape[-1])
    J = np.stack([(V(zero + d) - V(zero - d)) / 2e-6 for d in 1e-6 * np.eye(len(zero))], axis=-1)
    return algorithms.trajectory(method, lambda z: z @ J.T + V(zero), z0, alpha, num_steps)


trajectories_repeat_their_steps.mutants({
    "OGDA and RFBS exchanged": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        {"ogda": "rfbs", "rfbs": "ogda"}.get(method) or method, V, z0, alpha, num_steps
    ),
    "V linearised at 0": linearises_at_zero,
    "GDA beyond the plane": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "gda" if z0.shape[-1] > 2 else method, V, z0, alpha, num_steps
    ),
    "α no larger than 1": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, min(alpha, 1.0), num_steps
    ),
})


@claim("M13", slide=SLIDE, source="definition of the iterates")
def trajectories_end_where_they_must(rng, *, trajectory=algorithms.trajectory):
    r"""Without steps a trajectory is its start; where states leave the numbers of float64, it raises."""
    V, start = games.bilinear().operator, rng.standard_normal((2, 3, 2))
    for method in algorithms.STEPS:
        yield equal(f"{method.upper()}: no steps", trajectory(method, V, start, 0.3, 0), start[None])
    try:
        trajectory("gda", V, start, 10.0, 1000)
        raised = 0
    except ArithmeticError:
        raised = 1
    yield equal("states beyond float64 raise", raised, 1)


def returns_infinite_states(method, V, z0, alpha, num_steps):
    if method == "ppm":
        return algorithms.trajectory(method, V, z0, alpha, num_steps)
    z = [z0, z0]
    for _ in range(num_steps):
        z.append(FORMULAS[method](inspect.unwrap(V), z[-1], z[-2], alpha))
    return np.array(z[1:])


trajectories_end_where_they_must.mutants({
    "one step at least": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, alpha, max(num_steps, 1)
    ),
    "infinite states returned": returns_infinite_states,
})


def averaged(trajectory, method, z0, alpha, n):
    """Norm of the average of n iterates on xy."""
    return np.abs(as_complex(trajectory(method, games.bilinear().operator, z0, alpha, n - 1)).mean())


def average_of_powers(factor, z0, k):
    """Norm of the average of z₀, λz₀, …, λᵏ⁻¹z₀."""
    return np.abs(as_complex(z0) * (factor**k - 1) / (factor - 1)) / k


@claim("M13", slide=SLIDE, source=SOURCE)
def averages_of_convergent_methods_converge(rng, *, trajectory=algorithms.trajectory):
    r"""On xy the average of k iterates of PPM and of EG is O(1/k)."""
    V, z0, alpha = games.bilinear().operator, rng.standard_normal(2), rng.uniform(0.3, 0.4)
    k = np.unique(np.geomspace(300, 5_000, 12).astype(int))
    for method in ("ppm", "eg"):
        z = as_complex(trajectory(method, V, z0, alpha, k[-1] - 1))
        means = np.abs(np.cumsum(z)[k - 1] / k)
        yield rate(f"‖average of k iterates‖ of {method.upper()} against k", k, means, -1.0)
        expected = average_of_powers(FACTORS[method](alpha), z0, k)
        yield equal(f"average of {method.upper()}", means, expected, rtol=rounding(64 * np.sqrt(k[-1])))


def running_averages(method, V, z0, alpha, num_steps):
    z = algorithms.trajectory(method, V, z0, alpha, num_steps)
    return np.cumsum(z, axis=0) / np.arange(1, num_steps + 2)[:, None]


averages_of_convergent_methods_converge.mutants({
    "returns running averages": running_averages,
    "α 1 % too large": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, 1.01 * alpha, num_steps
    ),
    "drops the start": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, alpha, num_steps + 1
    )[1:],
})


@claim("M13", slide=SLIDE, source=f"{SOURCE}; Nedić & Ozdaglar 2009")
def averages_of_descent_ascent_converge_with_short_steps_only(rng, *, trajectory=algorithms.trajectory):
    r"""On xy the average of k iterates of GDA diverges at fixed α; at α = 1/√k it is O(1/√k)."""
    z0, alpha, n = rng.standard_normal(2), rng.uniform(0.3, 0.4), 300
    measured, expected = averaged(trajectory, "gda", z0, alpha, n), average_of_powers(1 + 1j * alpha, z0, n)
    yield equal(f"average of {n} iterates, diverging", measured, expected, rtol=rounding(16 * n))
    turns = (np.pi * (2 * np.arange(2, 20) + 1)) ** 2
    scaled = [np.sqrt(m) * averaged(trajectory, "gda", z0, 1 / np.sqrt(m), m) for m in turns.astype(int)]
    bound = (1 + np.sqrt(np.e)) * np.abs(as_complex(z0))
    yield at_most("√k ‖average‖ at α = 1/√k", scaled, bound, tight=0.02)


averages_of_descent_ascent_converge_with_short_steps_only.mutants({
    "steps of EG": lambda method, V, z0, alpha, num_steps: algorithms.trajectory("eg", V, z0, alpha, num_steps),
    "returns running averages": running_averages,
    "α 1 % too large": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, 1.01 * alpha, num_steps
    ),
    "drops the start": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, alpha, num_steps + 1
    )[1:],
})
