"""Gradients of generators and critics: slide "Recall: Wasserstein GANs formulation"."""

from itertools import pairwise

import autograd
import autograd.numpy as np

from refimpl.backpropagation.activations import identity, softplus
from refimpl.backpropagation.layers import Layer, Network, unflatten
from refimpl.minimax import wgan
from verify.backpropagation.mlp import value
from verify.claims import claim, shipped
from verify.evidence import equal, rounding

SLIDE = "Recall: Wasserstein GANs formulation"


@claim("M26", slide=SLIDE, source="Gulrajani et al. 2017; the two points worked out here")
def penalty_lets_slopes_exceed_one(
    rng, *, critic_gradient=wgan.critic_gradient, gradient_penalty=wgan.gradient_penalty
):
    r"""Two points at distance r, critic ⟨ψ, a⟩: the best slope is 1 + r/(2λ) > 1, its penalty (r/2λ)²."""
    for weight in (0.1, 1.0, 10.0):
        e, r, start, n = rng.standard_normal(3), rng.uniform(0.5, 2), rng.standard_normal(3), 5
        e = e / np.linalg.norm(e)
        real, fake = np.tile(start + r * e, (n, 1)), np.tile(start, (n, 1))
        mixed = fake + rng.uniform(0, 1, (n, 1)) * r * e
        what, size = f"λ = {weight}", 1 + r + r / weight
        best, slope = linear_critic((1 + r / (2 * weight)) * e), rng.uniform(0.2, 0.8)
        error = rounding(100, size * (1 + weight))
        measured = critic_gradient(best, real, fake, mixed, weight)
        yield equal(f"{what}: gradient at 1 + r/2λ", measured, np.zeros(4), atol=error)
        measured = gradient_penalty(best, mixed)
        yield equal(f"{what}: penalty there", measured, (r / (2 * weight)) ** 2, atol=rounding(100, size**2))
        measured = critic_gradient(linear_critic(slope * e), real, fake, mixed, weight)
        expected = np.append((-r + 2 * weight * (slope - 1)) * e, 0.0)
        yield equal(f"{what}: gradient at slope {slope:.2g}", measured, expected, atol=error)


def linear_critic(psi):
    """The critic ⟨ψ, a⟩ + 0.7."""
    return Network((Layer(psi[None], np.array([0.7])),), identity)


def one_sided_penalty(d, real, fake, mixed, weight):
    slopes = np.linalg.norm(wgan.vjp(d, mixed, np.ones(1)), axis=-1)
    return wgan.critic_gradient(d, real, fake, mixed, weight if (slopes > 1).any() else 0.0)


penalty_lets_slopes_exceed_one.mutants(
    {
        "one-sided penalty": one_sided_penalty,
        "½ of the penalty": lambda d, real, fake, mixed, weight: wgan.critic_gradient(d, real, fake, mixed, weight / 2),
    },
    replaces="critic_gradient",
)
penalty_lets_slopes_exceed_one.mutants(
    {
        "norm not squared": lambda d, a: np.sqrt(wgan.gradient_penalty(d, a)),
        "norms compared with 0": lambda d, a: np.mean(np.sum(wgan.vjp(d, a, np.ones(1)) ** 2, axis=-1)),
    },
    replaces="gradient_penalty",
)


WIDTHS_X, WIDTHS_Y = (3, 5, 4, 2), (2, 4, 5, 1)


def number_of_parameters(widths):
    """Entries of all weights and biases."""
    return sum(m * (p + 1) for p, m in pairwise(widths))


def penalty(y, mixed, widths=WIDTHS_Y, name="softplus"):
    """Mean square of the slopes less 1, as automatic differentiation reads it (where all ReLUs rest, 0 stays)."""
    squares = np.sum(autograd.grad(lambda a: np.sum(value(y, a, widths, name)))(mixed) ** 2, axis=-1)
    slopes = np.where(squares > 0, np.sqrt(np.where(squares > 0, squares, 1.0)), 0.0)
    return np.mean((slopes - 1) ** 2)


def critic_loss(y, real, fake, mixed, weight, widths=WIDTHS_Y, name="softplus"):
    """What the critic minimises, as automatic differentiation reads it."""
    d = lambda a: value(y, a, widths, name)[:, 0]  # noqa: E731
    return np.mean(d(fake)) - np.mean(d(real)) + weight * penalty(y, mixed, widths, name)


def generator_loss(x, y, omega, widths=(WIDTHS_X, WIDTHS_Y), name="softplus"):
    """What the generator minimises."""
    return -np.mean(value(y, value(x, omega, widths[0], name), widths[1], name))


