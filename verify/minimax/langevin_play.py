"""Mixed strategies as Langevin particles: slides "… infinite dimensional matrix games" and "Escaping traps …"."""

import numpy as np
import scipy

from refimpl.minimax import games, langevin_play, mixed_nash
from verify.claims import claim
from verify.evidence import ALPHA, at_least, at_most, distribution, equal, mean, rounding

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


@reflected_langevin_bounces_off_the_box.mutant("projects")
def _(grad_f, a, h, beta, z, box):
    return np.clip(moved_freely(grad_f, a, h, beta, z), *box)


@reflected_langevin_bounces_off_the_box.mutant("leaves on one side, comes back on the other")
def _(grad_f, a, h, beta, z, box):
    return box[0] + (moved_freely(grad_f, a, h, beta, z) - box[0]) % (box[1] - box[0])


@reflected_langevin_bounces_off_the_box.mutant("noise scaled by η instead of √η", shipped="google-research/ibc #6")
def _(grad_f, a, h, beta, z, box):
    return langevin_play.reflected_langevin_step(grad_f, a, h, beta, np.sqrt(h) * z, box)


@reflected_langevin_bounces_off_the_box.mutant("√(h/β): without the 2")
def _(grad_f, a, h, beta, z, box):
    return langevin_play.reflected_langevin_step(grad_f, a, h, 2 * beta, z, box)


@reflected_langevin_bounces_off_the_box.mutant("β in place of 1/β")
def _(grad_f, a, h, beta, z, box):
    return langevin_play.reflected_langevin_step(grad_f, a, h, 1 / beta, z, box)


@reflected_langevin_bounces_off_the_box.mutant("ascends")
def _(grad_f, a, h, beta, z, box):
    return langevin_play.reflected_langevin_step(lambda a: -grad_f(a), a, h, beta, z, box)


@reflected_langevin_bounces_off_the_box.mutant("noise 1 % too large")
def _(grad_f, a, h, beta, z, box):
    return langevin_play.reflected_langevin_step(grad_f, a, h, beta, 1.01 * z, box)


@reflected_langevin_bounces_off_the_box.mutant("drift 1 % too large")
def _(grad_f, a, h, beta, z, box):
    return langevin_play.reflected_langevin_step(lambda a: 1.01 * grad_f(a), a, h, beta, z, box)


def crooked_payoff(x, y):
    """Φ = x² + 3xy/2 − y²/2 + x − y/2 + sin(2x + y), without symmetry."""
    return x**2 + 1.5 * x * y - y**2 / 2 + x - y / 2 + np.sin(2 * x + y)


def crooked_field(z):
    """(∇ₓΦ, −∇ᵧΦ) of the crooked payoff."""
    x, y = z[..., 0], z[..., 1]
    c = np.cos(2 * x + y)
    return np.stack([2 * x + 1.5 * y + 1 + 2 * c, -1.5 * x + y + 0.5 - c], -1)


def gibbs_cdf(cost):
    """Distribution function of the density ∝ exp(−cost) on the box, cost given on the grid, by quadrature."""
    F = scipy.integrate.cumulative_simpson(np.exp(cost.min() - cost), x=GRID, initial=0)
    return lambda a: np.interp(a, GRID, F / F[-1])


def total_cost(sign, opponents, pair):
    """± Σ over rounds of the mean payoff against particles (T, m), on the grid."""
    return sign * sum(pair(GRID[:, None], np.ravel(particles)).mean(1) for particles in opponents)


def follows_gibbs(method, look, rng):
    """Evidence on the law of many particles of one player against few of the other, whose history is then known.

    `look` says which rounds' particles have been answered in the last round.
    """
    n, few, eta = 3000, 4, 2.0
    settings = {"h": 0.02, "num_inner": 250}
    for seat, sizes in enumerate([(n, few), (few, n)]):
        x0, y0 = (rng.uniform(-1, 1, (size, 1)) for size in sizes)
        x, y = method(crooked_field, x0, y0, eta, 2, BOX, rng, **settings)
        if seat == 0:
            cost = total_cost(1, look(y0, y), crooked_payoff)
            yield distribution("x in the last round", x[-1], gibbs_cdf(eta * cost), delta=0.15)
        else:
            cost = total_cost(-1, look(x0, x), lambda y, x: crooked_payoff(x, y))
            yield distribution("y in the last round", y[-1], gibbs_cdf(eta * cost), delta=0.15)
