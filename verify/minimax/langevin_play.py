"""Mixed strategies as Langevin particles: slide "… infinite dimensional matrix games"."""

import numpy as np
import scipy

from refimpl.minimax import langevin_play
from verify.claims import claim, shipped
from verify.evidence import distribution, equal, rounding

SLIDE = "GAN training as infinite dimensional matrix games"
SOURCE = "Hsieh, Liu & Cevher 2019"
BOX = (-1.0, 1.0)
GRID = np.linspace(-1, 1, 401)


def bounced(a, lower, upper):
    """Points after bouncing off the faces, one face at a time."""
    a = a.copy()
    while ((a < lower) | (a > upper)).any():
        a = np.where(a < lower, 2 * lower - a, np.where(a > upper, 2 * upper - a, a))
    return a


@claim("M24", slide=SLIDE, source=SOURCE)
def reflected_langevin_bounces_off_the_box(rng, *, reflected_langevin_step=langevin_play.reflected_langevin_step):
    r"""a⁺ = a − h∇f(a) + √(2h/β) z, bounced off the faces as often as it takes; without force it stays uniform."""
    lower, upper = np.array([-1.0, -0.5, 0.0]), np.array([1.0, 2.0, 0.1])
    a, z = rng.uniform(lower, upper, (200, 3)), rng.standard_normal((200, 3))
    for h, beta in [(0.01, 2.0), (0.3, 0.5), (0.5, 40.0)]:
        moved = a - h * (np.sin(3 * a) + a**2) + np.sqrt(2 * h / beta) * z
        a_next = reflected_langevin_step(lambda a: np.sin(3 * a) + a**2, a, h, beta, z, (lower, upper))
        error = rounding(64, 1 + np.abs(moved))
        yield equal(f"a⁺, h = {h}, β = {beta}", a_next, bounced(moved, lower, upper), atol=error)
    a, z = rng.uniform(-1, 1, (100_000, 1)), rng.standard_normal((100_000, 1))
    a_next = reflected_langevin_step(np.zeros_like, a, 0.1, 1.0, z, BOX)
    yield distribution("uniform after a step", a_next, lambda a: (1 + a) / 2, delta=0.03)


def moved_freely(grad_f, a, h, beta, z):
    """The step as it would be in all of space."""
    return a - h * grad_f(a) + np.sqrt(2 * h / beta) * z


reflected_langevin_bounces_off_the_box.mutants({
    "projects": lambda grad_f, a, h, beta, z, box: np.clip(moved_freely(grad_f, a, h, beta, z), *box),
    "leaves on one side, comes back on the other": lambda grad_f, a, h, beta, z, box: (
        box[0] + (moved_freely(grad_f, a, h, beta, z) - box[0]) % (box[1] - box[0])
    ),
    "noise scaled by η instead of √η": shipped(
        lambda grad_f, a, h, beta, z, box: langevin_play.reflected_langevin_step(
            grad_f, a, h, beta, np.sqrt(h) * z, box
        ),
        project="google-research/ibc",
        version="db89ddb",
        thread="#6",
    ),
    "√(h/β): without the 2": lambda grad_f, a, h, beta, z, box: langevin_play.reflected_langevin_step(
        grad_f, a, h, 2 * beta, z, box
    ),
    "β in place of 1/β": lambda grad_f, a, h, beta, z, box: langevin_play.reflected_langevin_step(
        grad_f, a, h, 1 / beta, z, box
    ),
    "ascends": lambda grad_f, a, h, beta, z, box: langevin_play.reflected_langevin_step(
        lambda a: -grad_f(a), a, h, beta, z, box
    ),
    "noise 1 % too large": lambda grad_f, a, h, beta, z, box: langevin_play.reflected_langevin_step(
        grad_f, a, h, beta, 1.01 * z, box
    ),
    "drift 1 % too large": lambda grad_f, a, h, beta, z, box: langevin_play.reflected_langevin_step(
        lambda a: 1.01 * grad_f(a), a, h, beta, z, box
    ),
})


def crooked_payoff(x, y):
    """Φ = x² + 3xy/2 − y²/2 + x − y/2 + sin(2x + y), without symmetry."""
    return x**2 + 1.5 * x * y - y**2 / 2 + x - y / 2 + np.sin(2 * x + y)


def crooked_field(z):
    """(∇ₓΦ, −∇ᵧΦ) of the crooked payoff."""
    x, y = z[..., 0], z[..., 1]
    c = np.cos(2 * x + y)
    return np.stack([2 * x + 1.5 * y + 1 + 2 * c, -1.5 * x + y + 0.5 - c], -1)


