"""One round of SGD, Adam, Mirror-GAN and Mirror-Prox-GAN against automatic differentiation."""

import numpy as np

from refimpl.backpropagation.optimizers import AdamState, RMSState
from refimpl.minimax import gan_algorithms
from refimpl.minimax.gan import Players
from verify.claims import claim
from verify.evidence import equal
from verify.minimax.gan import GAN, SLIDE, SOURCE, TOLERANCE, instance, slope_x, slope_y


def both(z):
    """Parameters of both players in one vector."""
    return np.concatenate([np.ravel(getattr(player, "x", player)) for player in z])


@claim("M27", slide=SLIDE, source="definition of alternating stochastic gradient descent")
def sgd_alternates(rng, *, sgd_round=gan_algorithms.sgd_round):
    r"""An iteration: two steps of the critic at the newest generator, one of the generator at the newest critic."""
    x, y, _, _, draws = instance(rng)
    alpha, start = 0.1, Players(x, y)
    for draw in draws:
        for k in range(2):
            y = y - alpha * slope_y(x, y, draw, k)
        x = x - alpha * slope_x(x, y, draw)
    yield equal("parameters", both(sgd_round(GAN, start, draws, alpha)), np.concatenate([x, y]), atol=TOLERANCE)


def generator_first(gan, z, draws, alpha):
    x, y = z
    for draw in draws:
        x = x - alpha * gan_algorithms.generator_slope(gan, x, y, draw)
        for k in range(gan.critic_steps):
            y = y - alpha * gan_algorithms.critic_slope(gan, x, y, draw, k)
    return Players(x, y)


def critic_ascends(gan, z, draws, alpha):
    new = gan_algorithms.sgd_round(gan, z, draws, alpha)
    return new._replace(y=2 * z.y - new.y)


sgd_alternates.mutants({
    "the generator first": generator_first,
    "the critic takes one step only": lambda gan, z, draws, alpha: gan_algorithms.sgd_round(
        gan._replace(critic_steps=1), z, draws, alpha
    ),
    "no penalty": lambda gan, z, draws, alpha: gan_algorithms.sgd_round(gan._replace(penalty=0.0), z, draws, alpha),
    "the critic ascends on its loss": critic_ascends,
    "step 1 % too long": lambda gan, z, draws, alpha: gan_algorithms.sgd_round(gan, z, draws, 1.01 * alpha),
})


@claim("M27", slide=SLIDE, source="Kingma & Ba 2015")
def adam_alternates(rng, *, adam_round=gan_algorithms.adam_round):
    r"""As for SGD, with β₁ = ½ and β₂ = 0.9: the weighted means are of each player's own gradients."""
    x, y, _, _, draws = instance(rng)
    alpha = 0.02
    start = Players(*(AdamState(p, 0 * p, 0 * p, 0) for p in (x, y)))
    G_x, G_y = [], []

    def step(gradients):
        i = np.arange(len(gradients))[::-1]
        m, v = (np.average(gradients, axis=0, weights=0.5**i), np.average(np.square(gradients), axis=0, weights=0.9**i))
        return alpha * m / (np.sqrt(v) + 1e-8)

    for draw in draws:
        for k in range(2):
            G_y.append(slope_y(x, y, draw, k))
            y = y - step(G_y)
        G_x.append(slope_x(x, y, draw))
        x = x - step(G_x)
    measured = adam_round(GAN, start, draws, alpha)
    yield equal("parameters", both(measured), np.concatenate([x, y]), atol=1e3 * TOLERANCE)
    for player, G in zip(measured, (G_x, G_y), strict=True):
        weights = np.arange(len(G))[::-1]
        yield equal("m", player.m, 0.5 * 0.5**weights @ np.array(G), atol=1e3 * TOLERANCE)
        yield equal("v", player.v, 0.1 * 0.9**weights @ np.square(G), atol=1e3 * TOLERANCE)
        yield equal("t", player.t, len(G))


def forgets_at_the_end(gan, z, draws, alpha):
    new = gan_algorithms.adam_round(gan, z, draws, alpha)
    return Players(*(one._replace(m=0 * one.m, v=0 * one.v) for one in new))


def counts_iterations_not_steps(gan, z, draws, alpha):
    new = gan_algorithms.adam_round(gan, z, draws, alpha)
    return Players(*(one._replace(t=len(draws)) for one in new))


