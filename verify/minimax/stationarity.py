"""Where algorithms can stop: slides "Question 1 with a twist" and "Recall SGD results from Lecture 10"."""

import numpy as np
import scipy

from refimpl import differentiation
from refimpl.minimax import games, stationarity
from verify.claims import claim
from verify.evidence import ALPHA, at_most, confidence_sequence, distribution, equal, mean, rate, rounding

TWIST = "Question 1 with a twist: Where do the algorithms want to converge?"
RECALL = "Recall SGD results from Lecture 10"
SGD_SOURCE = "Mertikopoulos, Hallak, Kavis & Cevher 2020"


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


for text, mutant in {
    "the maximiser's curvature with the wrong sign": changed(lambda s: s._replace(y_curvature=-s.y_curvature)),
    "curvatures exchanged": changed(lambda s: s._replace(x_curvature=s.y_curvature, y_curvature=s.x_curvature)),
    "curvatures 1 % too large": changed(lambda s: s._replace(x_curvature=1.01 * s.x_curvature)),
    "strict where undecided": changed(
        lambda s: s._replace(kind=np.where(s.kind == "undecided", "strict equilibrium", s.kind))
    ),
    "every critical point is an equilibrium": changed(
        lambda s: s._replace(kind=np.where(s.kind == "no equilibrium", "undecided", s.kind))
    ),
}.items():
    necessary_conditions_judge_the_saddles.mutant(text, replaces="classify")(mutant)


@necessary_conditions_judge_the_saddles.mutant("x² + y²", replaces="quadratic_saddle")
def _():
    return games.Game("mutant", lambda x, y: games.quadratic_saddle().payoff(x, 0 * y) + (y**2)[..., 0], None)


@necessary_conditions_judge_the_saddles.mutant("y³ − 3x²y: the monkey looks the other way", replaces="monkey_saddle")
def _():
    return games.Game("mutant", lambda x, y: games.monkey_saddle().payoff(y, x), None)


@necessary_conditions_judge_the_saddles.mutant("−x²y² − xy", replaces="weird_saddle")
def _():
    return games.Game("mutant", lambda x, y: games.weird_saddle().payoff(-x, y), None)


@claim("M05", slide=TWIST, source="definition")
def tolerance_says_what_is_zero(rng, *, classify=stationarity.classify):
    r"""Slopes and curvatures count as 0 up to the tolerance, which is 10⁻⁹ unless given."""
    factors = rng.uniform([-3, -0.9, 0.6, 1.1], [-1.1, -0.1, 0.9, 3])
    kinds = ["no equilibrium", "undecided", "undecided", "strict equilibrium"]
    small = rng.uniform(0.01, 0.1)
    for name, given, t in (("default", {}, 1e-9), ("given", {"tolerance": small}, small)):
        for c, kind in zip(factors * t, kinds, strict=True):
            bent_in_x = classify(lambda x, y, c=c: (c * x**2 - y**2)[..., 0] / 2, np.zeros(2), **given)
            bent_in_y = classify(lambda x, y, c=c: (x**2 - c * y**2)[..., 0] / 2, np.zeros(2), **given)
            judged = share(np.array([bent_in_x.kind, bent_in_y.kind]), kind)
            yield equal(f"{name}, curvature {c / t:.2f} times the tolerance: {kind}", judged, 1.0)
        z = t * factors[:, None] * [0.6, 0.8]
        judged = classify(lambda x, y: (x**2 - y**2)[..., 0] / 2, z, **given).kind == "not critical"
        yield equal(f"{name}: slopes above the tolerance", judged.astype(int), (np.abs(factors) > 1).astype(int))


def other_tolerance(text, change):
    """Declare a `classify` with another tolerance."""

    @tolerance_says_what_is_zero.mutant(text)
    def _(payoff, z, dim_x=1, tolerance=1e-9):
        return stationarity.classify(payoff, z, dim_x, change(tolerance))


other_tolerance("always 10⁻⁹", lambda tolerance: 1e-9)
other_tolerance("default 10⁻⁸", lambda tolerance: 1e-8 if tolerance == 1e-9 else tolerance)
other_tolerance("default 10⁻¹⁰", lambda tolerance: 1e-10 if tolerance == 1e-9 else tolerance)
other_tolerance("halved", lambda tolerance: tolerance / 2)


