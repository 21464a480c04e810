"""Games min over x, max over y of Φ(x, y), with their fields V(z) = [∇ₓΦ, −∇ᵧΦ], z = (x, y).

The bilinear game; saddles of different shapes; games on which algorithms go round; the trap of gradient methods.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
import autograd.numpy as np

from refimpl.arguments.arrays import Array, Field, join, namespace, split
from refimpl.arguments.domains import Domain, array, domain, function, integer, number, one_of, optional
from refimpl.loops.compiling import planar

Payoff = Callable[[Any, Any], Any]


class Game(NamedTuple):
    """A name, a payoff Φ(x, y) that x minimises and y maximises (None where a field has none), and the field V(z).

    Payoffs take x (..., dim_x) and y (..., dim_y), those of planar games plain numbers too; fields take z (..., p).
    """

    name: str
    payoff: Payoff | None
    operator: Field


def _as_coordinate(name: str, value: Any, sizes: dict[str, int]) -> Any:
    """The number in a point of a one-dimensional space, given as (..., 1) or plainly."""
    if np.ndim(value):
        return array("... 1").check(name, value, {})[..., 0]
    return number("").check(name, value, sizes)


def _check_text(name: str, value: Any, sizes: dict[str, int]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {value!r}")
    return value


_coordinate = Domain("finite real number, or array of shape (..., 1)", _as_coordinate)
_text = Domain("string", _check_text)


@domain(name=_text, payoff=optional(function), operator=function)
def planar_game(name: str, payoff: Payoff | None, operator: Field) -> Game:
    """A game on the plane, from formulas of two numbers x, y and of a point z = (x, y).

    Parameters
    ----------
    name : str
        Its name.
    payoff : callable or None
        Φ(x, y) by arithmetic, which numbers, arrays and boxes of automatic differentiation take; whatever its two
        arguments are called.
    operator : callable
        V(z) by arithmetic on the coordinates that `arguments.arrays.split` takes from z and `join` puts together.

    Returns
    -------
    Game
        It checks its arguments.

    Examples
    --------
    >>> from refimpl.arguments.arrays import join, split
    >>> planar_game("descent", lambda x, y: x**2, lambda z: join(2 * split(z)[0], 0 * split(z)[1])).operator([3.0, 2.0])
    array([6., 0.])
    """
    checked = payoff and domain(**_by_name("payoff", payoff, x=_coordinate, y=_coordinate))(payoff)
    return Game(name, checked, planar(domain(**_by_name("operator", operator, z=array("... 2")))(operator)))


def _by_name(name: str, formula: Callable, **domains: Domain) -> dict[str, Domain]:
    """The domains of a formula's first arguments under the names that it has for them."""
    parameters = list(inspect.signature(formula).parameters.values())[: len(domains)]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len(parameters) < len(domains) or any(one.kind not in positional for one in parameters):
        raise TypeError(f"{name} must take the arguments {', '.join(domains)}, got {inspect.signature(formula)}")
    return dict(zip([one.name for one in parameters], domains.values(), strict=True))


@domain(payoff=function, dim_x=integer(1))
def operator_of(payoff: Callable[[Any, Any], Any], dim_x: int) -> Field:
    r"""Field of a game by automatic differentiation of its payoff.

    .. math:: V(z) = [\nabla_x \Phi(x, y), -\nabla_y \Phi(x, y)], \qquad z = [x, y]

    Parameters
    ----------
    payoff : callable
        Φ(x, y) of x (..., dim_x) and y (..., p − dim_x), written with ``autograd.numpy``; one value a point.
    dim_x : int
        Number of coordinates of the minimising player.

    Returns
    -------
    callable
        V(z) for z (..., p), p > dim_x.

    References
    ----------
    Slide "Basic algorithms for minimax".

    Examples
    --------
    >>> operator_of(lambda x, y: (x * y**2)[..., 0], dim_x=1)([3.0, 2.0])
    array([  4., -12.])
    """

    def total(z: Any) -> Any:
        value = payoff(z[..., :dim_x], z[..., dim_x:])
        if np.size(value) != math.prod(z.shape[:-1]):
            raise ValueError(f"payoff must give one value a point, got {np.shape(value)} for points {z.shape}")
        return np.sum(value)

    @domain(z=array("... p"))
    def operator(z: Any) -> Any:
        if z.shape[-1] <= dim_x:
            raise ValueError(f"z must have more than dim_x = {dim_x} coordinates, got shape {z.shape}")
        gradient = autograd.grad(total)(z)
        return np.concatenate([gradient[..., :dim_x], -gradient[..., dim_x:]], -1)

    return operator


