"""Games with cycles and their fields: slides "Minimax is more difficult …" and "When do the algorithms converge?"."""

import numpy as np

from refimpl.minimax import games
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.minimax.games import same_game, usual_suspects
from verify.probes import batched


@claim("M06", slide="Minimax is more difficult than just optimization", source="φ by integration of its zeros")
def fields_of_the_attractors_are_those_of_their_payoffs(
    rng, *, almost_bilinear=games.almost_bilinear, forsaken=games.forsaken
):
    r"""xy + εφ(u), φ = ¼ − ¼(u² − 1)², u = y or x; x(y − c) + φ(x) − φ(y), φ = u²(u⁴/3 − u² + ½)/2: Φ and V."""

    def hill(u):
        return 0.25 - 0.25 * (u**2 - 1) ** 2

    def well(u):
        return u**2 * (u**2 * (u**2 / 3 - 1) + 0.5) / 2

    eps, c = rng.uniform(0.1, 1), rng.uniform(0.3, 0.7)
    for default, e in (
        (almost_bilinear(), 0.01),
        (almost_bilinear(eps), eps),
        (almost_bilinear(eps=eps, player="max"), eps),
        (almost_bilinear(-eps), -eps),
    ):
        yield from same_game(f"almost bilinear, ε = {e:.3g}", default, lambda x, y, e=e: x * y + e * hill(y), rng)
    printed = almost_bilinear(eps=eps, player="min")
    yield from same_game("almost bilinear as printed", printed, lambda x, y: x * y + eps * hill(x), rng)
    for game, offset in ((forsaken(), 0.45), (forsaken(c), c), (forsaken(offset=c), c), (forsaken(-c), -c)):
        same = lambda x, y, c=offset: x * (y - c) + well(x) - well(y)  # noqa: E731
        yield from same_game(f"forsaken, c = {offset:.3g}", game, same, rng)


fields_of_the_attractors_are_those_of_their_payoffs.mutants(
    {
        **usual_suspects("almost_bilinear", games.almost_bilinear),
        "the printed form for all": lambda eps=0.01, player="max": games.almost_bilinear(eps, "min"),
        "|ε|": lambda eps=0.01, player="max": games.almost_bilinear(abs(eps), player),
    },
    replaces="almost_bilinear",
)
fields_of_the_attractors_are_those_of_their_payoffs.mutants(
    {
        **usual_suspects("forsaken", games.forsaken),
        "|c|": lambda offset=0.45: games.forsaken(abs(offset)),
        "the default of the slide": lambda offset=0.5: games.forsaken(offset),
    },
    replaces="forsaken",
)


WEAK_MINTY = "When do the algorithms converge?"
SOURCE = "Pethick, Latafat, Patrinos, Fercoq & Cevher 2022"


def as_points(w):
    """The points (x, y) of complex numbers x + iy."""
    return np.stack([w.real, w.imag], -1)


@claim("M06", slide=WEAK_MINTY, source=SOURCE)
def fields_of_the_weak_minty_games_are_those_of_their_payoffs(
    rng, *, global_forsaken=games.global_forsaken, lower_bound=games.lower_bound
):
    r"""xy + φ(x) − φ(y), φ = u²(7 − 7u² + 2u⁴)/21; axy + b(x² − y²)/2, where V = (b − ia) z: Φ and V."""

    def well(u):
        return u**2 * (7 - 7 * u**2 + 2 * u**4) / 21

    yield from same_game("global forsaken", global_forsaken(), lambda x, y: x * y + well(x) - well(y), rng)
    a, b = rng.uniform(0.5, 2), -rng.uniform(0.5, 2)
    for p, q in ((a, b), (-a, b), (a, -b)):
        same = lambda x, y, p=p, q=q: p * x * y + q * (x + y) * (x - y) / 2  # noqa: E731
        yield from same_game(f"lower bound, a = {p:.3g}, b = {q:.3g}", lower_bound(p, q), same, rng)
    z = rng.uniform(-1.5, 1.5, (100, 2))
    expected = as_points((b - 1j * a) * (z[:, 0] + 1j * z[:, 1]))
    yield equal("lower bound: V = (b − ia)z", lower_bound(a, b).operator(z), expected, atol=rounding(32, 4.0))


fields_of_the_weak_minty_games_are_those_of_their_payoffs.mutants(
    usual_suspects("global_forsaken", games.global_forsaken), replaces="global_forsaken"
)
fields_of_the_weak_minty_games_are_those_of_their_payoffs.mutants(
    {
        **usual_suspects("lower_bound", games.lower_bound),
        "|a|": lambda a, b: games.lower_bound(abs(a), b),
        "−|b|": lambda a, b: games.lower_bound(a, -abs(b)),
    },
    replaces="lower_bound",
)


@claim("M06", slide=WEAK_MINTY, source=SOURCE)
def field_of_the_polar_game_turns_and_moves_out(rng, *, polar=games.polar):
    r"""V = (i + a(r² − 1)(r² − 9/16)) z, for every a; and there is no payoff."""
    z, a = rng.uniform(-1.5, 1.5, (100, 2)), rng.uniform(0.5, 2)
    w = z[:, 0] + 1j * z[:, 1]
    for game, strength in ((polar(), 1.0), (polar(a), a), (polar(-a), -a)):
        what = f"polar, a = {strength:.3g}"
        yield equal(f"{what}: has a payoff", game.payoff is not None, False)
        yield from batched(f"{what}: V", game.operator, z, atol=rounding(64, 100.0))
        expected = as_points((1j + strength * (np.abs(w) ** 2 - 1) * (np.abs(w) ** 2 - 9 / 16)) * w)
        yield equal(f"{what}: V", game.operator(z), expected, atol=rounding(64, 100.0))


def polar_with(field):
    """Wrong versions of `polar`: the field is changed to field(V, z)."""

    def changed(a=1.0):
        game = games.polar(a)
        return game._replace(operator=lambda z: field(game.operator, z))

    return changed


field_of_the_polar_game_turns_and_moves_out.mutants({
    "|a|": lambda a=1.0: games.polar(abs(a)),
    "with a payoff": lambda a=1.0: games.polar(a)._replace(payoff=games.bilinear().payoff),
    "one point as a batch": polar_with(lambda V, z: V(np.atleast_2d(z))),
    "turns the other way": polar_with(lambda V, z: V(z[..., ::-1])[..., ::-1]),
    "a 1 % too large": lambda a=1.0: games.polar(1.01 * a),
    "a ignored": lambda a=1.0: games.polar(),
})
