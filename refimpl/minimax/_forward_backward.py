"""Running forward-backward-forward steps z̄ = Q(Hz), z⁺ = z + α(Hz̄ − Hz), H = id − γV, Q a projection, many times.

With one γ the loop runs compiled, on one point in registers, for planar fields without projection.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array, Field, number, point, split
from refimpl.calculus.differentiation import exact_jacobian
from refimpl.loops.compiling import compiled, formula, is_planar, planar
from refimpl.loops.iteration import at_finite_points, complex_points, finite_states, run_in_blocks, until_diverged

_TIES = 1 + 1e-12


class Run(NamedTuple):
    """States z (num_steps + 1, ..., p); extrapolated points z̄ and directions d (num_steps, ..., p)."""

    z: Array
    z_bar: Array
    d: Array


class StochasticRun(NamedTuple):
    """States z (num_steps + 1, ..., p) and extrapolated points z̄ (num_steps, ..., p)."""

    z: Array
    z_bar: Array


@planar
def unconstrained(z: Any) -> Any:
    """The projection onto the whole space."""
    return z


def extrapolate(V: Field, z: Any, gamma: Any, project: Field) -> tuple[Any, Any]:
    """z̄ = Q(Hz) and d = Hz̄ − Hz, which is −γV(z̄) without a constraint."""
    H_z = z - gamma * V(z)
    z_bar = project(H_z)
    return z_bar, (z_bar - H_z) - gamma * V(z_bar)


def constant_relaxation(e: Any, d: Any, alpha: float) -> Any:
    """The relaxation of CEG+, the same in every step."""
    return alpha


def _relaxation(inner: Callable) -> Callable:
    """The relaxation α = c + ⟨e, d⟩/‖d‖² of the adaptive methods, e = z̄ − z and c = σ/γ, for one kind of points."""

    def relaxation(e: Any, d: Any, c: float) -> Any:
        size = inner(d, d)
        return c + inner(e, d) / (size + (size == 0))

    return relaxation


def _inner(u: Array, v: Array) -> Array:
    return (u * v).sum(-1, keepdims=True)


def _inner_planar(u: Any, v: Any) -> Any:
    (a, b), (c, d) = split(u), split(v)
    return a * c + b * d


adaptive_relaxation = _relaxation(_inner)
_PLANAR = {constant_relaxation: constant_relaxation, adaptive_relaxation: _relaxation(_inner_planar)}


def run(
    V: Field, z0: Array, gamma: float, num_steps: int, project: Field | None, relaxation: Callable, c: float
) -> Run:
    """Steps with one γ, and the relaxation α = relaxation(z̄ − z, d, c)."""
    done = begun(project, z0, num_steps)
    if project is None and is_planar(V) and z0.shape[-1] == 2:
        _planar_steps(V, float(gamma), _PLANAR[relaxation], float(c), done)
    else:
        V, Q = at_finite_points(V), at_finite_points(project or unconstrained)
        with until_diverged():
            _steps.__wrapped__(V, gamma, Q, relaxation, c, *done)
    finite_states(done.z)
    return done


def _planar_steps(V: Field, gamma: float, relaxation: Callable, c: float, done: Run) -> None:
    """Compiled steps; many starts go on vector units and, block by block, on all cores."""
    arguments = formula(V), gamma, formula(unconstrained), formula(relaxation), c
    z, z_bar, d = (complex_points(part) for part in done)
    if done.z.ndim == 2:
        _steps(*arguments, z[:, 0], z_bar[:, 0], d[:, 0])
    else:
        run_in_blocks(lambda i, j: _block_of_steps(*arguments, z[:, i:j], z_bar[:, i:j], d[:, i:j]), len(d), z.shape[1])


@compiled
def _steps(V: Field, gamma: float, project: Field, relaxation: Callable, c: float, z: Any, z_bar: Any, d: Any) -> None:
    z_k = point(z[0])
    for k in range(len(d)):
        z_bar_k, d_k = extrapolate(V, z_k, gamma, project)
        z_k = z_k + relaxation(z_bar_k - z_k, d_k, c) * d_k
        z_bar[k], d[k], z[k + 1] = number(z_bar_k), number(d_k), number(z_k)


@compiled
def _block_of_steps(
    V: Field, gamma: float, project: Field, relaxation: Callable, c: float, z: Any, z_bar: Any, d: Any
) -> None:
    z_k = z[0].copy()
    z_bar_k, d_k = np.empty_like(z_k), np.empty_like(z_k)
    for k in range(len(d)):
        for j in range(len(z_k)):
            z_j = point(z_k[j])
            z_bar_j, d_j = extrapolate(V, z_j, gamma, project)
            z_k[j] = number(z_j + relaxation(z_bar_j - z_j, d_j, c) * d_j)
            z_bar_k[j], d_k[j] = number(z_bar_j), number(d_j)
        z_bar[k], d[k], z[k + 1] = z_bar_k, d_k, z_k


def begun(project: Field | None, z0: Array, num_steps: int) -> Run:
    """Room for a run, all NaN, with its start."""
    done = Run(*(np.full((n, *z0.shape), np.nan) for n in (num_steps + 1, num_steps, num_steps)))
    done.z[0] = project(z0) if project else z0
    if not np.isfinite(done.z[0]).all():
        raise ValueError(f"project must return finite points, got {done.z[0]} for {z0}")
    return done


def curvature_run(
    V: Field, z0: Array, num_steps: int, nu: float, tau: float, start: str, project: Field | None, c: float
) -> Run:
    """Steps with a γ for each point, searched from ν over a singular value of JV, and the adaptive relaxation."""
    done = begun(project, z0, num_steps)
    z = done.z[0]
    jacobian, singular_value = exact_jacobian(V, z), 0 if start == "norm" else -1
    V, Q = at_finite_points(V), at_finite_points(project or unconstrained)
    with until_diverged():
        for k in range(num_steps):
            J = jacobian(z)
            if not (np.isfinite(J).all() and np.isfinite(V(z)).all()):
                break
            s = np.linalg.svd(J, compute_uv=False)[..., singular_value, None]
            gamma = line_search(V, z, nu / np.maximum(s, 1e-100), nu, tau, Q)
            done.z_bar[k], done.d[k] = extrapolate(V, z, gamma, Q)
            z = z + adaptive_relaxation(done.z_bar[k] - z, done.d[k], c) * done.d[k]
            done.z[k + 1] = z
    finite_states(done.z)
    return done


def line_search(V: Field, z: Array, gamma: Array, nu: float, tau: float, project: Field) -> Array:
    """The first of γ, τγ, τ²γ, … (..., 1) at each point with γ‖V(Gz) − V(z)‖ ≤ ν‖Gz − z‖, Gz = Q(z − γV(z)).

    On linear fields both sides can be exactly equal, so the right one is taken 10⁻¹² larger.

    Raises
    ------
    ValueError
        When no γ will do, as where V jumps.
    """
    V_z, first, size = V(z), None, np.linalg.norm(z, axis=-1, keepdims=True)
    while True:
        G = project(z - gamma * V_z)
        step = np.linalg.norm(G - z, axis=-1, keepdims=True)
        first = step if first is None else first
        if ((first > 1e-8 * size) & (step <= 1e-15 * size)).any():
            raise ValueError(f"V must be Lipschitz for the line search to stop, which it did not near {z}")
        too_long = ~(np.linalg.norm(gamma * (V(G) - V_z), axis=-1, keepdims=True) <= nu * step * _TIES)
        if not too_long.any():
            return gamma
        gamma = np.where(too_long, tau * gamma, gamma)


def bias_corrected_run(
    V_hat: Callable, z0: Array, gamma: float, alphas: Array, rng: np.random.Generator, project: Field | None
) -> StochasticRun:
    """Steps with a correction of the bias (BC-SEG+)."""
    done = StochasticRun(*begun(project, z0, len(alphas))[:2])
    z = z_prev = h = done.z[0]
    V_hat, Q = at_finite_points(V_hat), at_finite_points(project or unconstrained)
    with until_diverged():
        for k, alpha in enumerate(alphas):
            xi, xi_fresh = (rng.standard_normal(z0.shape) for _ in range(2))
            memory = h - z_prev + gamma * V_hat(z_prev, xi)
            h = z - gamma * V_hat(z, xi) + (1 - alpha if k else 0.0) * memory
            z_bar = Q(h)
            z_prev, z = z, z - alpha * (h - z_bar + gamma * V_hat(z_bar, xi_fresh))
            done.z_bar[k], done.z[k + 1] = z_bar, z
    finite_states(done.z)
    return done