@tolerance_says_what_is_zero.mutant("for slopes only")
def _(payoff, z, dim_x=1, tolerance=1e-9):
    strict = stationarity.classify(payoff, z, dim_x, 0.0)
    loose = stationarity.classify(payoff, z, dim_x, tolerance)
    return loose._replace(kind=np.where(loose.slope <= tolerance, strict.kind, loose.kind))


def random_symmetric(rng, eigenvalues):
    """A symmetric matrix with given eigenvalues, and its eigenvector of the least one."""
    Q = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))[0]
    return (Q * eigenvalues) @ Q.T, Q[:, np.argmin(eigenvalues)]


@claim("M05", slide=TWIST, source="Taylor's expansion along x and along y")
def necessary_conditions_judge_random_games(rng, *, classify=stationarity.classify):
    r"""Φ = ½x'Ax + x'By − ½y'Cy + Σx³ − Σy³ around z*: an LNE if A ≻ 0 and C ≻ 0, none if one has an eigenvalue < 0."""
    verdicts = {1: "strict equilibrium", 0: "undecided", -1: "no equilibrium"}
    for sign_x, sign_y in ((1, 1), (1, 0), (0, 1), (0, 0), (-1, 1), (1, -1), (-1, 0), (-1, -1)):
        (A, e_x), (C, e_y) = (
            random_symmetric(rng, np.append(rng.uniform(0.5, 2, n - 1), sign * rng.uniform(0.1, 0.4)))
            for n, sign in ((3, sign_x), (4, sign_y))
        )
        B, z_star = rng.standard_normal((3, 4)), rng.standard_normal(7)

        def payoff(x, y, A=A, B=B, C=C, z_star=z_star):
            x, y = x - z_star[:3], y - z_star[3:]
            quadratic = (x * (x @ A) / 2 + x * (y @ B.T)).sum(-1) - (y * (y @ C)).sum(-1) / 2
            return quadratic + (x**3).sum(-1) - (y**3).sum(-1)

        u = np.concatenate([np.zeros((1, 7)), rng.uniform(-1, 1, (20, 7))])
        x, y = u[:, :3], u[:, 3:]
        found = classify(payoff, z_star + u, 3)
        what = f"signs {sign_x}, {sign_y}"
        yield equal(f"{what}: z* is judged", share(found.kind[0], verdicts[min(sign_x, sign_y)]), 1.0)
        yield equal(f"{what}: others are not critical", share(found.kind[1:], "not critical"), 1.0)
        V = np.concatenate([x @ A + y @ B.T + 3 * x**2, -x @ B + y @ C + 3 * y**2], -1)
        yield equal(f"{what}: ‖V‖", found.slope, np.sqrt((V**2).sum(-1)), atol=rounding(256, 10))
        for name, measured, M, w in (("∇ₓₓΦ", found.x_curvature, A, x), ("−∇ᵧᵧΦ", found.y_curvature, C, y)):
            expected = np.linalg.eigvalsh(M + 6 * w[:, :, None] * np.eye(w.shape[1]))[:, 0]
            yield equal(f"{what}: least eigenvalue of {name}", measured, expected, atol=rounding(256, 10))
        t = 1e-2 * np.array([[-1.0], [1.0]])
        gain_x = (payoff(z_star[:3] + t * e_x, z_star[3:]) - payoff(z_star[:3], z_star[3:])).min()
        gain_y = (payoff(z_star[:3], z_star[3:]) - payoff(z_star[:3], z_star[3:] + t * e_y)).min()
        worst = min(gain_x if sign_x else 0, gain_y if sign_y else 0)
        refused = share(found.kind[0], "no equilibrium")
        yield equal(f"{what}: leaving z* pays iff it is judged no equilibrium", float(worst < 0), refused)


for text, mutant in {
    "the minimiser's condition only": changed(
        lambda s: s._replace(kind=np.where((s.x_curvature > 1e-9) & (s.slope < 1e-9), "strict equilibrium", s.kind))
    ),
    "the maximiser's condition only": changed(
        lambda s: s._replace(kind=np.where((s.y_curvature > 1e-9) & (s.slope < 1e-9), "strict equilibrium", s.kind))
    ),
    "slope squared": changed(lambda s: s._replace(slope=s.slope**2)),
}.items():
    necessary_conditions_judge_random_games.mutant(text)(mutant)


