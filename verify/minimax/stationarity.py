"""Where algorithms can stop: slides "Question 1 with a twist" and "Saddles of different shapes"."""

import numpy as np

from refimpl.calculus import differentiation
from refimpl.minimax import games, stationarity
from verify.claims import claim
from verify.evidence import at_least, equal, rounding
from verify.minimax.spurious_attractors_forsaken import forsaken_point

ATTRACTORS = "Minimax is more difficult than just optimization"
TWIST = "Question 1 with a twist: Where do the algorithms want to converge?"


def share(kind, expected):
    """Share of points classified as expected."""
    return np.mean(np.asarray(kind) == expected)


def changed(change):
    """A mutant of `classify` whose answer is changed."""

    def classify(payoff, z, dim_x=1, tolerance=1e-9):
        return change(stationarity.classify(payoff, z, dim_x, tolerance))

    return classify


@claim("M05", slide="Saddles of different shapes", source="Taylor's expansion along x and along y")
def necessary_conditions_judge_the_saddles(
    rng,
    *,
    classify=stationarity.classify,
    quadratic_saddle=games.quadratic_saddle,
    monkey_saddle=games.monkey_saddle,
    weird_saddle=games.weird_saddle,
):
    r"""x² − y² has an LNE; the monkey's origin and the weird one pass the conditions, only the latter is an LNE."""
    quadratic, monkey, weird = quadratic_saddle().payoff, monkey_saddle().payoff, weird_saddle().payoff
    z, origin = rng.uniform(0.1, 2, (50, 2)) * rng.choice([-1, 1], (50, 2)), np.zeros((1, 2))
    t = rng.uniform(1e-3, 1, (50, 1))
    found = classify(quadratic, np.concatenate([origin, z]))
    yield equal("x² − y²: strict equilibrium at 0", share(found.kind[:1], "strict equilibrium"), 1.0)
    yield equal("x² − y²: not critical elsewhere", share(found.kind[1:], "not critical"), 1.0)
    yield equal("x² − y²: slope 2‖z‖", found.slope[1:], 2 * np.hypot(*z.T), rtol=rounding(16))
    curvatures = np.stack([found.x_curvature, found.y_curvature])
    yield equal("x² − y²: curvatures 2 and 2", curvatures, np.full((2, 51), 2.0), rtol=rounding(16))
    for name, payoff in (("monkey", monkey), ("weird", weird)):
        yield equal(f"{name} saddle: undecided at 0", share(classify(payoff, origin).kind, "undecided"), 1.0)
    yield equal("monkey saddle: Φ(−t, 0) = −t³ < Φ(0, 0): no LNE", monkey(-t, 0 * t), -(t**3)[:, 0], rtol=rounding(8))
    level = np.concatenate([weird(t, 0 * t), weird(-t, 0 * t), weird(0 * t, t), weird(0 * t, -t)])
    yield equal("weird saddle: Φ(x, 0) = Φ(0, y) = Φ(0, 0): an LNE", level, np.zeros(200))
    x = z[:, 0]
    ridge = classify(weird, np.stack([x, 1 / (2 * x)], -1))
    yield equal("weird saddle: no equilibrium on xy = ½", share(ridge.kind, "no equilibrium"), 1.0)
    yield equal("weird saddle: ∇ₓₓΦ = −2y² on xy = ½", ridge.x_curvature, -1 / (2 * x**2), rtol=rounding(32))
    yield equal("weird saddle: −∇ᵧᵧΦ = 2x² on xy = ½", ridge.y_curvature, 2 * x**2, rtol=rounding(32))


necessary_conditions_judge_the_saddles.mutants(
    {
        "the maximiser's curvature with the wrong sign": changed(lambda s: s._replace(y_curvature=-s.y_curvature)),
        "curvatures exchanged": changed(lambda s: s._replace(x_curvature=s.y_curvature, y_curvature=s.x_curvature)),
        "curvatures 1 % too large": changed(lambda s: s._replace(x_curvature=1.01 * s.x_curvature)),
        "strict where undecided": changed(
            lambda s: s._replace(kind=np.where(s.kind == "undecided", "strict equilibrium", s.kind))
        ),
        "every critical point is an equilibrium": changed(
            lambda s: s._replace(kind=np.where(s.kind == "no equilibrium", "undecided", s.kind))
        ),
    },
    replaces="classify",
)


def other(saddle, change):
    """A saddle with another payoff."""
    return lambda: games.Game("mutant", change(saddle().payoff), None)


