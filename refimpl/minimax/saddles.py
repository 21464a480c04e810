"""Planar games on saddles of different shapes; one of them is a trap of gradient methods."""

from typing import Any

from refimpl.arguments.arrays import join, split
from refimpl.minimax.game import Game, planar_game


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
