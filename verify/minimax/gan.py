"""The stochastic game of a Wasserstein GAN: slide "Application to 25 Gaussians: Algorithms matter"."""

from itertools import pairwise

import autograd
import numpy as np
import scipy

from refimpl.minimax import gan
from refimpl.minimax.gan import Draw, Gan, Players
from verify.backpropagation.mlp import value
from verify.claims import claim
from verify.evidence import ALPHA, distribution, equal, rounding
from verify.minimax.twenty_five_gaussians import on_the_grid
from verify.minimax.wgan_gradients import critic_loss, generator_loss, number_of_parameters
from verify.probes import batched

SLIDE = "Application to 25 Gaussians: Algorithms matter"
SOURCE = "Hsieh, Liu & Cevher 2019"
GAN = Gan(generator_widths=(3, 4, 5, 2), critic_widths=(2, 5, 4, 1), batch=6, critic_steps=2, penalty=0.4)
TOLERANCE = rounding(1e6, 10.0)


def instance(rng, iterations=4):
    """Parameters of both players, their mean squares, and the randomness of some iterations."""
    d_x, d_y = map(number_of_parameters, (GAN.generator_widths, GAN.critic_widths))
    shapes = [(2, 6, 2), (2, 6, 3), (2, 6, 1), (2, d_y), (6, 3), (d_x,)]
    draws = [Draw(*(rng.standard_normal(shape) for shape in shapes)) for _ in range(iterations)]
    draws = [one._replace(u=rng.random((2, 6, 1))) for one in draws]
    x, y = 0.7 * rng.standard_normal(d_x), 0.7 * rng.standard_normal(d_y)
    return x, y, rng.uniform(0.5, 1, d_x), rng.uniform(0.5, 1, d_y), draws


def slope_y(x, y, draw, k):
    """The critic's k-th gradient, differentiated automatically."""
    fake = value(x, draw.omega_y[k], GAN.generator_widths, "relu")
    mixed = fake + draw.u[k] * (draw.real[k] - fake)
    return autograd.grad(critic_loss)(y, draw.real[k], fake, mixed, GAN.penalty, GAN.critic_widths, "relu")


def slope_x(x, y, draw):
    """The generator's gradient, differentiated automatically."""
    return autograd.grad(generator_loss)(x, y, draw.omega_x, (GAN.generator_widths, GAN.critic_widths), "relu")


@claim("M27", slide=SLIDE, source="eq. (1) of the slide on Wasserstein GANs; Gulrajani et al. 2017, Algorithm 1")
def slopes_are_gradients_on_the_draw(
    rng, *, generate=gan.generate, critic_slope=gan.critic_slope, generator_slope=gan.generator_slope
):
    r"""h_x(ω), and both players' gradients on real[k], omega_y[k] and mixtures u[k] of these; on omega_x for x."""
    x, y, _, _, draws = instance(rng)
    omega = rng.standard_normal((8, 3))
    yield equal("h_x(ω)", generate(GAN, x, omega), value(x, omega, GAN.generator_widths, "relu"), atol=TOLERANCE)
    yield from batched("h_x(ω)", lambda omega: generate(GAN, x, omega), omega, atol=TOLERANCE)
    for i, draw in enumerate(draws):
        for k in range(2):
            measured = critic_slope(GAN, x, y, draw, k)
            yield equal(f"draw {i}: the critic's gradient {k}", measured, slope_y(x, y, draw, k), atol=TOLERANCE)
        measured = generator_slope(GAN, x, y, draw)
        yield equal(f"draw {i}: the generator's gradient", measured, slope_x(x, y, draw), atol=TOLERANCE)


def misread(slope, change):
    """Wrong versions of a gradient: it reads another draw."""
    return lambda game, x, y, draw, *k: slope(game, x, y, change(draw), *k)


slopes_are_gradients_on_the_draw.mutants(
    {
        "the first batch again": misread(gan.critic_slope, lambda draw: draw._replace(real=draw.real[[0, 0]])),
        "the first noise again": misread(gan.critic_slope, lambda draw: draw._replace(omega_y=draw.omega_y[[0, 0]])),
        "u and 1 − u exchanged": misread(gan.critic_slope, lambda draw: draw._replace(u=1 - draw.u)),
        "one mixture for the batch": misread(gan.critic_slope, lambda draw: draw._replace(u=0 * draw.u + draw.u[0, 0])),
        "penalty 1 % too large": lambda game, x, y, draw, k: gan.critic_slope(
            game._replace(penalty=1.01 * game.penalty), x, y, draw, k
        ),
        "penalty at least 1": lambda game, x, y, draw, k: gan.critic_slope(
            game._replace(penalty=max(1.0, game.penalty)), x, y, draw, k
        ),
    },
    replaces="critic_slope",
)
slopes_are_gradients_on_the_draw.mutants(
    {
        "the critic's noise": misread(gan.generator_slope, lambda draw: draw._replace(omega_x=draw.omega_y[-1])),
        "half a batch": misread(gan.generator_slope, lambda draw: draw._replace(omega_x=draw.omega_x[:3])),
        "the generator ascends": lambda game, x, y, draw: -gan.generator_slope(game, x, y, draw),
    },
    replaces="generator_slope",
)
slopes_are_gradients_on_the_draw.mutants(
    {
        "one ReLU more, after the last layer": lambda game, x, omega: np.maximum(gan.generate(game, x, omega), 0.0),
        "noise centred over the batch": lambda game, x, omega: gan.generate(
            game, x, omega - (omega.mean(0) if omega.ndim > 1 else 0.0)
        ),
    },
    replaces="generate",
)