def forgets_after_each_iteration(gan, z, draws, alpha):
    for draw in draws:
        z = gan_algorithms.adam_round(gan, z, [draw], alpha)
        z = Players(*(AdamState(p.x, 0 * p.m, 0 * p.v, 0) for p in z))
    return z


def repeats_the_critics_batch(gan, z, draws, alpha):
    stale = [draw._replace(real=draw.real[[0, 0]]) for draw in draws]
    return gan_algorithms.adam_round(gan, z, stale, alpha)


adam_alternates.mutants({
    "forgets its averages at the end": forgets_at_the_end,
    "counts iterations, not steps": counts_iterations_not_steps,
    "step 1 % too long": lambda gan, z, draws, alpha: gan_algorithms.adam_round(gan, z, draws, 1.01 * alpha),
    "averages forgotten after each iteration": forgets_after_each_iteration,
    "the same critic batch twice": repeats_the_critics_batch,
})


def langevin(x, v, g, z, gamma, tau):
    """A preconditioned Langevin step, written again: parameters and mean square after it."""
    v = v + (g**2 - v) / 100
    size = 1e-5 + np.sqrt(v)
    return x + (np.sqrt(2 * tau * gamma * size) * z - gamma * g) / size, v


def mirror(start, squares, opponents, draws, gamma, tau, beta):
    """K Langevin iterations against frozen opponents: damped averages, and mean squares of the gradients."""
    (x, y), (v_x, v_y) = start, squares
    X, Y = [x], [y]
    for draw in draws:
        for k in range(2):
            y, v_y = langevin(y, v_y, slope_y(opponents[0], y, draw, k), draw.z_y[k], gamma, tau)
            Y.append(y)
        x, v_x = langevin(x, v_x, slope_x(x, opponents[1], draw), draw.z_x, gamma, tau)
        X.append(x)
    damped = []
    for path in (X, Y):
        weights = beta * (1 - beta) ** np.arange(len(path))[::-1]
        weights[0] /= beta
        damped.append((1 - beta) * path[0] + beta * np.tensordot(weights, path, 1))
    return damped, (v_x, v_y)


@claim("M27", slide=SLIDE, source=f"{SOURCE}, Algorithm 3")
def mirror_gan_averages_langevin_iterates(rng, *, mirror_round=gan_algorithms.mirror_round):
    r"""x̄ = (1−β)^K x₁ + Σ β(1−β)^{K−k} x_k and x⁺ = (1−β)x₁ + βx̄; the opponents are those of the round's start."""
    x, y, v_x, v_y, draws = instance(rng)
    for beta in (0.3, 0.9):
        measured = mirror_round(GAN, Players(RMSState(x, v_x), RMSState(y, v_y)), draws, 0.05, 0.02, beta)
        expected, squares = mirror((x, y), (v_x, v_y), (x, y), draws, 0.05, 0.02, beta)
        yield equal(f"β = {beta}: parameters", both(measured), np.concatenate(expected), atol=TOLERANCE)
        measured_squares = np.concatenate([player.v for player in measured])
        yield equal(f"β = {beta}: mean squares", measured_squares, np.concatenate(squares), atol=TOLERANCE)
    default = mirror_round(GAN, Players(RMSState(x, v_x), RMSState(y, v_y)), draws, 0.05, 0.02)
    yield equal("β = 0.9 by default", both(default), np.concatenate(expected), atol=TOLERANCE)


def opponents_follow(gan, z, draws, gamma, temperature, beta=0.9):
    for draw in draws:
        z = gan_algorithms.mirror_round(gan, z, [draw], gamma, temperature, beta)
    return z


def outer_average_left_out(gan, z, draws, gamma, temperature, beta=0.9):
    new = gan_algorithms.mirror_round(gan, z, draws, gamma, temperature, beta)
    return Players(*(n._replace(x=(n.x - (1 - beta) * o.x) / beta) for n, o in zip(new, z, strict=True)))