@necessary_conditions_judge_random_games.mutant("second derivatives of the whole Φ in place of its blocks")
def _(payoff, z, dim_x=1, tolerance=1e-9):
    found = stationarity.classify(payoff, z, dim_x, tolerance)
    J = differentiation.jacobian(games.operator_of(payoff, dim_x), z)
    return found._replace(x_curvature=np.linalg.eigvalsh(J + np.swapaxes(J, -1, -2))[..., 0] / 2)


@necessary_conditions_judge_random_games.mutant("diagonals in place of eigenvalues")
def _(payoff, z, dim_x=1, tolerance=1e-9):
    found = stationarity.classify(payoff, z, dim_x, tolerance)
    J = differentiation.jacobian(games.operator_of(payoff, dim_x), z)
    return found._replace(x_curvature=np.diagonal(J, axis1=-2, axis2=-1)[..., :dim_x].min(-1))


def sgd_with(**changes):
    """A mutant of `sgd` called with changed arguments: ``sigma=lambda sigma: 2 * sigma``."""

    def sgd(grad_f, x0, etas, sigma, rng):
        given = {"grad_f": grad_f, "x0": x0, "etas": etas, "sigma": sigma}
        return stationarity.sgd(**given | {name: change(given[name]) for name, change in changes.items()}, rng=rng)

    return sgd


@claim("M07", slide=RECALL, source="definition; Laurent & Massart 2000, Lemma 1")
def errors_of_the_gradients_are_white_noise(rng, *, sgd=stationarity.sgd):
    r"""ξ_k = (x_k − x_{k+1})/ηₖ − ∇f(x_k) are σ times standard normal, independent in steps, paths, coordinates."""
    x0, etas, sigma = rng.uniform(-3, 3, (500, 4)), rng.uniform(0.01, 0.2, 500), rng.uniform(0.5, 2)
    path = sgd(np.sin, x0, etas, sigma, rng)
    yield equal("the start comes first", path[0], x0)
    x = sgd(np.sin, x0, etas, 0.0, rng)
    yield equal("σ = 0", x[1:], x[:-1] - etas[:, None, None] * np.sin(x[:-1]), atol=rounding(8, 4.0))
    z = ((path[:-1] - path[1:]) / etas[:, None, None] - np.sin(path[:-1])) / sigma
    quantile = np.log(2 / ALPHA)
    bound = 2 * np.sqrt(quantile / z.size) + 2 * quantile / z.size
    pairs = {
        "the errors' variance over σ²": (z, z, 1.0),
        "covariance of steps": (z[1:], z[:-1], 0.0),
        "covariance of paths": (z[:, 1:], z[:, :-1], 0.0),
        "covariance of coordinates": (z[..., 1:], z[..., :-1], 0.0),
    }
    for name, (u, v, expected) in pairs.items():
        yield equal(name, (u * v).mean(), expected, atol=2 * bound if expected == 0 else bound)._replace(alpha=ALPHA)
    yield distribution("law of the errors", z, scipy.special.ndtr, delta=0.01)


for text, mutant in {
    "noise 1 % too large": sgd_with(sigma=lambda sigma: 1.01 * sigma),
    "gradient 1 % too small": sgd_with(grad_f=lambda grad_f: lambda x: 0.99 * grad_f(x)),
    "step sizes one step late": sgd_with(etas=lambda etas: np.roll(etas, 1)),
    "ascends": sgd_with(grad_f=lambda grad_f: lambda x: -grad_f(x)),
}.items():
    errors_of_the_gradients_are_white_noise.mutant(text)(mutant)


def sgd_with_errors(draw):
    """A mutant of `sgd` whose errors are drawn otherwise."""

    def sgd(grad_f, x0, etas, sigma, rng):
        x = [x0]
        for eta in etas:
            x.append(stationarity.sgd_step(grad_f, x[-1], eta, sigma * draw(rng, x0.shape)))
        return np.array(x)

    return sgd