@claim("M27", slide=SLIDE, source=SOURCE)
def draws_are_fresh_and_of_their_laws(rng, *, random_draw=gan.random_draw):
    r"""Real samples of the mixture; ω and z standard normal, u uniform; none twice, in an iteration or between two."""
    game = Gan((3, 50, 2), (2, 40, 1), batch=4000, critic_steps=3)
    d_x, d_y = map(number_of_parameters, (game.generator_widths, game.critic_widths))
    first, second = random_draw(game, rng), random_draw(game, rng)
    shapes = [(3, 4000, 2), (3, 4000, 3), (3, 4000, 1), (3, d_y), (4000, 3), (d_x,)]
    for name, part, shape in zip(Draw._fields, first, shapes, strict=True):
        yield equal(f"shape of {name}", np.shape(part), shape)
    yield distribution("real", on_the_grid(first.real)[1], scipy.special.ndtr, delta=0.1)
    yield distribution("omega_y", first.omega_y, scipy.special.ndtr, delta=0.1)
    yield distribution("omega_x", first.omega_x, scipy.special.ndtr, delta=0.1)
    yield distribution("u", first.u, lambda u: np.clip(u, 0, 1), delta=0.1)
    pooled = np.concatenate([np.ravel(one) for draw in (first, second) for one in (draw.z_x, draw.z_y)])
    yield distribution("z", pooled, scipy.special.ndtr, delta=0.3)
    numbers = np.concatenate([np.ravel(part) for draw in (first, second) for part in draw])
    yield equal("different numbers", len(np.unique(numbers)), len(numbers))


def drawn(change):
    """Wrong versions of `random_draw`: something of the draw is changed."""
    return lambda game, rng: change(gan.random_draw(game, rng))


draws_are_fresh_and_of_their_laws.mutants({
    "one real batch for all gradients": drawn(lambda draw: draw._replace(real=draw.real[[0, 0, 0]])),
    "one noise for all gradients": drawn(lambda draw: draw._replace(omega_y=draw.omega_y[[0, 0, 0]])),
    "both players share noise": drawn(lambda draw: draw._replace(omega_x=draw.omega_y[0])),
    "one u a batch": drawn(lambda draw: draw._replace(u=draw.u[:, :1])),
    "u from −1 to 1": drawn(lambda draw: draw._replace(u=2 * draw.u - 1)),
    "uniform noise": drawn(lambda draw: draw._replace(omega_y=3**0.5 * scipy.special.erf(draw.omega_y / 2**0.5))),
    "noise 30 % too large": drawn(lambda draw: draw._replace(omega_x=1.3 * draw.omega_x)),
    "Langevin noise of variance 4": drawn(lambda draw: draw._replace(z_x=2 * draw.z_x, z_y=2 * draw.z_y)),
    "real samples 30 % too wide": drawn(lambda draw: draw._replace(real=1.3 * draw.real)),
    "the same at every call": lambda game, rng: gan.random_draw(game, np.random.default_rng(0)),
})


@claim("M27", slide=SLIDE, source="He, Zhang, Ren & Sun 2015")
def players_start_apart_at_random_layers(rng, *, random_players=gan.random_players):
    r"""Vectors of both players: weights N(0, 2/p) layer by layer, biases 0, nothing in common."""
    game = Gan((300, 200, 200, 2), (2, 200, 200, 1))
    x, y = random_players(game, rng)
    weights = []
    for name, vector, widths in (("x", x, game.generator_widths), ("y", y, game.critic_widths)):
        yield equal(f"{name}: number of parameters", np.shape(vector), (number_of_parameters(widths),))
        biases, start = [], 0
        for p, m in pairwise(widths):
            weights.append(vector[start : start + m * p] * np.sqrt(p / 2))
            biases.append(vector[start + m * p : start + m * (p + 1)])
            start += m * (p + 1)
        yield equal(f"{name}: biases", np.concatenate(biases), np.zeros(sum(widths[1:])))
    weights = np.concatenate(weights)
    yield distribution("√(p/2) W", weights, scipy.special.ndtr, delta=0.02)
    quantile = np.log(2 / ALPHA) / weights.size
    bound = 2 * np.sqrt(quantile) + 2 * quantile
    yield equal("p/2 · variance", (weights**2).mean(), 1.0, atol=bound)._replace(alpha=ALPHA)
    yield equal("different weights", len(np.unique(weights)), len(weights))


def critic_is_a_twin(game, rng):
    x, y = gan.random_players(game, rng)
    return Players(x, np.resize(x, y.shape))


players_start_apart_at_random_layers.mutants({
    "the critic starts as the generator's twin": critic_is_a_twin,
    "weights N(0, 1/p)": lambda game, rng: Players(*(one / np.sqrt(2) for one in gan.random_players(game, rng))),
    "weights 2 % too large": lambda game, rng: Players(*(1.02 * one for one in gan.random_players(game, rng))),
    "players exchanged": lambda game, rng: gan.random_players(game, rng)[::-1],
    "random biases": lambda game, rng: Players(
        *(one + 1e-3 * rng.standard_normal(one.shape) for one in gan.random_players(game, rng))
    ),
})
