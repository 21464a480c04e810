"""A nominal and a robust controller of a pendulum, under another mass and under random actions."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.arguments.errors import DivergedError
from refimpl.control.decision_processes import discounted_return
from refimpl.control.linear_quadratic import policy_value, riccati_gain
from refimpl.control.noisy_actions import least_penalty, saddle, stacked_actions

SLIDE = "Application: Noisy action robust reinforcement learning"
ROWS = ("C05",)
CAPTION = (
    "A linearised pendulum, to be held upright by u = −Ks for 150 steps: discounted cost −J of the Riccati gain for "
    "the mass 1, and of the equilibrium gain of the game in which a tenth of the action is an adversary's, who pays "
    "twice the least penalty λ* that the game allows. Left: with another mass than designed for; grey: the best gain "
    "for each mass; crosses: exact costs without an end, where they are finite. Right: each action is with probability "
    "p a random one. Lines are means over seeds, bands the range of the seeds' averages over episodes from random "
    "starts. Robustness costs where nothing is perturbed, and pays where much is: the nominal gain loses the pendulum."
)
ALT = (
    "Two panels with logarithmic vertical axes, the cost. Left, against the mass from 0.5 to 3: a solid blue curve, "
    "the nominal gain, climbs slowly up to 2 and then by orders; a dashed orange one, the robust gain, lies above it "
    "at small masses, crosses it below 2 and stays close to a grey curve under both. Right, against the probability of "
    "random actions from 0 to 0.5: the nominal curve starts lower and ends far above the robust one."
)

GAMMA, STEP, GRAVITY, DELTA = 0.95, 0.05, 9.81, 0.1
Q, R, S0 = np.diag([1.0, 0.1]), np.array([[0.01]]), 0.1 * np.eye(2)
LIMIT = 20.0
MASSES = np.linspace(0.5, 3.0, 26)
PROBABILITIES = np.linspace(0.0, 0.5, 21)
NAMES = ("nominal", "robust")


class Data(NamedTuple):
    """Costs (2, seeds, ·) of the two gains by mass and by probability; exact (2, ·) by mass, and the least (·,)."""

    by_mass: Array
    by_probability: Array
    exact: Array
    least: Array
    gains: Array


def pendulum(mass: float) -> tuple[Array, Array]:
    """Euler steps of the pendulum of length 1 about its upper rest, states (angle, angular speed), actions torques."""
    return np.array([[1, STEP], [STEP * GRAVITY, 1]]), np.array([[0], [STEP / mass]])


def controllers() -> Array:
    """The nominal and the robust gain, (2, 1, 2)."""
    A, B = pendulum(1.0)
    free = 0 * R
    penalty = 2 * least_penalty(A, B, Q, free, GAMMA, R, DELTA)
    B2, R2 = stacked_actions(B, free, R, DELTA, penalty)
    return np.stack([riccati_gain(A, B, Q, R, GAMMA), saddle(A, B2, Q, R2, GAMMA).K])


def episodes(K: Array, mass: float, p: float, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Mean costs (seeds,) of episodes, shape (seeds, episodes), with random actions of probability p."""
    A, B = pendulum(mass)
    s, costs = rng.multivariate_normal(np.zeros(2), S0, shape), []
    for _ in range(150):
        random = rng.uniform(-LIMIT, LIMIT, (*shape, 1))
        u = np.where(rng.random((*shape, 1)) < p, random, -s @ K.T)
        costs.append((s @ Q * s).sum(-1) + (u @ R * u).sum(-1))
        s = s @ A.T + u @ B.T
    return discounted_return(np.stack(costs, -1), GAMMA).mean(-1)


def exact(K: Array, mass: float) -> float:
    """Exact cost with another mass; NaN where it is infinite."""
    try:
        return float(policy_value(*pendulum(mass), Q, R, GAMMA, K, S0))
    except DivergedError:
        return np.nan


def data(quality: str, rng: np.random.Generator) -> Data:
    """Five seeds of 50 episodes in drafts, ten of 500 otherwise."""
    shape, gains = ((10, 500) if quality == "full" else (5, 50)), controllers()
    by_mass = [[episodes(K, m, 0.0, shape, rng) for m in MASSES] for K in gains]
    by_probability = [[episodes(K, 1.0, p, shape, rng) for p in PROBABILITIES] for K in gains]
    costs = (np.swapaxes(np.array(table), 1, 2) for table in (by_mass, by_probability))
    least = [exact(riccati_gain(*pendulum(m), Q, R, GAMMA), m) for m in MASSES]
    exact_costs = np.array([[exact(K, m) for m in MASSES] for K in gains])
    mass, probability = costs
    return Data(mass, probability, exact_costs, np.array(least), gains)


def draw(data: Data) -> Figure:
    """Masses on the left, random actions on the right."""
    figure = Figure(figsize=(10, 4.4))
    left, right = figure.subplots(1, 2)
    _draw_costs(left, MASSES, data.by_mass)
    left.plot(
        MASSES, data.least, color="0.6", linestyle="-", linewidth=4, alpha=0.6, zorder=1, label="best for the mass"
    )
    for cost in data.exact:
        left.plot(MASSES[::2], cost[::2], "x", color="black", markersize=4, zorder=3)
    left.axvline(1.0, color="0.4", linestyle=":", linewidth=1)
    left.set(xlabel="mass, designed for 1", ylabel="cost $-J$")
    left.set_title("Another mass", loc="left")
    left.legend(loc="upper left")
    _draw_costs(right, PROBABILITIES, data.by_probability)
    right.set(xlabel="probability $p$ of a random action", ylabel="cost $-J$")
    right.set_title("Random actions", loc="left")
    return figure


def _draw_costs(axes: Axes, x: Array, costs: Array) -> None:
    for cost, name, colour, style in zip(costs, NAMES, ("#0072B2", "#E69F00"), ("-", "--"), strict=True):
        axes.fill_between(x, cost.min(0), cost.max(0), color=colour, alpha=0.25, linewidth=0)
        axes.plot(x, cost.mean(0), color=colour, linestyle=style, label=f"{name} gain")
    axes.set_yscale("log")