def played_without_noise(V, x, y, num_rounds, h, num_inner, look_ahead):
    """What mirror descent or mirror-prox plays at temperature 0: gradient steps on the mean payoff of the history."""

    def answer(start, history):
        X, Y = (np.concatenate(side) for side in zip(*history, strict=True))
        x, y = start
        for _ in range(num_inner):
            slope_x = np.array([np.mean([V(np.array([a, b]))[0] for b in Y]) for a in x])
            slope_y = np.array([np.mean([V(np.array([a, b]))[1] for a in X]) for b in y])
            x, y = bounced(x - h * slope_x, *BOX), bounced(y - h * slope_y, *BOX)
        return x, y

    point, played = (x, y), []
    for _ in range(num_rounds):
        played.append(answer(point, [*played, point]) if look_ahead else point)
        point = answer(point, played)
    return [np.array(side) for side in zip(*played, strict=True)]


def plays_mirror_steps(method, look_ahead, rng):
    """Evidence on whom each round answers (without noise), on the noise (without payoff), and on the law of both."""
    yield from answers_its_history(method, look_ahead, rng)
    yield from takes_twenty_short_steps(method, look_ahead, rng)
    yield from has_the_laws(method, look_ahead, rng)


COLD = 1e30  # an inverse temperature at which the noise is below rounding


def answers_its_history(method, look_ahead, rng):
    """Evidence on whom each round answers: without noise."""
    num_rounds, h, num_inner = 4, 0.07, 2
    x0, y0 = rng.uniform(-1, 1, (2, 1)), rng.uniform(-1, 1, (3, 1))
    x, y = method(crooked_field, x0, y0, COLD, num_rounds, BOX, rng, h=h, num_inner=num_inner)
    expected = played_without_noise(crooked_field, x0[:, 0], y0[:, 0], num_rounds, h, num_inner, look_ahead)
    yield equal("x of 4 rounds without noise", np.asarray(x)[..., 0], expected[0], atol=1e-11)
    yield equal("y of 4 rounds without noise", np.asarray(y)[..., 0], expected[1], atol=1e-11)


def takes_twenty_short_steps(method, look_ahead, rng):
    """Evidence on the default steps and on players of unlike dimensions: without noise."""
    lower, upper = np.array([-1.0, -0.2, -0.5]), np.array([0.4, 0.9, 2.0])
    start = rng.uniform(lower, upper)
    x, y = method(plane_field, start[None, :2], start[None, 2:], COLD, 1 + (not look_ahead), (lower, upper), rng)
    expected = answers_of_two_points(start, lower, upper)
    yield equal(
        "x in the plane, y on a line, by default 20 steps of 0.05: x", np.asarray(x)[-1, 0], expected[:2], atol=1e-11
    )
    yield equal("their y", np.asarray(y)[-1, 0], expected[2:], atol=1e-11)


def has_the_laws(method, look_ahead, rng):
    """Evidence on the law of the noise, without payoff, and on the Gibbs measures that it leads to."""
    h = 0.07
    noise = 2 * h / 2000 * sum(1 / np.arange(1, 4 if look_ahead else 3))
    for seat, sizes in enumerate([(500_000, 1), (1, 500_000)]):
        starts = [np.zeros((size, 1)) for size in sizes]
        played = method(np.zeros_like, *starts, 2000.0, 3, BOX, rng, h=h, num_inner=1)[seat]
        what = f"{'xy'[seat]} of the third round on Φ = 0: N(0, 2h Σ 1/(ηt))"
        yield distribution(what, played[-1], lambda a: scipy.special.ndtr(a / np.sqrt(noise)), delta=0.012)
    x0, y0, eta = rng.uniform(-1, 1, (4000, 1)), rng.uniform(-1, 1, (1, 1)), 0.8
    answered = 3.0 if look_ahead else 2.0
    for seat in range(2):
        starts = (x0, y0) if seat == 0 else (y0, x0)
        played = method(separate_field, *starts, eta, 3, BOX, rng, h=0.02, num_inner=200)[seat]
        cdf = gibbs_cdf(eta * answered * [GRID**2 - GRID, 2 * GRID**2 + GRID][seat])
        yield distribution(f"{'xy'[seat]} of the third round on Φ = f(x) − g(y)", played[-1], cdf, delta=0.13)