@domain(B=optional(array("m n")))
def bilinear(B: Array | None = None) -> Game:
    r"""Bilinear game.

    .. math:: \Phi(x, y) = x^\top B y, \qquad V(x, y) = (B y, -B^\top x)

    Parameters
    ----------
    B : (m, n) array, optional
        The matrix; None is the game :math:`\Phi = xy` on the plane.

    Returns
    -------
    Game
        Its payoff takes x (..., m) and y (..., n), for B = None plain numbers too; its field takes z (..., m + n).

    References
    ----------
    Slide "Basic algorithms for minimax".

    Examples
    --------
    >>> bilinear().operator([3.0, 2.0])
    array([ 2., -3.])
    """
    return _product() if B is None else _matrix_game(np.array(B))


def _product() -> Game:
    def payoff(x: Any, y: Any) -> Any:
        return x * y

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(y, -x)

    return planar_game("bilinear", payoff, operator)


def _matrix_game(B: Array) -> Game:
    m, n = B.shape

    @domain(x=array(f"... {m}"), y=array(f"... {n}"))
    def payoff(x: Any, y: Any) -> Any:
        return ((x @ B) * y).sum(-1)

    @domain(z=array(f"... {m + n}"))
    def operator(z: Any) -> Any:
        x, y = z[..., :m], z[..., m:]
        return namespace(z).concatenate([y @ B.T, -(x @ B)], -1)

    return Game("bilinear", payoff, operator)


def quadratic_saddle() -> Game:
    r"""Quadratic saddle, whose origin is a strict local Nash equilibrium.

    .. math:: \Phi(x, y) = x^2 - y^2, \qquad V(x, y) = (2x, 2y)

    References
    ----------
    Slide "Question 1 with a twist: Where do the algorithms want to converge?", figure.

    Examples
    --------
    >>> quadratic_saddle().operator([3.0, 2.0])
    array([6., 4.])
    """

    def payoff(x: Any, y: Any) -> Any:
        return x**2 - y**2

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(2 * x, 2 * y)

    return planar_game("quadratic saddle", payoff, operator)


def monkey_saddle() -> Game:
    r"""Monkey saddle: three ways up and three ways down from the origin, where all second derivatives vanish.

    .. math:: \Phi(x, y) = x^3 - 3 x y^2, \qquad V(x, y) = (3 x^2 - 3 y^2, 6 x y)

    References
    ----------
    Slide "Saddles of different shapes", left figure.

    Examples
    --------
    >>> monkey_saddle().operator([3.0, 2.0])
    array([15., 36.])
    """

    def payoff(x: Any, y: Any) -> Any:
        return x**3 - 3 * x * y**2

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(3 * x**2 - 3 * y**2, 6 * x * y)

    return planar_game("monkey saddle", payoff, operator)


def weird_saddle() -> Game:
    r"""Weird saddle: a bilinear game whose minimiser sees a concave payoff away from y = 0.

    .. math:: \Phi(x, y) = -x^2 y^2 + x y, \qquad V(x, y) = (-2 x y^2 + y, 2 x^2 y - x)

    References
    ----------
    Slide "Saddles of different shapes", right figure.

    Examples
    --------
    >>> weird_saddle().operator([3.0, 2.0])
    array([-22.,  33.])
    """

    def payoff(x: Any, y: Any) -> Any:
        return -(x**2) * y**2 + x * y

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(-2 * x * y**2 + y, 2 * x**2 * y - x)

    return planar_game("weird saddle", payoff, operator)


@domain(eps=number(""), player=one_of("max", "min"))
def almost_bilinear(eps: float = 0.01, player: str = "max") -> Game:
    r"""Almost bilinear game, with a limit cycle near the radius √(4/3).

    .. math:: \Phi(x, y) = x y + \varepsilon \varphi(y), \quad \varphi(u) = \frac{u^2}{2} - \frac{u^4}{4},
              \qquad V(x, y) = (y, -x - \varepsilon \varphi'(y))

    With ``player="min"``, the form that the slide prints, φ is the minimiser's:

    .. math:: \Phi(x, y) = x y + \varepsilon \varphi(x), \qquad V(x, y) = (y + \varepsilon \varphi'(x), -x)

    Parameters
    ----------
    eps : float
        Size ε of the perturbation.
    player : {"max", "min"}
        Whose coordinate is in φ.

    References
    ----------
    Slide "Minimax is more difficult than just optimization"; Hsieh, Mertikopoulos & Cevher 2021.

    Examples
    --------
    >>> almost_bilinear(0.5).operator([3.0, 2.0]), almost_bilinear(0.5, "min").operator([3.0, 2.0])
    (array([2., 0.]), array([-10.,  -3.]))
    """
    eps_x, eps_y = (eps, 0.0) if player == "min" else (0.0, eps)

    def payoff(x: Any, y: Any) -> Any:
        return x * y + eps_x * (x**2 / 2 - x**4 / 4) + eps_y * (y**2 / 2 - y**4 / 4)

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(y + eps_x * (x - x**3), -x - eps_y * (y - y**3))

    return planar_game("almost bilinear", payoff, operator)