for text, draw in {
    "one error for all coordinates": lambda rng, shape: np.broadcast_to(rng.standard_normal((shape[0], 1)), shape),
    "one error for all paths": lambda rng, shape: np.broadcast_to(rng.standard_normal(shape[1:]), shape),
    "uniform errors of variance 1": lambda rng, shape: rng.uniform(-np.sqrt(3), np.sqrt(3), shape),
}.items():
    errors_of_the_gradients_are_white_noise.mutant(text)(sgd_with_errors(draw))


@claim("M07", slide=RECALL, source="Ghadimi & Lan 2013")
def stochastic_descent_finds_critical_points(rng, *, sgd=stationarity.sgd, sgd_step=stationarity.sgd_step):
    r"""f = Σ(1 − cos xᵢ), η = c/√N: mean of E‖∇f‖² ≤ (Δ/(ηN) + ησ²p/2)/(1 − η/2), of order N^−½."""
    x, noise, eta = rng.uniform(-3, 3, (50, 3)), rng.standard_normal((50, 3)), rng.uniform(0.1, 0.9)
    step = sgd_step(np.sin, x, eta, noise)
    yield equal("a step: x − η(∇f + ξ)", step, x - eta * np.sin(x) - eta * noise, atol=rounding(16, 4.0))
    x0, sigma, measured = rng.uniform(-2, 2, (2000, 1)), 1.5, []
    lengths = np.geomspace(100, 3000, 12).astype(int)
    for N in lengths:
        eta = 1 / np.sqrt(N)
        path = sgd(np.sin, x0, np.full(N, eta), sigma, rng)
        squares = (np.sin(path[:-1]) ** 2).mean(0)[:, 0]
        gap = (1 - np.cos(x0)).mean()
        bound = (gap / (eta * N) + eta * sigma**2 / 2) / (1 - eta / 2)
        if N < 500:
            low = confidence_sequence(squares, (0.0, 1.0), ALPHA)[0]
            yield at_most(f"N = {N}: mean ‖∇f‖², lower end", low, bound, tight=0.9)._replace(alpha=ALPHA)
        measured.append(squares.mean())
    yield rate("mean ‖∇f‖² against N", lengths, measured, -0.5)


for text, mutant in {
    "no gradient": sgd_with(grad_f=lambda grad_f: lambda x: 0 * x),
    "steps of constant size": sgd_with(etas=lambda etas: 0.2 + 0 * etas),
    "noise η^½ z of a Langevin step": sgd_with(sigma=lambda sigma: 4 * sigma),
}.items():
    stochastic_descent_finds_critical_points.mutant(text, replaces="sgd")(mutant)


@stochastic_descent_finds_critical_points.mutant("the error keeps its size", replaces="sgd_step")
def _(grad_f, x, eta, noise):
    return x - eta * grad_f(x) + noise


@stochastic_descent_finds_critical_points.mutant("η 1 % too large", replaces="sgd_step")
def _(grad_f, x, eta, noise):
    return stationarity.sgd_step(grad_f, x, 1.01 * eta, noise)


@claim("M07", slide=RECALL, source=SGD_SOURCE)
def stochastic_descent_leaves_a_strict_saddle(rng, *, sgd=stationarity.sgd):
    r"""f = ½(bx₂² − ax₁²) from 0: x₁ is Gaussian, P(T ≤ k) = P(|Z| > r m^−k/s), m^E[T] ~ 1/σ with m = 1 + ηa."""
    a, b, eta, r, paths = rng.uniform(0.8, 1.2), 1.0, 0.1, 1.0, 4000
    m = 1 + eta * a
    curvature = np.array([-a, b])
    mean_time, sigmas = [], np.geomspace(1e-2, 1e-7, 12)
    for sigma in sigmas:
        limit = eta * sigma / np.sqrt(m**2 - 1)
        median = int(np.log(r / (0.67 * limit)) / np.log(m))
        x = sgd(lambda x: x * curvature, np.zeros((paths, 2)), np.full(median + 100, eta), sigma, rng)[:, :, 0]
        escaped = np.abs(x) > r
        mean_time.append((~np.logical_or.accumulate(escaped)).sum(0).mean())
        if sigma == sigmas[0]:
            scale = limit * np.sqrt(m**60 - 1)
            law = lambda u, scale=scale: scipy.special.ndtr(u / scale)  # noqa: E731
            yield distribution("law of x₁ after 30 steps", x[30], law, delta=0.15)
        exact = 2 * scipy.special.ndtr(-r / (limit * m**median))
        yield mean(f"escaped by step {median}, σ = {sigma:.1e}", escaped[: median + 1].any(0), exact, delta=0.15)
    yield rate("(1 + ηa)^(mean escape time) against 1/σ", 1 / sigmas, m ** np.array(mean_time), 1.0)
    still = sgd(lambda x: x * curvature, np.zeros((1, 2)), np.full(300, eta), 0.0, rng)
    yield equal("without noise: stays on the saddle", still, np.zeros((301, 1, 2)))


