r"""Targets on boxes, balls and the simplex, with projections onto them and exact moments.

Projected chains are compared with these moments. Outside its set a target has f = ∞. What a projection returns is in
the set, up to rounding. The Dirichlet law, which is for
mirrored chains, refuses points outside the simplex. A chain that leaves the simplex on its way diverges, because ∇f is
not a number there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as np
import numpy
import scipy

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, array, domain, positive
from refimpl.calculus.projections import onto_ball, onto_box
from refimpl.sampling.targets import Target


class Constrained(NamedTuple):
    """A target on a convex set, the projection onto the set, and mean and variance (p,) of the coordinates.

    Different coordinates are uncorrelated.
    """

    target: Target
    project: Field
    mean: Array
    variance: Array


@domain(lower=array("p"), upper=array("p"))
def uniform_on_box(lower: Array, upper: Array) -> Constrained:
    r"""The uniform law on a box.

    .. math:: f = 0, \qquad E a_i = \frac{l_i + u_i}{2}, \qquad \operatorname{Var} a_i = \frac{(u_i - l_i)^2}{12}

    Parameters
    ----------
    lower, upper : (p,) array
        Corners of the box, l < u.

    Returns
    -------
    Constrained

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants.

    Examples
    --------
    >>> uniform_on_box([0.0, 1.0], [6.0, 3.0]).variance.round(6)
    array([3.      , 0.333333])
    """
    middle, sides = (lower + upper) / 2, upper - lower
    f, grad_f, project = _on_box(middle, 0.0, lower, upper)
    target = Target("uniform on a box", f, grad_f, float(numpy.log(sides).sum()))
    return Constrained(target, project, middle, sides**2 / 12)


@domain(mean=array("p"), std=positive, lower=array("p"), upper=array("p"))
def gaussian_on_box(mean: Array, std: float, lower: Array, upper: Array) -> Constrained:
    r"""N(m, s²I) on a box: independent truncated normal laws, α = (l − m)/s, β = (u − m)/s.

    .. math:: f(a) = \frac{\|a - m\|^2}{2 s^2}, \qquad E a_i = m_i + s r_i, \qquad
              r = \frac{\varphi(\alpha) - \varphi(\beta)}{\Phi(\beta) - \Phi(\alpha)}

    .. math:: \operatorname{Var} a_i = s^2 \Big(1 + \frac{\alpha_i \varphi(\alpha_i) - \beta_i \varphi(\beta_i)}
              {\Phi(\beta_i) - \Phi(\alpha_i)} - r_i^2\Big)

    Parameters
    ----------
    mean : (p,) array
        m, in the box or not.
    std : float
        s, > 0.
    lower, upper
        As for `uniform_on_box`.

    Returns
    -------
    Constrained

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants.

    Examples
    --------
    >>> gaussian_on_box([0.0], 1.0, [-1.0], [1.0]).variance.round(6)
    array([0.291125])
    """
    f, grad_f, project = _on_box(mean.copy(), std**-2, lower, upper)
    law = scipy.stats.truncnorm((lower - mean) / std, (upper - mean) / std, mean, std)
    log_normalizer = -f(lower) - law.logpdf(lower).sum()
    return Constrained(
        Target("Gaussian on a box", f, grad_f, float(log_normalizer)),
        project,
        numpy.asarray(law.mean()),
        numpy.asarray(law.var()),
    )


@domain(centre=array("p"), radius=positive)
def uniform_on_ball(centre: Array, radius: float) -> Constrained:
    r"""The uniform law on a ball.

    .. math:: f = 0, \qquad E a = c, \qquad \operatorname{Var} a_i = \frac{r^2}{p + 2}

    Parameters
    ----------
    centre : (p,) array
        c.
    radius : float
        r, > 0.

    Returns
    -------
    Constrained

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Bubeck, Eldan & Lehec 2018.

    Examples
    --------
    >>> uniform_on_ball([0.0, 1.0], 2.0).variance
    array([1., 1.])
    """
    p = len(centre)
    f, grad_f, project = _on_ball(centre.copy(), 0.0, radius)
    log_volume = p / 2 * numpy.log(numpy.pi) + p * numpy.log(radius) - scipy.special.gammaln(p / 2 + 1)
    target = Target("uniform on a ball", f, grad_f, float(log_volume))
    return Constrained(target, project, centre.copy(), numpy.full(p, radius**2 / (p + 2)))


@domain(centre=array("p"), std=positive, radius=positive)
def gaussian_on_ball(centre: Array, std: float, radius: float) -> Constrained:
    r"""N(c, s²I) on a ball around c; P is the regularised incomplete gamma function.

    .. math:: f(a) = \frac{\|a - c\|^2}{2 s^2}, \qquad E a = c, \qquad
              \operatorname{Var} a_i = s^2 \, \frac{P(p/2 + 1, \, r^2 / 2 s^2)}{P(p/2, \, r^2 / 2 s^2)}

    Parameters
    ----------
    centre, radius
        As for `uniform_on_ball`.
    std : float
        s, > 0.

    Returns
    -------
    Constrained

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Bubeck, Eldan & Lehec 2018.

    Examples
    --------
    >>> gaussian_on_ball([0.0, 0.0], 1.0, 100.0).variance  # the ball does not matter
    array([1., 1.])
    """
    p, t = len(centre), radius**2 / (2 * std**2)
    f, grad_f, project = _on_ball(centre.copy(), std**-2, radius)
    mass, squares = scipy.special.gammainc([p / 2, p / 2 + 1], t)
    target = Target("Gaussian on a ball", f, grad_f, float(p / 2 * numpy.log(2 * numpy.pi * std**2) + numpy.log(mass)))
    return Constrained(target, project, centre.copy(), numpy.full(p, std**2 * squares / mass))


def _on_box(m: Array, l: float, lower: Array, upper: Array) -> tuple[Callable, Field, Field]:
    if not (lower < upper).all():
        raise ValueError(f"lower must be < upper, got {lower} and {upper}")
    l_, u_ = lower.copy(), upper.copy()
    return *_quadratic(m, l, lambda a: ((a >= l_) & (a <= u_)).all(-1)), onto_box(l_, u_)


def _on_ball(c: Array, l: float, radius: float) -> tuple[Callable, Field, Field]:
    rounding = (len(c) + 4) * numpy.finfo(float).eps * (1 + numpy.abs(c).max() / radius)
    return *_quadratic(c, l, lambda a: (((a - c) / radius) ** 2).sum(-1) <= 1 + 2 * rounding), onto_ball(c, radius)


def _quadratic(m: Array, l: float, inside: Callable) -> tuple[Callable, Field]:
    """f = l‖a − m‖²/2 inside a set and ∞ outside, and the gradient l(a − m)."""
    points = domain(a=array(f"... {len(m)}"))
    return (
        points(lambda a: np.where(inside(a), l / 2 * ((a - m) ** 2).sum(-1), np.inf)),
        points(lambda a: l * (a - m)),
    )


@domain(alpha=array("m"))
def dirichlet(alpha: Array) -> Target:
    r"""Dirichlet law on the simplex of p + 1 atoms, in the coordinates of the first p.

    .. math:: f(a) = -\sum_{i \le p} (\alpha_i - 1) \log a_i - (\alpha_{p+1} - 1) \log a_{p+1}, \qquad
              a_{p+1} = 1 - \sum_{i \le p} a_i

    Parameters
    ----------
    alpha : (p + 1,) array
        Parameters, > 0.

    Returns
    -------
    Target
        Its points (..., p) are inside the simplex: a_i > 0, Σa_i < 1.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Hsieh et al. 2018.

    Examples
    --------
    >>> dirichlet([2.0, 1.0, 3.0]).grad_f([0.25, 0.25])
    array([0., 4.])
    """
    if len(alpha) < 2 or not (alpha > 0).all():
        raise ValueError(f"alpha must be two or more numbers > 0, got {alpha}")
    c = alpha - 1

    def f(a: Any) -> Any:
        atoms = np.concatenate([a, 1 - a.sum(-1, keepdims=True)], -1)
        inside = atoms > 0
        return np.where(inside.all(-1), -(c * np.log(np.where(inside, atoms, 1.0))).sum(-1), np.inf)

    def grad_f(a: Any) -> Any:
        last = 1 - a.sum(-1, keepdims=True)
        inside = (a > 0).all(-1, keepdims=True) & (last > 0)
        return np.where(inside, c[-1] / np.where(inside, last, 1.0) - c[:-1] / np.where(inside, a, 1.0), np.nan)

    log_normalizer = scipy.special.gammaln(alpha).sum() - scipy.special.gammaln(alpha.sum())
    points = _inside_simplex(len(c) - 1)
    return Target("Dirichlet", points(f), points(grad_f), float(log_normalizer))


def _inside_simplex(p: int) -> Callable:
    points = array(f"... {p}")

    def inside(name: str, value: Any, sizes: dict[str, Any]) -> Any:
        a = points.check(name, value, sizes)
        if isinstance(a, numpy.ndarray) and not ((a > 0).all() and (a.sum(-1) < 1).all()):
            raise ValueError(f"{name} must be inside the simplex (a_i > 0, sum < 1), got {a}")
        return a

    return domain(a=Domain(f"{points.text}, inside the simplex", inside))