def plane_field(z):
    """Field of a game of x in the plane and y on a line."""
    x_1, x_2, y = z[..., 0], z[..., 1], z[..., 2]
    return np.stack([2 * x_1 + y + np.sin(x_2), x_2 - 2 * y + 0.3, x_2 - 3 * x_1 + y - 1], -1)


def answers_of_two_points(start, lower, upper):
    """Where 20 gradient steps of 0.05 lead each player, against the other one's start."""
    z = start
    for _ in range(20):
        against_start = [plane_field(np.r_[z[:2], start[2:]])[:2], plane_field(np.r_[start[:2], z[2:]])[2:]]
        z = bounced(z - 0.05 * np.concatenate(against_start), lower, upper)
    return z


def separate_field(z):
    """(f', g') of Φ = f(x) − g(y), f = x² − x and g = 2y² + y."""
    return z * [2, 4] + [-1, 1]


def gibbs_cdf(cost):
    """Distribution function of the density ∝ exp(−cost) on the box, cost given on the grid, by quadrature."""
    F = scipy.integrate.cumulative_simpson(np.exp(cost.min() - cost), x=GRID, initial=0)
    return lambda a: np.interp(a, GRID, F / F[-1])


@claim("M24", slide=SLIDE, source=SOURCE)
def particles_play_mirror_descent(rng, *, langevin_mirror_descent=langevin_play.langevin_mirror_descent):
    r"""In round t: p_t ∝ exp(−η Σ_{s<t} G q_s), q_t ∝ exp(η Σ_{s<t} G†p_s), from the particles of round t − 1 on."""
    yield from plays_mirror_steps(langevin_mirror_descent, False, rng)


@claim("M24", slide=SLIDE, source=SOURCE)
def particles_play_mirror_prox(rng, *, langevin_mirror_prox=langevin_play.langevin_mirror_prox):
    r"""p̄_t ∝ exp(−η [Σ_{s<t} G q̄_s + G q_t]), p_{t+1} ∝ exp(−η Σ_{s≤t} G q̄_s); likewise q; played are p̄ and q̄."""
    yield from plays_mirror_steps(langevin_mirror_prox, True, rng)


def altered(method, **changes):
    """A method whose arguments are altered: each change is a function of the old value."""

    def play(V, x0, y0, eta, num_rounds, box, rng, h=0.05, num_inner=20):
        given = {"V": V, "eta": eta, "num_rounds": num_rounds, "h": h, "num_inner": num_inner}
        given |= {name: change(given[name]) for name, change in changes.items()}
        return method(x0=x0, y0=y0, box=box, rng=rng, **given)

    return play


def answers_last_round_only(V, x0, y0, eta, num_rounds, box, rng, h=0.05, num_inner=20):
    """Every round plays against the one before, none against the history."""
    rounds = [(x0, y0)]
    while len(rounds) < num_rounds:
        x, y = langevin_play.langevin_mirror_descent(V, *rounds[-1], eta, 2, box, rng, h, num_inner)
        rounds.append((x[1], y[1]))
    return [np.stack(side) for side in zip(*rounds, strict=True)]


def starts_one_round_late(V, x0, y0, eta, num_rounds, box, rng, h=0.05, num_inner=20):
    """Leaves out the first round, plays one more."""
    x, y = langevin_play.langevin_mirror_descent(V, x0, y0, eta, num_rounds + 1, box, rng, h, num_inner)
    return x[1:], y[1:]


def wrong_plays(method):
    """Wrong versions of either method."""
    return {
        "η/2: temperature twice too high": altered(method, eta=lambda eta: eta / 2),
        "η 8 % too large": altered(method, eta=lambda eta: 1.08 * eta),
        "h 1 % too large": altered(method, h=lambda h: 1.01 * h),
        "both players ascend": altered(method, V=lambda V: lambda z: -V(z)),
        "y descends too": altered(method, V=lambda V: lambda z: V(z) * [1, -1]),
        "V 1 % too large": altered(method, V=lambda V: lambda z: 1.01 * V(z)),
        "one Langevin step fewer": altered(method, num_inner=lambda k: k - 1),
        "answers the last round only": answers_last_round_only,
        "leaves out the first round": starts_one_round_late,
    }


particles_play_mirror_descent.mutants({
    **wrong_plays(langevin_play.langevin_mirror_descent),
    "mirror-prox": langevin_play.langevin_mirror_prox,
})
particles_play_mirror_prox.mutants({
    **wrong_plays(langevin_play.langevin_mirror_prox),
    "mirror descent": langevin_play.langevin_mirror_descent,
})
