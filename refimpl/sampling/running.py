"""Running a noisy step many times, keeping the last state only."""

from collections.abc import Callable

import numpy as np

from refimpl.arrays import Array
from refimpl.domains import array, domain, function, generator, integer
from refimpl.errors import DivergedError


@domain(step=function, state=array("... n p"), num_steps=integer(0), rng=generator)
def last_state(step: Callable[[Array, Array], Array], state: Array, num_steps: int, rng: np.random.Generator) -> Array:
    """The state after many steps s⁺ = step(s, z), with new noise z ~ N(0, I), (n, p), at each.

    Raises
    ------
    DivergedError
        With the last finite state and its step.
    """
    for k in range(num_steps):
        with np.errstate(over="ignore", invalid="ignore"):
            after = step(state, rng.standard_normal(state.shape[-2:]))
        if not np.isfinite(after).all():
            raise DivergedError(state, k)
        state = after
    return state
