"""What the cells of the rate table share: its methods, their orbits, and their wrong versions.

Slide "Comparison of convergence rates for smooth convex-concave minimax".
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from refimpl.minimax import algorithms

SLIDE = "Comparison of convergence rates for smooth convex-concave minimax"


class Method(NamedTuple):
    """What a cell of the table must know: name, source, α L, whether a step remembers, the points w_k of its field."""

    name: str
    source: str
    alpha: float
    memory: bool
    field_points: Callable[[Any, np.ndarray, float], np.ndarray]


PPM = Method("ppm", "Rockafellar 1976; Mokhtari et al. 2020", 1.5, False, lambda V, z, alpha: z[1:])
EG = Method("eg", "Nemirovski 2004; Mokhtari et al. 2020", 0.7, False, lambda V, z, alpha: (z - alpha * V(z))[:-1])
OGDA = Method("ogda", "Popov 1980; Mokhtari et al. 2020", 0.5, True, lambda V, z, alpha: z[:-1])
RFBS = Method("rfbs", "Cevher & Vũ 2020", 0.5, True, lambda V, z, alpha: 2 * z[:-1] - np.concatenate([z[:1], z[:-2]]))


def orbit(method: Method, step: Callable, V: Callable, z0: np.ndarray, alpha: float, num_steps: int) -> np.ndarray:
    """States z₀, …, z_n of a step, with z₋₁ = z₀."""

    def states() -> Iterator[np.ndarray]:
        z = z_prev = z0
        while True:
            yield z
            z, z_prev = (step(V, z, z_prev, alpha) if method.memory else step(V, z, alpha)), z

    return np.array(list(islice(states(), num_steps + 1)))


def mode(method: Method, a: Any, k: Any) -> np.ndarray:
    """ζ_k/ζ₀ on the field V(ζ) = νζ of one complex variable, a = αν, from the roots of the recursion."""
    if not method.memory:
        return (1 / (1 + a) if method is PPM else 1 - a + a**2) ** k
    root = np.sqrt(1 + 4 * a**2)
    plus, minus = (1 - 2 * a + root) / 2, (1 - 2 * a - root) / 2
    return (plus ** (k + 1) * (1 - minus) - minus ** (k + 1) * (1 - plus)) / root


def first(reached: np.ndarray) -> np.ndarray:
    """The first k at which each column holds, NaN where none does."""
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)


def shortened(step: Callable) -> Callable:
    """The step with α 1 % too small."""
    return lambda V, z, *rest: step(V, z, *rest[:-1], 0.99 * rest[-1])


WRONG: dict[str, dict[str, Callable]] = {
    "ppm": {
        "one explicit step: extragradient": lambda V, z, alpha: z - alpha * V(z - alpha * V(z)),
        "implicit midpoint": lambda V, z, alpha: 2 * algorithms.ppm_step(V, z, alpha / 2) - z,
        "α 1 % too small": shortened(algorithms.ppm_step),
    },
    "eg": {
        "evaluates both fields at z: gradient descent-ascent": lambda V, z, alpha: z - alpha * V(z),
        "half a step in the extrapolation": lambda V, z, alpha: z - alpha * V(z - alpha / 2 * V(z)),
        "α 1 % too small": shortened(algorithms.eg_step),
    },
    "ogda": {
        "previous gradient overwritten: gradient descent-ascent": lambda V, z, z_prev, alpha: z - alpha * V(z),
        "weights 3 and −2": lambda V, z, z_prev, alpha: z - alpha * (3 * V(z) - 2 * V(z_prev)),
        "α 1 % too small": shortened(algorithms.ogda_step),
    },
    "rfbs": {
        "no reflection": lambda V, z, z_prev, alpha: z - alpha * V(z),
        "reflects z to a place 1 % short": lambda V, z, z_prev, alpha: z - alpha * V(1.99 * z - z_prev),
        "α 1 % too small": shortened(algorithms.rfbs_step),
    },
}
