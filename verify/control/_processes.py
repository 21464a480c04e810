"""Small decision processes, their runs one by one, and their values in rational arithmetic."""

import itertools
from fractions import Fraction

import numpy as np


def random_process(rng, num_states=4, num_actions=3):
    """Transition probabilities and rewards that have nothing special."""
    P = rng.dirichlet(np.ones(num_states), (num_states, num_actions))
    return P, rng.standard_normal((num_states, num_actions))


def layered_process(rng):
    """A process that goes from state 0 or 1 to 2 or 3, then to 4, and ends in 5, where nothing is earned."""
    P, R = np.zeros((6, 2, 6)), rng.standard_normal((6, 2))
    P[:2, :, 2:4] = rng.dirichlet(np.ones(2), (2, 2))
    P[2:4, :, 4:] = rng.dirichlet(np.ones(2), (2, 2))
    P[4:, :, 5] = 1
    R[5] = 0
    return P, R


def all_runs(P, R, mu, s):
    """Probabilities, given the first action, first actions and rewards of all runs of three actions from a state."""
    runs = []
    for a, t, b, u, c in itertools.product(range(2), range(6), range(2), range(6), range(2)):
        chance = P[s, a, t] * mu[t, b] * P[t, b, u] * mu[u, c]
        runs.append((chance, a, R[s, a], R[t, b], R[u, c]))
    chances, first, *rewards = np.array(runs).T
    return chances, first.astype(int), np.stack(rewards, -1)


def solved(M, b):
    """The solution of a linear system of fractions, by elimination."""
    rows = [[*row, right] for row, right in zip(M, b, strict=True)]
    for i, row in enumerate(rows):
        row[:] = [entry / row[i] for entry in row]
        for other in rows:
            if other is not row:
                other[:] = [x - other[i] * y for x, y in zip(other, row, strict=True)]
    return [row[-1] for row in rows]


def exact_values(P, R, gamma, actions):
    """V and Q of a deterministic policy by rational arithmetic, from Bellman's equation for V."""
    P, R, gamma = (
        np.vectorize(Fraction, otypes=[object])(P),
        np.vectorize(Fraction, otypes=[object])(R),
        Fraction(gamma),
    )
    s = range(len(P))
    M = [[(i == j) - gamma * P[i, actions[i], j] for j in s] for i in s]
    V = np.array(solved(M, [R[i, actions[i]] for i in s]))
    return V.astype(float), (R + gamma * (P @ V)).astype(float)


def deterministic(actions, num_actions):
    """The table of a policy that takes these actions."""
    return np.eye(num_actions)[actions]
