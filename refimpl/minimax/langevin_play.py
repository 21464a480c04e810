"""Mixed strategies on boxes, by sampling: entropic mirror descent and mirror-prox played by Langevin particles.

After t rounds of mirror descent the first player's strategy has the density ∝ exp(−ηt (Gq̂)(x)), where q̂ is the average
of the strategies that the second player has played: particles (x, y) stand for the strategies, and follow such
densities by Langevin steps. Points are z = (x, y), and both players descend their part of V(z) = [∇ₓΦ, −∇ᵧΦ].
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, array, bare, domain, field, generator, integer, numpy_array, positive
from refimpl.arguments.errors import DivergedError

Box = tuple[Any, Any]


class Play(NamedTuple):
    """Particles x (T, n, d) and y (T, m, p) of the T rounds; all rounds' together are the average strategies."""

    x: Array
    y: Array


def _check_box(name: str, value: Any, sizes: dict[str, int]) -> Box:
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise TypeError(f"{name} must be a pair (lower, upper), got {value!r}")
    ends = array("...")
    lower, upper = ends.check(f"{name}[0]", value[0], sizes), ends.check(f"{name}[1]", value[1], sizes)
    if not np.all(lower < upper):
        raise ValueError(f"{name} must have lower < upper everywhere, got {value!r}")
    return lower, upper


_box = Domain("pair (lower, upper) of numbers or points, lower < upper", _check_box)
_points = array("... p")
_play = {
    "V": field,
    "x0": numpy_array("n d"),
    "y0": numpy_array("m p"),
    "eta": positive,
    "num_rounds": integer(1),
    "box": _box,
    "rng": generator,
    "h": positive,
    "num_inner": integer(1),
}


@domain(grad_f=field, a=_points, h=positive, beta=positive, z=_points, box=_box)
def reflected_langevin_step(grad_f: Callable, a: Array, h: float, beta: float, z: Array, box: Box) -> Array:
    r"""One step of Langevin Monte Carlo towards the density ∝ exp(−β f) on a box.

    .. math:: a^+ = \mathrm{reflect}\Big(a - h \nabla f(a) + \sqrt{2h/\beta} \, z\Big)

    The faces reflect like mirrors, which keeps the uniform density; projection would pile up particles on them.

    Parameters
    ----------
    grad_f : callable
        ∇f.
    a, z : (..., p) array
        Particles, and standard normal noise.
    h : float
        Step size, > 0.
    beta : float
        Inverse temperature, > 0.
    box : pair
        Lower and upper ends, numbers or points.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Hsieh, Liu & Cevher 2019.

    Examples
    --------
    >>> reflected_langevin_step(lambda a: a, [1.0, -2.0], 0.5, 4.0, [1.0, -2.0], (-2.0, 2.0))
    array([ 1., -2.])
    """
    return _reflected(a - h * grad_f(a) + np.sqrt(2 * h / beta) * z, box)


def _reflected(a: Array, box: Box) -> Array:
    """Points folded back into a box of ends l, u: l + |((a − l + w) mod 2w) − w|, w = u − l."""
    lower, upper = box
    width = upper - lower
    return lower + np.abs((a - lower + width) % (2 * width) - width)


@domain(**_play)
def langevin_mirror_descent(
    V: Field,
    x0: Array,
    y0: Array,
    eta: float,
    num_rounds: int,
    box: Box,
    rng: np.random.Generator,
    h: float = 0.05,
    num_inner: int = 20,
) -> Play:
    r"""Entropic mirror descent by both players at once, each round's strategies being Langevin particles.

    .. math:: p_t \propto \exp\Big(-\eta \sum_{s<t} G q_s\Big), \qquad
              q_t \propto \exp\Big(\eta \sum_{s<t} G^\dagger p_s\Big)

    Round t ≥ 1 goes on from the particles of round t − 1 with `num_inner` steps at β = ηt.

    Parameters
    ----------
    V : callable
        Field of the game; it must take batches of points.
    x0, y0 : (n, d) array, (m, p) array
        Particles of round 0.
    eta : float
        Step size, > 0.
    num_rounds : int
        Number T of rounds, ≥ 1.
    box : pair
        Lower and upper ends of the box for z = (x, y), numbers or points.
    rng : numpy.random.Generator
        Source of the noise.
    h : float
        Step size of the Langevin steps on the mean payoff, > 0.
    num_inner : int
        Number of Langevin steps a round, ≥ 1.

    Returns
    -------
    Play

    Raises
    ------
    DivergedError
        When V leaves the finite numbers; `last` is the last finite pair (x, y), `step` its round.

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Hsieh, Liu & Cevher 2019.
    """
    boxes, played = _boxes(box, x0, y0), [(x0, y0)]
    while len(played) < num_rounds:
        played.append(_answer(V, played[-1], played, eta, boxes, rng, h, num_inner))
    return _play_of(played)