@domain(offset=number(""))
def forsaken(offset: float = 0.45) -> Game:
    r"""Forsaken game, whose only critical point lies behind a cycle that repels.

    .. math:: \Phi(x, y) = x (y - c) + \varphi(x) - \varphi(y),
              \quad \varphi(u) = \frac{u^2}{4} - \frac{u^4}{2} + \frac{u^6}{6},
              \qquad V(x, y) = (y - c + \varphi'(x), -x + \varphi'(y))

    Parameters
    ----------
    offset : float
        The number c: 0.45 in the paper, 0.5 on the slide.

    References
    ----------
    Slide "Minimax is more difficult than just optimization"; Hsieh, Mertikopoulos & Cevher 2021.

    Examples
    --------
    >>> forsaken(0.5).operator([1.0, 2.0])
    array([ 1., 16.])
    """

    def payoff(x: Any, y: Any) -> Any:
        return x * (y - offset) + (x**2 / 4 - x**4 / 2 + x**6 / 6) - (y**2 / 4 - y**4 / 2 + y**6 / 6)

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(y - offset + (x / 2 - 2 * x**3 + x**5), -x + (y / 2 - 2 * y**3 + y**5))

    return planar_game("forsaken", payoff, operator)


def global_forsaken() -> Game:
    r"""GlobalForsaken game, whose solution at the origin satisfies the weak Minty inequality with a small ρ < 0.

    .. math:: \Phi(x, y) = x y + \varphi(x) - \varphi(y),
              \quad \varphi(u) = \frac{u^2}{3} - \frac{u^4}{3} + \frac{2 u^6}{21},
              \qquad V(x, y) = (y + \varphi'(x), -x + \varphi'(y))

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick, Latafat, Patrinos, Fercoq & Cevher 2022.

    Examples
    --------
    >>> global_forsaken().operator([0.0, 1.0]).round(6)
    array([ 1.      , -0.095238])
    """

    def payoff(x: Any, y: Any) -> Any:
        return x * y + (x**2 / 3 - x**4 / 3 + 2 * x**6 / 21) - (y**2 / 3 - y**4 / 3 + 2 * y**6 / 21)

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(y + (2 * x - 4 * x**3 + 12 * x**5 / 7) / 3, -x + (2 * y - 4 * y**3 + 12 * y**5 / 7) / 3)

    return planar_game("global forsaken", payoff, operator)


@domain(a=number(""))
def polar(a: float = 1.0) -> Game:
    r"""PolarGame, a field without payoff: the circle r = 1 is a cycle that attracts (a > 0), r = 3/4 one that repels.

    .. math:: V(x, y) = (-y + \psi(x, y), x + \psi(y, x)),
              \qquad \psi(x, y) = \frac{a x}{16} (x^2 + y^2 - 1) (16 x^2 + 16 y^2 - 9)

    Parameters
    ----------
    a : float
        Strength of the radial part.

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick, Latafat, Patrinos, Fercoq & Cevher 2022.

    Examples
    --------
    >>> polar(16.0).operator([1.0, 1.0])
    array([22., 24.])
    """

    def operator(z: Any) -> Any:
        x, y = split(z)
        r_squared = x**2 + y**2
        radial = a * (r_squared - 1) * (16 * r_squared - 9) / 16
        return join(-y + radial * x, x + radial * y)

    return planar_game("polar", None, operator)


@domain(a=number(""), b=number(""))
def lower_bound(a: float, b: float) -> Game:
    r"""Quadratic game that shows how much weak Minty methods can bear (b < 0).

    .. math:: \Phi(x, y) = a x y + \frac{b}{2} (x^2 - y^2), \qquad V(x, y) = (a y + b x, -a x + b y)

    Parameters
    ----------
    a, b : float
        ρ = b/(a² + b²) and L = √(a² + b²).

    References
    ----------
    Slide "When do the algorithms converge?"; Pethick, Latafat, Patrinos, Fercoq & Cevher 2022.

    Examples
    --------
    >>> lower_bound(2.0, -1.0).operator([3.0, 2.0])
    array([ 1., -8.])
    """

    def payoff(x: Any, y: Any) -> Any:
        return a * x * y + b / 2 * (x**2 - y**2)

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(a * y + b * x, -a * x + b * y)

    return planar_game("lower bound", payoff, operator)


def trap() -> Game:
    r"""Trap of gradient methods: every point of the curve xω = 1/2 is critical; z = (x, ω).

    .. math:: \Phi(x, \omega) = -\omega^2 x^2 + \omega x,
              \qquad V(x, \omega) = (-2 \omega^2 x + \omega, 2 \omega x^2 - x)

    References
    ----------
    Slide "Escaping traps with the mixed-NE concept"; Hsieh, Liu & Cevher 2019.

    Examples
    --------
    >>> trap().operator([0.25, 2.0])
    array([0., 0.])
    """
    return weird_saddle()._replace(name="trap")
