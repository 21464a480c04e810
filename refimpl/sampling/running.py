"""Running a noisy step many times, keeping the last state only."""

from collections.abc import Callable

import numpy as np

from refimpl.arrays import Array
from refimpl.errors import DivergedError


def last_state(
    step: Callable[[Array, Array], Array],
    state: Array,
    shape: tuple[int, ...],
    num_steps: int,
    rng: np.random.Generator,
) -> Array:
    """The state after many steps s⁺ = step(s, z), with new noise z ~ N(0, I) of a shape at each.

    Raises
    ------
    DivergedError
        With the last finite state and its step.
    """
    for k in range(num_steps):
        with np.errstate(over="ignore", invalid="ignore"):
            after = step(state, rng.standard_normal(shape))
        if not np.isfinite(after).all():
            raise DivergedError(state, k)
        state = after
    return state