necessary_conditions_judge_the_saddles.mutants(
    {"x² + y²": other(games.quadratic_saddle, lambda f: lambda x, y: f(x, 0 * y) + (y**2)[..., 0])},
    replaces="quadratic_saddle",
)
necessary_conditions_judge_the_saddles.mutants(
    {"y³ − 3x²y: the monkey looks the other way": other(games.monkey_saddle, lambda f: lambda x, y: f(y, x))},
    replaces="monkey_saddle",
)
necessary_conditions_judge_the_saddles.mutants(
    {"−x²y² − xy": other(games.weird_saddle, lambda f: lambda x, y: f(-x, y))}, replaces="weird_saddle"
)


@claim("M05", slide=TWIST, source="definition")
def tolerance_says_what_is_zero(rng, *, classify=stationarity.classify):
    r"""Slopes and curvatures count as 0 up to the tolerance and at it; it is 10⁻⁹ unless given, and may be 0."""
    factors = np.array([-1.001, -0.999, 0.999, 1.001])
    kinds = ["no equilibrium", "undecided", "undecided", "strict equilibrium"]
    small = rng.uniform(0.01, 0.1)
    for name, given, t in (("default", {}, 1e-9), ("given", {"tolerance": small}, small)):
        for c, kind in zip(factors * t, kinds, strict=True):
            bent_in_x = classify(lambda x, y, c=c: (c * x**2 - y**2)[..., 0] / 2, np.zeros(2), **given)
            bent_in_y = classify(lambda x, y, c=c: (x**2 - c * y**2)[..., 0] / 2, np.zeros(2), **given)
            judged = share(np.array([bent_in_x.kind, bent_in_y.kind]), kind)
            yield equal(f"{name}, curvature {c / t:.3f} times the tolerance: {kind}", judged, 1.0)
        z = t * factors[:, None] * [0.6, 0.8]
        judged = classify(lambda x, y: (x**2 - y**2)[..., 0] / 2, z, **given).kind == "not critical"
        yield equal(f"{name}: slopes above the tolerance", judged.astype(int), (np.abs(factors) > 1).astype(int))
    for t in (0.0, 0.25, 2.0 ** rng.integers(-20, 20)):
        for sign in (1, -1):
            bent = classify(lambda x, y, c=sign * t: (c * x**2 - y**2)[..., 0] / 2, np.zeros(2), tolerance=t)
            yield equal(f"curvature {sign * t:.3g} at the tolerance: undecided", share(bent.kind, "undecided"), 1.0)
        sloping = classify(lambda x, y: (x**2 - 3 * y**2)[..., 0], [t / 2, 0.0], tolerance=t)
        critical = "undecided" if t >= 2 else "strict equilibrium"
        yield equal(f"slope {t:.3g} at the tolerance: critical", share(sloping.kind, critical), 1.0)


def with_tolerance(change):
    """Wrong versions of `classify`: another tolerance."""
    return lambda payoff, z, dim_x=1, tolerance=1e-9: stationarity.classify(payoff, z, dim_x, change(tolerance))


def slopes_only(payoff, z, dim_x=1, tolerance=1e-9):
    strict = stationarity.classify(payoff, z, dim_x, 0.0)
    loose = stationarity.classify(payoff, z, dim_x, tolerance)
    return loose._replace(kind=np.where(loose.slope <= tolerance, strict.kind, loose.kind))


def below_the_tolerance(what):
    """A `classify` to which a slope, or a curvature, of just the tolerance is not 0."""

    def classify(payoff, z, dim_x=1, tolerance=1e-9):
        found = stationarity.classify(payoff, z, dim_x, tolerance)
        least = np.minimum(found.x_curvature, found.y_curvature)
        if what == "slope":
            kind = np.where(found.slope >= tolerance, "not critical", found.kind)
        else:
            kind = np.where((least <= -tolerance) & (found.kind == "undecided"), "no equilibrium", found.kind)
        return found._replace(kind=kind)

    return classify


tolerance_says_what_is_zero.mutants({
    "always 10⁻⁹": with_tolerance(lambda tolerance: 1e-9),
    "default 10⁻⁸": with_tolerance(lambda tolerance: 1e-8 if tolerance == 1e-9 else tolerance),
    "default 10⁻¹⁰": with_tolerance(lambda tolerance: 1e-10 if tolerance == 1e-9 else tolerance),
    "slopes at the tolerance are not 0": below_the_tolerance("slope"),
    "curvatures at the tolerance are not 0": below_the_tolerance("curvature"),
    "halved": with_tolerance(lambda tolerance: tolerance / 2),
    "1 % larger": with_tolerance(lambda tolerance: 1.01 * tolerance),
    "1 % smaller": with_tolerance(lambda tolerance: 0.99 * tolerance),
    "for slopes only": slopes_only,
})


