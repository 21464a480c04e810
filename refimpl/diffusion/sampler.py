"""Back from noise to data: steps of the reverse SDE and of the probability flow, and samples by the reverse SDE.

Time runs backward from T = 1, so that dt < 0. Scores are functions (a, t) → ∇log p_t(a). A run ends at a small time:
its law is that of the data with a little noise left, as the score need not exist at t = 0.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Score
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, field, generator, integer, number, positive
from refimpl.diffusion.schedules import march, time_after, time_domain, time_step_domain
from refimpl.diffusion.sde import SDE, process

_points = array("... p")


def _check_shape(name: str, value: Any, sizes: Sizes) -> Any:
    if not isinstance(value, tuple | list) or not value:
        raise TypeError(f"{name} must be a tuple of sizes, got {value!r}")
    return tuple(integer(1).check(f"{name}[{i}]", n, sizes) for i, n in enumerate(value))


_shape = Domain("a tuple of sizes (..., p), each >= 1", _check_shape)


@domain(sde=process, score=field, a=_points, t=time_domain, dt=number("< 0"), z=_points)
def reverse_step(sde: SDE, score: Score, a: Any, t: float, dt: float, z: Any) -> Any:
    r"""One Euler-Maruyama step of the reverse SDE.

    .. math:: a^+ = a + \big[f(a, t) - g(t)^2 \nabla \log p_t(a)\big] dt + g(t) \sqrt{|dt|} \, z

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    a : (..., p) array
        Points at time t.
    t : float
        Time, > 0 and ≤ 1.
    dt : float
        Time step, < 0, with t + dt ≥ 0.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Anderson 1982.

    Examples
    --------
    No drift, g = 2 and the score −a: back in time a point is pulled in, four times as fast as it would fall.

    >>> from refimpl.diffusion.sde import SDE
    >>> brownian = SDE("brownian", lambda a, t: 0 * a, lambda t: 2.0, lambda t: (1.0, 2 * np.sqrt(t)))
    >>> reverse_step(brownian, lambda a, t: -a, [10.0], 1.0, -0.01, [1.0])
    array([9.8])
    """
    if t + dt < -1e-12:
        raise ValueError(f"dt must be >= -t = {-t:g}, got {dt:g}")
    g = sde.diffusion(t)
    return a + (sde.drift(a, t) - g**2 * score(a, t)) * dt + g * np.sqrt(-dt) * z


@domain(sde=process, score=field, a=_points, t=time_domain)
def velocity(sde: SDE, score: Score, a: Any, t: float) -> Any:
    r"""The field of the flow.

    .. math:: F(a, t) = f(a, t) - \tfrac12 g(t)^2 \nabla \log p_t(a)

    Parameters
    ----------
    sde, score, a, t
        As for `reverse_step`.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, eq. (13).

    Examples
    --------
    >>> from refimpl.diffusion.sde import vp
    >>> velocity(vp(2.0, 2.0), lambda a, t: -a / 4, [4.0], 1.0)  # −4 + 1
    array([-3.])
    """
    return bare(sde.drift)(a, t) - sde.diffusion(t) ** 2 / 2 * score(a, t)


@domain(sde=process, score=field, a=_points, t=time_domain, dt=time_step_domain)
def probability_flow_step(sde: SDE, score: Score, a: Any, t: float, dt: float) -> Any:
    r"""One Euler step of the probability flow, back (dt < 0) towards the data or forth towards the noise.

    .. math:: a^+ = a + \big[f(a, t) - \tfrac12 g(t)^2 \nabla \log p_t(a)\big] dt

    Parameters
    ----------
    sde, score, a, t
        As for `reverse_step`.
    dt : float
        Time step, not 0, with t + dt within [0, 1].

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, eq. (13).

    Examples
    --------
    >>> import numpy as np
    >>> from refimpl.diffusion.sde import SDE
    >>> brownian = SDE("brownian", lambda a, t: 0 * a, lambda t: 2.0, lambda t: (1.0, 2 * np.sqrt(t)))
    >>> probability_flow_step(brownian, lambda a, t: -a, [10.0], 1.0, -0.01)
    array([9.8])
    """
    bare(time_after)(t, dt)
    return a + bare(velocity)(sde, score, a, t) * dt


@domain(sde=process, score=field, a=_points, t=time_domain, r=positive, z=_points)
def corrector_step(sde: SDE, score: Score, a: Any, t: float, r: float, z: Any) -> Any:
    r"""One step of Langevin Monte Carlo towards p_t, at the same time t.

    .. math:: a^+ = a + \eta \nabla \log p_t(a) + \sqrt{2 \eta} \, z, \qquad \eta = 2 r^2 \, \text{std}(t)^2

    Parameters
    ----------
    sde, score, a, t, z
        As for `reverse_step`.
    r : float
        Signal-to-noise ratio of a step, > 0: the size of η∇log p_t to that of √(2η) z, where p_t is mostly noise.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, Algorithms 4-5, with std for ‖z‖/‖score‖, which it is for pure noise.

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> corrector_step(ve(3.0, 5.0), lambda a, t: -a / 16, [16.0], 1.0, 0.5, [0.5])  # η = 8
    array([10.])
    """
    eta = 2 * (r * sde.kernel(t)[1]) ** 2
    return a + eta * score(a, t) + np.sqrt(2 * eta) * z


_run = {"sde": process, "score": field, "shape": _shape, "num_steps": integer(1), "rng": generator}


@domain(**_run, t_end=number(">= 0 and < 1"))
def sample(
    sde: SDE, score: Score, shape: tuple[int, ...], num_steps: int, rng: np.random.Generator, t_end: float = 1e-3
) -> Array:
    r"""Samples by the reverse SDE, from noise at T = 1 to a small time.

    .. math:: a_T \sim N\big(0, \text{std}(T)^2 I\big), \qquad
              a^{k+1} = a^k + \big[f - g^2 \nabla \log p_t\big](a^k, t_k) \, dt + g(t_k) \sqrt{|dt|} \, z^k

    Parameters
    ----------
    sde : SDE
        The forward process.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    shape : tuple of int
        Shape (..., p) of the samples.
    num_steps : int
        Number of equal time steps, ≥ 1.
    rng : numpy.random.Generator
        Draws the prior and the noise.
    t_end : float
        Where to stop, ≥ 0 and < 1.

    Returns
    -------
    array of that shape

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.

    References
    ----------
    Slide "Reverse diffusion".

    Examples
    --------
    Data from N(3, 1).

    >>> from refimpl.diffusion.marginals import marginal_score
    >>> from refimpl.diffusion.sde import vp
    >>> score = marginal_score(vp(), [1.0], [[3.0]], [[[1.0]]])
    >>> a = sample(vp(), score, (1000, 1), 100, np.random.default_rng(0))
    >>> a.shape, bool(abs(a.mean() - 3) < 0.2)
    ((1000, 1), True)
    """

    def step(a: Array, t: float, t_next: float) -> Array:
        return bare(reverse_step)(sde, score, a, t, t_next - t, rng.standard_normal(shape))

    return march(step, _prior(sde, shape, rng), np.linspace(1.0, t_end, num_steps + 1))


@domain(**_run, num_corrections=integer(0), r=positive, t_end=number("> 0 and < 1"))
def predictor_corrector(
    sde: SDE,
    score: Score,
    shape: tuple[int, ...],
    num_steps: int,
    rng: np.random.Generator,
    num_corrections: int = 1,
    r: float = 0.16,
    t_end: float = 1e-3,
) -> Array:
    """Samples by the reverse SDE, each step of which is followed by Langevin steps at the time it has reached.

    Parameters
    ----------
    sde, score, shape, num_steps, rng
        As for `sample`, which it is without corrections.
    num_corrections : int
        Number of `corrector_step` after each `reverse_step`, ≥ 0.
    r : float
        Signal-to-noise ratio of the corrections, > 0.
    t_end : float
        Where to stop, > 0 and < 1.

    Returns
    -------
    array of that shape

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last one that was.

    References
    ----------
    Slide "Reverse diffusion"; Song et al. 2021, Algorithm 1.

    Examples
    --------
    >>> from refimpl.diffusion.marginals import marginal_score
    >>> from refimpl.diffusion.sde import vp
    >>> score = marginal_score(vp(), [1.0], [[3.0]], [[[1.0]]])
    >>> a = predictor_corrector(vp(), score, (1000, 1), 100, np.random.default_rng(0))
    >>> a.shape, bool(abs(a.mean() - 3) < 0.2)
    ((1000, 1), True)
    """

    def step(a: Array, t: float, t_next: float) -> Array:
        a = bare(reverse_step)(sde, score, a, t, t_next - t, rng.standard_normal(shape))
        for _ in range(num_corrections):
            a = bare(corrector_step)(sde, score, a, t_next, r, rng.standard_normal(shape))
        return a

    return march(step, _prior(sde, shape, rng), np.linspace(1.0, t_end, num_steps + 1))


def _prior(sde: SDE, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return sde.kernel(1.0)[1] * rng.standard_normal(shape)