@claim("M26", slide=SLIDE, source="eq. (1) of the slide; Gulrajani et al. 2017, Algorithm 1")
def players_descend_their_losses(
    rng,
    *,
    critic_gradient=wgan.critic_gradient,
    generator_gradient=wgan.generator_gradient,
    gradient_penalty=wgan.gradient_penalty,
):
    r"""The hand-written gradients of both players are those of automatic differentiation, the penalty's included."""
    x, y = (0.7 * rng.standard_normal(number_of_parameters(w)) for w in (WIDTHS_X, WIDTHS_Y))
    h, d = Network(unflatten(x, WIDTHS_X), softplus), Network(unflatten(y, WIDTHS_Y), softplus)
    real, fake, mixed = rng.standard_normal((3, 9, 2))
    for weight in (0.0, 0.3, 10.0):
        expected = autograd.grad(critic_loss)(y, real, fake, mixed, weight)
        measured = critic_gradient(d, real, fake, mixed, weight)
        yield equal(f"critic, λ = {weight}", measured, expected, atol=rounding(1e5, 1 + weight))
    yield equal("penalty", gradient_penalty(d, mixed), penalty(y, mixed), atol=rounding(1e5))
    flat = Network((*d.layers[:-1], Layer(0 * d.layers[-1].W, d.layers[-1].b)), softplus)
    expected = critic_gradient(flat, real, fake, mixed, 0.0)
    yield equal("critic whose slopes are 0, λ = 10", critic_gradient(flat, real, fake, mixed, 10.0), expected)
    omega = rng.standard_normal((9, 3))
    for noise in (omega, omega[:1]):
        expected = autograd.grad(generator_loss)(x, y, noise)
        measured = generator_gradient(h, d, noise)
        yield equal(f"generator, n = {len(noise)}", measured, expected, atol=rounding(1e5))


def not_a_number_at_slope_zero(d, real, fake, mixed, weight):
    g = np.linalg.norm(wgan.vjp(d, mixed, np.ones(1)), axis=-1)
    return wgan.critic_gradient(d, real, fake, mixed, weight) + (np.nan if weight and (g == 0).any() else 0.0)


def penalty_without_second_derivatives(d, real, fake, mixed, weight):
    flat = d._replace(activation=d.activation._replace(curvature=lambda u: 0 * u))
    return wgan.critic_gradient(flat, real, fake, mixed, weight)


def critics_biases_ignored(h, d, omega):
    layers = tuple(Layer(W, 0 * b) for W, b in d.layers)
    return wgan.generator_gradient(h, d._replace(layers=layers), omega)


players_descend_their_losses.mutants(
    {
        "square of the mean slope less 1": lambda d, a: (
            (np.linalg.norm(wgan.vjp(d, a, np.ones(1)), axis=-1).mean() - 1) ** 2
        ),
        "slope of the mean gradient": lambda d, a: (np.linalg.norm(wgan.vjp(d, a, np.ones(1)).mean(0)) - 1) ** 2,
        "one-sided penalty": lambda d, a: np.mean(
            np.maximum(np.linalg.norm(wgan.vjp(d, a, np.ones(1)), axis=-1) - 1, 0) ** 2
        ),
        "norms over the batch, of each coordinate": shipped(
            lambda d, a: np.mean((np.linalg.norm(wgan.vjp(d, a, np.ones(1)), axis=0) - 1) ** 2),
            project="wgan-gp",
            thread="#25",
        ),
        "norms of single coordinates": shipped(
            lambda d, a: np.mean((np.abs(wgan.vjp(d, a, np.ones(1))) - 1) ** 2),
            project="PyTorch-GAN",
            thread="#20",
        ),
        "1 % too large": lambda d, a: 1.01 * wgan.gradient_penalty(d, a),
        "half of the points": lambda d, a: wgan.gradient_penalty(d, a[: len(a) // 2]),
    },
    replaces="gradient_penalty",
)
players_descend_their_losses.mutants(
    {
        "0/0 where a slope is 0": not_a_number_at_slope_zero,
        "the critic descends on Φ": lambda d, real, fake, mixed, weight: wgan.critic_gradient(
            d, fake, real, mixed, weight
        ),
        "λ 1 % too large": lambda d, real, fake, mixed, weight: wgan.critic_gradient(
            d, real, fake, mixed, 1.01 * weight
        ),
        "penalty at the real points": lambda d, real, fake, mixed, weight: wgan.critic_gradient(
            d, real, fake, real, weight
        ),
        "penalty without second derivatives": penalty_without_second_derivatives,
        "sums in place of means": lambda d, real, fake, mixed, weight: (
            len(real) * wgan.critic_gradient(d, real, fake, mixed, weight)
        ),
    },
    replaces="critic_gradient",
)
players_descend_their_losses.mutants(
    {
        "the generator ascends": lambda h, d, omega: -wgan.generator_gradient(h, d, omega),
        "gradient 1 % too small": lambda h, d, omega: 0.99 * wgan.generator_gradient(h, d, omega),
        "the critic's biases ignored": critics_biases_ignored,
    },
    replaces="generator_gradient",
)
