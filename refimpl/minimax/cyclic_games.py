"""Planar games on which algorithms go round: almost bilinear ones, and weak Minty ones."""

from typing import Any

from refimpl.arguments.arrays import join, split
from refimpl.arguments.domains import domain, number, one_of
from refimpl.minimax.game import Game, planar_game


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