for text, mutant in {
    "noise 30 % too large": sgd_with(sigma=lambda sigma: 1.3 * sigma),
    "variance for standard deviation": sgd_with(sigma=lambda sigma: sigma**2),
    "descends the other way: the saddle's other axis": sgd_with(grad_f=lambda grad_f: lambda x: -grad_f(x)),
    "steps 5 % too long": sgd_with(etas=lambda etas: 1.05 * etas),
    "noise even for σ = 0": sgd_with(sigma=lambda sigma: sigma + 1e-12),
}.items():
    stochastic_descent_leaves_a_strict_saddle.mutant(text)(mutant)


@claim("M07", slide=RECALL, source=SGD_SOURCE)
def stochastic_descent_stays_near_hurwitz_minimisers(rng, *, sgd=stationarity.sgd):
    r"""f = ½lx²: x_k is Gaussian; on ¼(x² − 1)², P(ever r away from 1) ≤ ((x₀ − 1)² + σ²Σηₖ²)/r²: small, not 0."""
    curvature, x0, sigma = rng.uniform(0.5, 2), rng.uniform(0.5, 1.5), rng.uniform(0.5, 1)
    for name, etas in (("constant", np.full(60, 0.2)), ("decreasing", 0.5 / np.arange(1, 61))):
        factors = np.append(np.cumprod((1 - etas * curvature)[::-1])[::-1], 1.0)
        deviation = sigma * np.sqrt(((etas * factors[1:]) ** 2).sum())
        x = sgd(lambda x: curvature * x, np.full((4000, 1), x0), etas, sigma, rng)[-1, :, 0]
        law = lambda u, centre=x0 * factors[0], scale=deviation: scipy.special.ndtr((u - centre) / scale)  # noqa: E731
        yield distribution(f"{name} steps: law of x₆₀", x, law, delta=0.15)
    etas, r = 0.1 / np.arange(1, 301) ** 0.75, 0.5
    start = 1 + rng.uniform(-0.02, 0.02)
    path = sgd(lambda x: x**3 - x, np.full((4000, 1), start), etas, 0.4, rng)
    left = (np.abs(path - 1) > r).any(0).mean()
    bound = ((start - 1) ** 2 + 0.4**2 * (etas**2).sum()) / r**2
    yield at_most("double well: share of paths that ever leave", left, bound, slack=0.1, resolution=0.1)
    loud = 2.0
    path = sgd(lambda x: x**3 - x, np.ones((4000, 1)), np.full(1, 0.2), loud, rng)
    exact = 2 * scipy.special.ndtr(-r / (0.2 * loud))
    yield mean(
        "one loud step leaves with the probability of its tail, > 0", np.abs(path[1, :, 0] - 1) > r, exact, delta=0.15
    )


for text, mutant in {
    "noise 30 % too large": sgd_with(sigma=lambda sigma: 1.3 * sigma),
    "noise 30 % too small": sgd_with(sigma=lambda sigma: 0.7 * sigma),
    "steps in reversed order": sgd_with(etas=lambda etas: etas[::-1]),
    "ascends": sgd_with(grad_f=lambda grad_f: lambda x: -grad_f(x)),
    "all steps as long as the first": sgd_with(etas=lambda etas: 0 * etas + etas[0]),
}.items():
    stochastic_descent_stays_near_hurwitz_minimisers.mutant(text)(mutant)


@stochastic_descent_stays_near_hurwitz_minimisers.mutant("one error for all paths")
def _(grad_f, x0, etas, sigma, rng):
    path = stationarity.sgd(grad_f, x0[:1], etas, sigma, rng)
    return np.repeat(path, len(x0), axis=1)
