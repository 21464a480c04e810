r"""A family of targets that are easy to sample and hard to minimise.

The potential is flat on the ball of radius R = 4, grows like ½(‖a‖ − R)² outside, and has one smooth needle of radius
r = 1 and depth d = ½, somewhere inside:

.. math:: f_c(a) = \tfrac12 (\|a\| - R)_+^2 - d \Big(1 - \frac{\|a - c\|^2}{r^2}\Big)_+^3, \qquad \|c\| \le R - r

It is ½-strongly convex outside the ball of radius 2R and its gradient is 6d/r² = 3-Lipschitz, for every dimension.

The minimum −d lies in the needle, and only queries inside the needle tell where it is. All others are answered as if
there were none. With c uniform in its ball, N queries find it with a probability of at most N (r/(R − r))ᵖ = N 3⁻ᵖ,
whatever the method. A sampler need not find the needle: it changes the density by a factor of at most e^d. So the
log-Sobolev constant does not depend on the dimension (Holley-Stroock).
"""

from typing import Any, NamedTuple

import autograd.numpy as np
import numpy
import scipy

from refimpl.arguments.arrays import Field
from refimpl.arguments.domains import Domain, array, domain, generator, integer, positive

RADIUS, WIDTH, DEPTH = 4.0, 1.0, 0.5
SMOOTHNESS = 6 * DEPTH / WIDTH**2
"""Lipschitz constant L of ∇f."""

LOG_SOBOLEV = float(numpy.exp(-1.125 - DEPTH) / (2 * RADIUS**2))
"""A log-Sobolev constant, for every dimension and every c.

f differs by at most 1.125 + d from a potential that is 1/(2R²)-strongly convex everywhere. That one has no needle; a
radial function is added to it, whose slope is s/(2R²) up to s = 2R = 8 and then falls from ¼ to 0 at s = 9.
"""


class Needle(NamedTuple):
    """A member of the family: its potential, its gradient, and log ∫ e^{−f}."""

    f: Any
    grad_f: Field
    log_normalizer: float


def _check_centre(name: str, value: Any, sizes: dict[str, int]) -> Any:
    c = array("p").check(name, value, sizes)
    if numpy.linalg.norm(c) > RADIUS - WIDTH + 1e-12:
        raise ValueError(f"{name} must have a norm <= {RADIUS - WIDTH}, got {numpy.linalg.norm(c)}")
    return c


@domain(c=Domain(f"(p,) array of norm <= {RADIUS - WIDTH}", _check_centre))
def needle(c: Any) -> Needle:
    r"""The member of the family with its needle at c.

    .. math:: \nabla f(a) = (\|a\| - R)_+ \frac{a}{\|a\|}
              + \frac{6d}{r^2} \Big(1 - \frac{\|a - c\|^2}{r^2}\Big)_+^2 (a - c)

    Parameters
    ----------
    c : (p,) array
        Centre of the needle, ‖c‖ ≤ R − r.

    Returns
    -------
    Needle

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", remarks; after Ma, Chen, Jin, Flammarion & Jordan 2019.

    Examples
    --------
    >>> g = needle([1.0, 1.0])
    >>> float(g.f(np.array([1.0, 1.0]))), g.grad_f(np.array([0.0, -6.0])).tolist()
    (-0.5, [0.0, -2.0])
    """
    c = c.copy()

    def f(a: Any) -> Any:
        out = np.maximum(np.sqrt((a**2).sum(-1)) - RADIUS, 0)
        return out**2 / 2 - DEPTH * np.maximum(1 - ((a - c) ** 2).sum(-1) / WIDTH**2, 0) ** 3

    def grad_f(a: Any) -> Any:
        norm = numpy.maximum(numpy.linalg.norm(a, axis=-1, keepdims=True), RADIUS)
        near = numpy.maximum(1 - ((a - c) ** 2).sum(-1, keepdims=True) / WIDTH**2, 0)
        return (1 - RADIUS / norm) * a + 6 * DEPTH / WIDTH**2 * near**2 * (a - c)

    points = domain(a=array(f"... {len(c)}"))
    return Needle(points(f), points(grad_f), log_normalizer(len(c)))


