"""Policy gradients on the cost of a two-entry gain, and what off-policy states do to them."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.backpropagation.optimizers import sgd_step
from refimpl.control.linear_policies import closed_loop_growth, state_correlation
from refimpl.control.linear_quadratic import policy_value, riccati_gain, riccati_residual
from refimpl.control.policy_gradient_theorem import off_policy_gradient

SLIDE = "Deterministic Policy Gradient"
ROWS = ("C02",)
CAPTION = (
    "Cost −J of u = −Ks on a double integrator, over the two entries of K: exact level lines, and in grey the gains of "
    "infinite cost. From one start, steps along the mean of ∇μ∇ₐQ with the exact critic: over the policy's own "
    "discounted states (Σ_K: the gradient of J), over states that favour no direction (I: the natural gradient), and "
    "over a replay buffer of states near one line. The first two find the Riccati gain (star). The third is biased: it "
    "climbs, and leaves the gains of finite cost (cross). Right: the cost above the least one, by iteration."
)
ALT = (
    "Left, a plane of gains with nested level lines around a star, in a white region, grey outside. "
    "Three paths start at one dot: two go down to the star, the third goes the other way and ends at the edge. Right, "
    "excess cost on a logarithmic axis against the iteration: two curves fall, by four orders and by six; the third "
    "rises steeply from the start and ends soon."
)

A, B = np.array([[1.0, 0.5], [0.0, 1.0]]), np.array([[0.125], [0.5]])
Q, R, GAMMA, S0 = np.diag([1.0, 0.1]), np.array([[0.5]]), 0.9, np.eye(2)
PROBLEM = (A, B, Q, R, GAMMA)
START = np.array([[0.1, 0.5]])
STEP, NUM_STEPS = 0.01, 500
NAMES = (r"$\Sigma_K$: the policy's own states", r"$I$: natural gradient", "a narrow replay buffer")
STYLES = (("#0072B2", "-"), ("#E69F00", "--"), ("#000000", "-."))


class Data(NamedTuple):
    """Grids of both entries, growth and excess cost (NaN: infinite) on them; paths (·, 2), their excess; K* (2,)."""

    k1: Array
    k2: Array
    growth: Array
    excess: Array
    paths: list[Array]
    falls: list[Array]
    best: Array


def excess(K: Array) -> Array:
    """J* − J of gains (..., 1, 2), all of finite cost."""
    return policy_value(*PROBLEM, K, S0) - policy_value(*PROBLEM, riccati_gain(*PROBLEM), S0)


def narrow_buffer() -> Array:
    """Second moment of states near a line along which they mislead at the start: v = Σe/|Σe| − e/|e|, E_K = eᵀ."""
    e = riccati_residual(*PROBLEM, START)[0]
    own = state_correlation(A, B, GAMMA, START, S0) @ e
    v = own / np.linalg.norm(own) - e / np.linalg.norm(e)
    return np.outer(v, v) / (v @ v) + 0.01 * np.eye(2)


def descent(D: Array | None) -> Array:
    """Gains (·, 2) by steps over states of second moment D (None: the policy's own), scaled; while costs are finite."""
    K, path = START, list[Array]()
    while len(path) <= NUM_STEPS and closed_loop_growth(A, B, GAMMA, K) < 1:
        path.append(K[0])
        states = state_correlation(A, B, GAMMA, K, S0) if D is None else D
        K = sgd_step(off_policy_gradient(*PROBLEM, K, states / np.trace(states)), K, STEP)
    return np.array(path)


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact values; drafts have fewer gains on the grid."""
    size = 160 if quality == "full" else 60
    k1, k2 = np.linspace(-0.4, 3.2, size), np.linspace(-0.3, 4.3, size)
    K = np.stack(np.meshgrid(k1, k2), -1)[..., None, :]
    growth = closed_loop_growth(A, B, GAMMA, K)
    surface = np.full(growth.shape, np.nan)
    surface[growth < 1] = excess(K[growth < 1])
    paths = [descent(D) for D in (None, np.eye(2), narrow_buffer())]
    falls = [excess(path[:, None]) for path in paths]
    return Data(k1, k2, growth, surface, paths, falls, riccati_gain(*PROBLEM)[0])


def draw(data: Data) -> Figure:
    """The plane of gains on the left, costs by iteration on the right."""
    figure = Figure(figsize=(10.5, 4.8))
    left, right = figure.subplots(1, 2)
    _draw_plane(left, data)
    for fall, name, (colour, style) in zip(data.falls, NAMES, STYLES, strict=True):
        right.semilogy(fall, color=colour, linestyle=style, label=name)
    right.plot(len(data.falls[2]) - 1, data.falls[2][-1], "x", color="black", markersize=9, markeredgewidth=2)
    right.set(xlabel="iteration", ylabel=r"$J^\star - J$")
    right.set_title("Cost above the least", loc="left")
    right.legend(loc="upper right")
    return figure


def _draw_plane(axes: Axes, data: Data) -> None:
    axes.contourf(data.k1, data.k2, data.growth, levels=[1, data.growth.max()], colors=["0.85"])
    levels = np.geomspace(0.05, 50, 9)
    axes.contour(data.k1, data.k2, data.excess, levels=levels, colors="0.55", linewidths=0.8, linestyles="-")
    for path, (colour, style) in zip(data.paths, STYLES, strict=True):
        axes.plot(*path.T, color=colour, linestyle=style, linewidth=2.4)
    axes.plot(*START[0], "o", color="black", markersize=6)
    axes.plot(*data.paths[2][-1], "x", color="black", markersize=9, markeredgewidth=2)
    axes.plot(*data.best, "*", color="#D55E00", markersize=16, markeredgecolor="black", zorder=4)
    axes.set(xlabel="$K_1$ (position)", ylabel="$K_2$ (speed)")
    axes.set_title("Gains, and the region of finite cost", loc="left")
    axes.grid(visible=False)
