r"""Underdamped Langevin dynamics as a sampler: chains of BAOAB steps, for any target π ∝ e^{−f}.

The dynamics da = v dt, dv = −γv dt − u∇f(a) dt + √(2γu) dW has the stationary law e^{−f} × N(0, uI). On Gaussian
targets `linear_chains` knows the law of the chain at every step. There γ = 2√(u λmin) damps the slowest mode
critically, and the number of steps grows like √κ, whereas Langevin Monte Carlo takes κ.
"""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import bare, domain, field, generator, integer, numpy_array, positive
from refimpl.loops.chains import last_state
from refimpl.sampling.langevin import baoab_step


class Phase(NamedTuple):
    """Points a and velocities v, both (n, p)."""

    a: Array
    v: Array


@domain(
    grad_f=field,
    a0=numpy_array("n p"),
    v0=numpy_array("n p"),
    h=positive,
    gamma=positive,
    num_steps=integer(0),
    rng=generator,
    u=positive,
)
def underdamped_lmc(
    grad_f: Field,
    a0: Array,
    v0: Array,
    h: float,
    gamma: float,
    num_steps: int,
    rng: np.random.Generator,
    u: float = 1.0,
) -> Phase:
    r"""Last states of n independent underdamped chains.

    .. math:: (a^{k+1}, v^{k+1}) = \mathrm{BAOAB}(a^k, v^k, z^{k+1})

    Parameters
    ----------
    grad_f : callable
        ∇f of the target π ∝ e^{−f}, from (n, p) to (n, p).
    a0, v0 : (n, p) array
        Points and velocities where the chains start.
    h : float
        Time step, > 0; stable for h < 2/√(uL) where ∇f is L-Lipschitz.
    gamma : float
        Friction γ, > 0.
    num_steps : int
        Number of steps, ≥ 0.
    rng : numpy.random.Generator
        Source of the noise.
    u : float
        Inverse mass u, > 0.

    Returns
    -------
    Phase

    Raises
    ------
    DivergedError
        When a state is not finite; `last` holds the last finite a and v, (2, n, p).

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Leimkuhler & Matthews 2013; Ma, Chatterji, Cheng,
    Flammarion, Bartlett & Jordan 2021 (acceleration).

    Examples
    --------
    From (10, 0) the mean of a on N(0, 1) has gone to 0.

    >>> a0 = np.full((1000, 1), 10.0)
    >>> a, v = underdamped_lmc(lambda a: a, a0, 0 * a0, 0.5, 2.0, 40, np.random.default_rng(0))
    >>> a.shape, bool(abs(a.mean()) < 0.2)
    ((1000, 1), True)
    """

    def step(state: Array, z: Array) -> Array:
        return np.stack(bare(baoab_step)(grad_f, state[0], state[1], h, gamma, u, z))

    return Phase(*last_state(step, np.stack([a0, v0]), num_steps, rng))