@domain(p=integer(1))
def log_normalizer(p: int) -> float:
    r"""log ∫ e^{−f}, the same for every c, by radial quadrature.

    .. math:: \int e^{-f} = \frac{2 \pi^{p/2}}{\Gamma(p/2)} \Big[ \frac{R^p}{p}
              + \int_0^\infty (R + s)^{p-1} e^{-s^2/2} ds
              + \int_0^r s^{p-1} \big(e^{d (1 - s^2/r^2)^3} - 1\big) ds \Big]

    Parameters
    ----------
    p : int
        Dimension, ≥ 1.

    Returns
    -------
    float

    Examples
    --------
    >>> round(log_normalizer(1), 4)
    2.4035
    """
    outside = scipy.integrate.quad(lambda s: (1 + s / RADIUS) ** (p - 1) * np.exp(-(s**2) / 2), 0, 12 + 2 * p)[0]
    inside = scipy.integrate.quad(
        lambda s: (s / RADIUS) ** (p - 1) * np.expm1(DEPTH * (1 - s**2 / WIDTH**2) ** 3), 0, WIDTH
    )[0]
    sphere = np.log(2) + p / 2 * np.log(np.pi) - scipy.special.gammaln(p / 2) + (p - 1) * np.log(RADIUS)
    return float(sphere + np.log(RADIUS / p + outside + inside))


@domain(p=integer(1))
def search_lower_bound(p: int) -> float:
    r"""Least mean number of queries until one falls into the needle, for any search, when c is uniform in its ball.

    .. math:: E\,T \ge \sum_{n \ge 0} (1 - n q)_+ = \frac{3^p + 1}{2}, \qquad q = \Big(\frac{r}{R - r}\Big)^p = 3^{-p}

    Parameters
    ----------
    p : int
        Dimension, ≥ 1.

    Returns
    -------
    float

    References
    ----------
    After Ma, Chen, Jin, Flammarion & Jordan 2019, Theorem 2.

    Examples
    --------
    >>> search_lower_bound(8)
    3281.0
    """
    return (((RADIUS - WIDTH) / WIDTH) ** p + 1) / 2


@domain(c=Domain(f"(p,) array of norm <= {RADIUS - WIDTH}", _check_centre), rng=generator)
def multistart_search(c: Any, rng: numpy.random.Generator) -> int:
    r"""Number of gradients that descent asks for, started again and again, until a start is in the needle.

    Starts are uniform in the ball of radius R. Where there is no needle the gradient is 0, and descent starts anew. So
    the count is geometric, with mean (R/r)ᵖ = 4ᵖ.

    Parameters
    ----------
    c : (p,) array
        Centre of the needle.
    rng : numpy.random.Generator
        Source of the starts.

    Returns
    -------
    int

    Examples
    --------
    >>> multistart_search([1.0], np.random.default_rng(0)) < 100
    True
    """
    grad_f, p, block, asked = needle(c).grad_f, len(c), 4096, 0
    while True:
        direction = rng.standard_normal((block, p))
        length = RADIUS * rng.random((block, 1)) ** (1 / p)
        found = grad_f(length * direction / numpy.linalg.norm(direction, axis=1, keepdims=True)).any(axis=1)
        if found.any():
            return asked + int(found.argmax()) + 1
        asked += block


@domain(p=integer(1), eps=positive)
def lmc_upper_bound(p: int, eps: float) -> float:
    r"""Iterations of Langevin Monte Carlo, from N(0, I), that certainly suffice for KL ≤ ε.

    .. math:: k = \frac{1}{a \eta} \log \frac{2 \mathrm{KL}_0}{\varepsilon}, \qquad
              \eta = \frac{a \varepsilon}{16 p L^2}, \qquad
              \mathrm{KL}_0 \le \log \int e^{-f} - \frac p2 \log(2 \pi)

    No step is needed for ε ≥ 2KL₀. This is a bound, not a count: it grows like p log p, with large constants.

    Parameters
    ----------
    p : int
        Dimension, ≥ 1.
    eps : float
        Accuracy ε, > 0.

    Returns
    -------
    float

    References
    ----------
    Vempala & Wibisono 2019, Theorem 1, with the constant `LOG_SOBOLEV`.

    Examples
    --------
    >>> lmc_upper_bound(8, 0.1) < lmc_upper_bound(9, 0.1)
    True
    """
    a, L = LOG_SOBOLEV, SMOOTHNESS
    eta = a * eps / (16 * p * L**2)
    start = log_normalizer(p) - p / 2 * np.log(2 * np.pi)
    return float(np.log(max(2 * start / eps, 1)) / (a * eta))