@domain(**_play)
def langevin_mirror_prox(
    V: Field,
    x0: Array,
    y0: Array,
    eta: float,
    num_rounds: int,
    box: Box,
    rng: np.random.Generator,
    h: float = 0.05,
    num_inner: int = 20,
) -> Play:
    r"""Entropic mirror-prox, each round's strategies being Langevin particles.

    .. math:: \bar p_t \propto \exp\Big(-\eta \Big[\sum_{s<t} G \bar q_s + G q_t\Big]\Big), \qquad
              p_{t+1} \propto \exp\Big(-\eta \sum_{s \le t} G \bar q_s\Big)

    and likewise for q with the other sign. What is played, and returned, is p̄ and q̄.

    Parameters
    ----------
    V, x0, y0, eta, num_rounds, box, rng, h, num_inner
        As for `langevin_mirror_descent`; x0 and y0 are p₀ and q₀.

    Returns
    -------
    Play

    Raises
    ------
    DivergedError
        When V leaves the finite numbers; `last` is the last finite pair (x, y), `step` its round.

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Hsieh, Liu & Cevher 2019.
    """
    boxes, current = _boxes(box, x0, y0), (x0, y0)
    played: list[tuple[Array, Array]] = []
    for _ in range(num_rounds):
        played.append(_answer(V, current, [*played, current], eta, boxes, rng, h, num_inner))
        current = _answer(V, current, played, eta, boxes, rng, h, num_inner)
    return _play_of(played)


def _boxes(box: Box, x0: Array, y0: Array) -> tuple[Box, Box]:
    """The box of x and that of y; the particles must start in them."""
    d, p = x0.shape[1], y0.shape[1]
    try:
        lower, upper = (np.broadcast_to(end, d + p) for end in box)
    except ValueError:
        raise ValueError(f"box must have numbers or points of {d + p} coordinates (x, y), got {box!r}") from None
    boxes = (lower[:d], upper[:d]), (lower[d:], upper[d:])
    for name, start, (low, high) in zip(("x0", "y0"), (x0, y0), boxes, strict=True):
        if (start < low).any() or (start > high).any():
            raise ValueError(f"{name} must lie in the box from {low} to {high}, got {start.min(0)} to {start.max(0)}")
    return boxes


def _answer(
    V: Field,
    start: tuple[Array, Array],
    history: list[tuple[Array, Array]],
    eta: float,
    boxes: tuple[Box, Box],
    rng: np.random.Generator,
    h: float,
    num_inner: int,
) -> tuple[Array, Array]:
    """Particles of both players after Langevin steps against a history of strategies, at β = η · its length."""
    X, Y = (np.concatenate(particles) for particles in zip(*history, strict=True))
    d, beta, step = X.shape[1], eta * len(history), bare(reflected_langevin_step)
    x, y = start
    for _ in range(num_inner):
        x = step(lambda a: V(_pairs(a, Y))[..., :d].mean(1), x, h, beta, rng.standard_normal(x.shape), boxes[0])
        y = step(lambda b: V(_pairs(X, b))[..., d:].mean(0), y, h, beta, rng.standard_normal(y.shape), boxes[1])
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise DivergedError(start, len(history))
    return x, y


def _pairs(x: Array, y: Array) -> Array:
    """All points (xᵢ, yⱼ), (n, m, d + p)."""
    return np.concatenate([np.repeat(x[:, None], len(y), 1), np.repeat(y[None], len(x), 0)], -1)


def _play_of(played: list) -> Play:
    x, y = zip(*played, strict=True)
    return Play(np.stack(x), np.stack(y))