def random_symmetric(rng, eigenvalues):
    """A symmetric matrix with given eigenvalues, and its eigenvector of the least one."""
    Q = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))[0]
    return (Q * eigenvalues) @ Q.T, Q[:, np.argmin(eigenvalues)]


VERDICTS = {1: "strict equilibrium", 0: "undecided", -1: "no equilibrium"}
SIGNS = ((1, 1), (1, 0), (0, 1), (0, 0), (-1, 1), (1, -1), (-1, 0), (-1, -1))


def random_game(rng, sign_x, sign_y):
    """Φ around z* with least eigenvalues of given signs: payoff, z*, A, B, C, and the eigenvectors of A's and C's."""
    (A, e_x), (C, e_y) = (
        random_symmetric(rng, np.append(rng.uniform(0.5, 2, n - 1), sign * rng.uniform(0.1, 0.4)))
        for n, sign in ((3, sign_x), (4, sign_y))
    )
    B, z_star = rng.standard_normal((3, 4)), rng.standard_normal(7)

    def payoff(x, y):
        x, y = x - z_star[:3], y - z_star[3:]
        quadratic = (x * (x @ A) / 2 + x * (y @ B.T)).sum(-1) - (y * (y @ C)).sum(-1) / 2
        return quadratic + (x**3).sum(-1) - (y**3).sum(-1)

    return payoff, z_star, A, B, C, e_x, e_y


@claim("M05", slide=TWIST, source="Taylor's expansion along x and along y")
def slopes_and_curvatures_of_random_games_are_right(rng, *, classify=stationarity.classify):
    r"""Φ = ½x'Ax + x'By − ½y'Cy + Σx³ − Σy³ around z*: ‖V‖, and the least eigenvalues of A + 6 diag x, C + 6 diag y."""
    for signs in SIGNS:
        payoff, z_star, A, B, C, *_ = random_game(rng, *signs)
        u = np.concatenate([np.zeros((1, 7)), rng.uniform(-1, 1, (20, 7))])
        x, y = u[:, :3], u[:, 3:]
        found, what = classify(payoff, z_star + u, 3), f"signs {signs[0]}, {signs[1]}"
        V = np.concatenate([x @ A + y @ B.T + 3 * x**2, -x @ B + y @ C + 3 * y**2], -1)
        yield equal(f"{what}: ‖V‖", found.slope, np.sqrt((V**2).sum(-1)), atol=rounding(256, 10))
        for name, measured, M, w in (("∇ₓₓΦ", found.x_curvature, A, x), ("−∇ᵧᵧΦ", found.y_curvature, C, y)):
            expected = np.linalg.eigvalsh(M + 6 * w[:, :, None] * np.eye(w.shape[1]))[:, 0]
            yield equal(f"{what}: least eigenvalue of {name}", measured, expected, atol=rounding(256, 10))


def curvature_of_the_whole_payoff(payoff, z, dim_x=1, tolerance=1e-9):
    found = stationarity.classify(payoff, z, dim_x, tolerance)
    J = differentiation.jacobian(games.operator_of(payoff, dim_x), z)
    return found._replace(x_curvature=np.linalg.eigvalsh(J + np.swapaxes(J, -1, -2))[..., 0] / 2)


def diagonals_for_eigenvalues(payoff, z, dim_x=1, tolerance=1e-9):
    found = stationarity.classify(payoff, z, dim_x, tolerance)
    J = differentiation.jacobian(games.operator_of(payoff, dim_x), z)
    return found._replace(x_curvature=np.diagonal(J, axis1=-2, axis2=-1)[..., :dim_x].min(-1))


slopes_and_curvatures_of_random_games_are_right.mutants({
    "slope squared": changed(lambda s: s._replace(slope=s.slope**2)),
    "curvature 1 % too large": changed(lambda s: s._replace(y_curvature=1.01 * s.y_curvature)),
    "second derivatives of the whole Φ in place of its blocks": curvature_of_the_whole_payoff,
    "diagonals in place of eigenvalues": diagonals_for_eigenvalues,
})