mirror_gan_averages_langevin_iterates.mutants({
    "another default": lambda gan, z, draws, gamma, temperature, beta=0.5: gan_algorithms.mirror_round(
        gan, z, draws, gamma, temperature, beta
    ),
    "no damping: the last iterate": lambda gan, z, draws, gamma, temperature, beta=0.9: gan_algorithms.mirror_round(
        gan, z, draws, gamma, temperature, 1.0
    ),
    "β and 1 − β exchanged": lambda gan, z, draws, gamma, temperature, beta=0.9: gan_algorithms.mirror_round(
        gan, z, draws, gamma, temperature, 1 - beta
    ),
    "no noise: RMSprop": lambda gan, z, draws, gamma, temperature, beta=0.9: gan_algorithms.mirror_round(
        gan, z, draws, gamma, 0.0, beta
    ),
    "opponents follow every iteration": opponents_follow,
    "temperature 1 % too high": lambda gan, z, draws, gamma, temperature, beta=0.9: gan_algorithms.mirror_round(
        gan, z, draws, gamma, 1.01 * temperature, beta
    ),
    "the outer average left out": outer_average_left_out,
})


@claim("M27", slide=SLIDE, source=f"{SOURCE}, Mirror-Prox-GAN")
def mirror_prox_gan_looks_ahead(rng, *, mirror_prox_round=gan_algorithms.mirror_prox_round):
    r"""Half of the iterations lead to opponents z̃; the other half starts again at z and plays against z̃."""
    x, y, v_x, v_y, draws = instance(rng)
    start = Players(RMSState(x, v_x), RMSState(y, v_y))
    for beta in (0.3, 0.9):
        ahead, squares = mirror((x, y), (v_x, v_y), (x, y), draws[:2], 0.05, 0.02, beta)
        expected, squares = mirror((x, y), squares, ahead, draws[2:], 0.05, 0.02, beta)
        measured = mirror_prox_round(GAN, start, draws, 0.05, 0.02, beta)
        yield equal(f"β = {beta}: parameters", both(measured), np.concatenate(expected), atol=TOLERANCE)
        measured_squares = np.concatenate([player.v for player in measured])
        yield equal(f"β = {beta}: mean squares", measured_squares, np.concatenate(squares), atol=TOLERANCE)
    default = mirror_prox_round(GAN, start, draws, 0.05, 0.02)
    yield equal("β = 0.9 by default", both(default), np.concatenate(expected), atol=TOLERANCE)


def keeps_the_old_squares(gan, z, draws, gamma, temperature, beta=0.9):
    new = gan_algorithms.mirror_prox_round(gan, z, draws, gamma, temperature, beta)
    return Players(*(n._replace(v=o.v) for n, o in zip(new, z, strict=True)))


def two_rounds_of_mirror_gan(gan, z, draws, gamma, temperature, beta=0.9):
    z = gan_algorithms.mirror_round(gan, z, draws[:2], gamma, temperature, beta)
    return gan_algorithms.mirror_round(gan, z, draws[2:], gamma, temperature, beta)


def plays_against_old_opponents(gan, z, draws, gamma, temperature, beta=0.9):
    new = gan_algorithms.mirror_round(gan, z, draws[:2], gamma, temperature, beta)
    start = Players(*(n._replace(x=o.x) for n, o in zip(new, z, strict=True)))
    return gan_algorithms.mirror_round(gan, start, draws[2:], gamma, temperature, beta)


mirror_prox_gan_looks_ahead.mutants({
    "mean squares of the start": keeps_the_old_squares,
    "another default": lambda gan, z, draws, gamma, temperature, beta=0.5: gan_algorithms.mirror_prox_round(
        gan, z, draws, gamma, temperature, beta
    ),
    "Mirror-GAN": lambda gan, z, draws, gamma, temperature, beta=0.9: gan_algorithms.mirror_round(
        gan, z, draws, gamma, temperature, beta
    ),
    "the second half starts at z̃: two rounds of Mirror-GAN": two_rounds_of_mirror_gan,
    "the second half plays against the old opponents": plays_against_old_opponents,
    "randomness of the first half used twice": lambda gan, z, draws, gamma, temperature, beta=0.9: (
        gan_algorithms.mirror_prox_round(gan, z, [*draws[:2], *draws[:2]], gamma, temperature, beta)
    ),
    "step 1 % too short": lambda gan, z, draws, gamma, temperature, beta=0.9: gan_algorithms.mirror_prox_round(
        gan, z, draws, 0.99 * gamma, temperature, beta
    ),
})