@claim("M05", slide=TWIST, source="Taylor's expansion along x and along y")
def necessary_conditions_judge_random_games(rng, *, classify=stationarity.classify):
    r"""Φ = ½x'Ax + x'By − ½y'Cy + Σx³ − Σy³ around z*: an LNE if A ≻ 0 and C ≻ 0, none if one has an eigenvalue < 0."""
    for sign_x, sign_y in SIGNS:
        payoff, z_star, _, _, _, e_x, e_y = random_game(rng, sign_x, sign_y)
        found = classify(payoff, z_star + np.concatenate([np.zeros((1, 7)), rng.uniform(-1, 1, (20, 7))]), 3)
        what = f"signs {sign_x}, {sign_y}"
        yield equal(f"{what}: z* is judged", share(found.kind[0], VERDICTS[min(sign_x, sign_y)]), 1.0)
        yield equal(f"{what}: others are not critical", share(found.kind[1:], "not critical"), 1.0)
        t, x, y = 1e-2 * np.array([[-1.0], [1.0]]), z_star[:3], z_star[3:]
        gain_x = (payoff(x + t * e_x, y) - payoff(x, y)).min() if sign_x else 0
        gain_y = (payoff(x, y) - payoff(x, y + t * e_y)).min() if sign_y else 0
        refused = share(found.kind[0], "no equilibrium")
        leaving = f"{what}: leaving z* pays iff it is judged no equilibrium"
        yield equal(leaving, float(min(gain_x, gain_y) < 0), refused)


necessary_conditions_judge_random_games.mutants({
    "the minimiser's condition only": changed(
        lambda s: s._replace(kind=np.where((s.x_curvature > 1e-9) & (s.slope < 1e-9), "strict equilibrium", s.kind))
    ),
    "the maximiser's condition only": changed(
        lambda s: s._replace(kind=np.where((s.y_curvature > 1e-9) & (s.slope < 1e-9), "strict equilibrium", s.kind))
    ),
})


@claim("M15", slide=ATTRACTORS, source="necessary conditions of the slide on local Nash equilibria")
def forsaken_point_is_no_local_nash_equilibrium(
    rng, *, classify=stationarity.classify, forsaken=games.forsaken, almost_bilinear=games.almost_bilinear
):
    r"""At the forsaken point −∇ᵧᵧΦ = φ''(y) < 0: stable for the flow, yet no LNE, so the game has none at all."""
    slope = np.polynomial.Polynomial([0, 0.5, 0, -2, 0, 1])
    for c in (0.45, 0.5):
        z = forsaken_point(c)[0]
        found = classify(forsaken(c).payoff, z)
        curvatures = np.concatenate([found.x_curvature, found.y_curvature])
        yield equal(f"c = {c}: curvatures φ''(x), φ''(y)", curvatures, slope.deriv()(z[0]), atol=rounding(64))
        yield equal(f"c = {c}: judged no equilibrium", float(found.kind[0] == "no equilibrium"), 1.0)
        y = z[:, 1:] + 0.01 * np.array([[-1.0], [1.0]])
        gain = forsaken(c).payoff(z[:, :1], y) - forsaken(c).payoff(z[:, :1], z[:, 1:])
        size = -slope.deriv()(z[0, 1]) / 2 * 0.01**2
        yield at_least(f"c = {c}: what y gains by leaving", gain, 0.0, resolution=2 * size)
    for player, kind in (("max", "no equilibrium"), ("min", "undecided")):
        found = classify(almost_bilinear(0.1, player=player).payoff, np.zeros(2))
        yield equal(f"almost bilinear, φ on the {player} player: {kind}", float(found.kind == kind), 1.0)
    x = rng.uniform(-1, 1, (50, 1))
    printed = almost_bilinear(0.1, player="min").payoff
    gain = np.array([printed(x, 0 * x), printed(0 * x, x)])
    expected = np.array([0.1 * (x**2 / 2 - x**4 / 4)[:, 0], np.zeros(50)])
    yield equal("almost bilinear as printed: Φ(x, 0) ≥ 0 = Φ(0, y), an LNE", gain, expected, atol=rounding(8))


def payoff_of_the_other_player(offset=0.45):
    game = games.forsaken(offset)
    return game._replace(payoff=lambda x, y: -game.payoff(x, y))


forsaken_point_is_no_local_nash_equilibrium.mutants(
    {
        "asks for the minimiser's condition only": changed(
            lambda s: s._replace(kind=np.where(s.x_curvature > 0, "strict equilibrium", s.kind))
        ),
        "∇ᵧᵧΦ for −∇ᵧᵧΦ": changed(lambda s: s._replace(y_curvature=-s.y_curvature)),
    },
    replaces="classify",
)
forsaken_point_is_no_local_nash_equilibrium.mutants(
    {
        "φ of the other player": lambda eps=0.01, player="max": games.almost_bilinear(
            eps, "min" if player == "max" else "max"
        )
    },
    replaces="almost_bilinear",
)
forsaken_point_is_no_local_nash_equilibrium.mutants(
    {"the payoff of the other player": payoff_of_the_other_player}, replaces="forsaken"
)
