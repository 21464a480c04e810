"""Losses that networks are trained by: values and gradients by hand against automatic differentiation."""

from collections.abc import Callable
from itertools import pairwise

import autograd
import autograd.numpy as np

from refimpl import activations, layers
from refimpl.diffusion import network_losses, score_matching, sde
from refimpl.diffusion.network import ScoreNetwork
from refimpl.diffusion.network_losses import Loss
from refimpl.layers import Layer, Network, flatten, unflatten
from verify.claims import claim
from verify.diffusion import network as scores
from verify.diffusion.network import difference, tolerance
from verify.evidence import equal, rounding
from verify.minimax.mlp import value

SLIDE, JOINT = "Learning the score", "Joint training of the score network"


def models(rng):
    """Networks from the space to itself, with parameters x, sizes and points."""
    for activation in (activations.tanh, activations.silu, activations.softplus):
        p = int(rng.integers(2, 5))
        sizes = [p, *map(int, rng.integers(3, 7, 2)), p]
        x = 0.7 * rng.standard_normal(sum(m * (q + 1) for q, m in pairwise(sizes)))
        yield Network(unflatten(x, sizes), activation), x, sizes, rng.standard_normal((8, p))


def evidence(what, measured, loss, x, rng):
    """A value and a gradient against a loss as automatic differentiation reads it, and along a direction."""
    gradient, u = autograd.grad(loss)(x), rng.standard_normal(x.shape)
    yield equal(f"{what}: value", measured.value, loss(x), atol=tolerance(loss(x)))
    yield equal(f"{what}: gradient", measured.gradient, gradient, atol=tolerance(gradient))
    u /= np.linalg.norm(u)
    slope = difference(lambda s: loss(x + s * u))
    yield equal(f"{what}: along a direction", measured.gradient @ u, slope, atol=1e-5 * (1 + np.abs(gradient).max()))


@claim("D05", slide=SLIDE, source="chain rule; Drucker & LeCun 1992")
def three_losses_of_networks_and_their_gradients(
    rng,
    *,
    implicit_gradient=network_losses.implicit_gradient,
    sliced_gradient=network_losses.sliced_gradient,
    denoising_gradient=network_losses.denoising_gradient,
):
    r"""Implicit, sliced and denoising loss of a network, with gradients that differentiate its trace and slices."""
    for h, x, sizes, a in models(rng):
        name, (v, z), sigma = h.activation.name, rng.standard_normal((2, *a.shape)), rng.uniform(0.2, 2)

        def model(x, a):
            return value(x, a, sizes, h.activation.name)  # noqa: B023

        def slopes(x, v):
            """∇h v, entry by entry."""
            J = [autograd.elementwise_grad(lambda a: model(x, a)[:, i])(a) for i in range(sizes[0])]  # noqa: B023
            return np.stack([np.sum(row * v, axis=1) for row in J], axis=1)

        def implicit(x):
            trace = sum(slopes(x, e)[:, i] for i, e in enumerate(np.eye(sizes[0])))  # noqa: B023
            return np.mean(np.sum(model(x, a) ** 2, axis=1) / 2 + trace)  # noqa: B023

        def sliced(x):
            along = np.sum(v * model(x, a), axis=1)  # noqa: B023
            return np.mean(np.sum(v * slopes(x, v), axis=1) + along**2 / 2)  # noqa: B023

        def denoising(x):
            return np.mean(np.sum((model(x, a + sigma * z) + z / sigma) ** 2, axis=1)) / 2  # noqa: B023

        yield from evidence(f"{name}: implicit", implicit_gradient(h, a), implicit, x, rng)
        yield from evidence(f"{name}: sliced", sliced_gradient(h, a, v), sliced, x, rng)
        yield from evidence(f"{name}: denoising", denoising_gradient(h, a, z, sigma), denoising, x, rng)


def squares(h, a, scale):
    """Loss ½ scale E‖h‖² and its gradient, from the denoising loss without noise in its target."""
    tiny = 1e-9
    good = network_losses.denoising_gradient(h, a, 0 * a, tiny)
    return Loss(scale * good.value, scale * good.gradient)


def plus(loss, other):
    """Sum of two losses."""
    return Loss(loss.value + other.value, loss.gradient + other.gradient)


IMPLICIT_MUTANTS: dict[str, Callable] = {
    "‖h‖² without ½": lambda h, a: plus(network_losses.implicit_gradient(h, a), squares(h, a, 1.0)),
    "trace 1 % too large": lambda h, a: scaled(
        plus(network_losses.implicit_gradient(h, a), squares(h, a, -0.01 / 1.01)), 1.01
    ),
    "sum over the batch": lambda h, a: scaled(network_losses.implicit_gradient(h, a), len(a)),
    "trace subtracted": lambda h, a: plus(scaled(network_losses.implicit_gradient(h, a), -1.0), squares(h, a, 2.0)),
    "trace not differentiated": lambda h, a: Loss(
        network_losses.implicit_gradient(h, a).value, squares(h, a, 1.0).gradient
    ),
    "h not differentiated": lambda h, a: Loss(
        network_losses.implicit_gradient(h, a).value,
        network_losses.implicit_gradient(h, a).gradient - squares(h, a, 1.0).gradient,
    ),
}
for text, wrong in IMPLICIT_MUTANTS.items():
    three_losses_of_networks_and_their_gradients.mutant(text, replaces="implicit_gradient")(wrong)


@three_losses_of_networks_and_their_gradients.mutant(
    "trace divided by the dimension",
    replaces="implicit_gradient",
    shipped="torchebm 0.8.9, approximate score matching",
)
def _(h, a):
    half = squares(h, a, 1.0)
    trace = plus(network_losses.implicit_gradient(h, a), scaled(half, -1.0))
    return plus(scaled(trace, 1 / a.shape[1]), half)


def scaled(loss, factor):
    """A loss times a number."""
    return Loss(factor * loss.value, factor * loss.gradient)


SLICED_MUTANTS: dict[str, Callable] = {
    "unit directions": lambda h, a, v: network_losses.sliced_gradient(h, a, v / np.linalg.norm(v, axis=1)[:, None]),
    "‖h‖² for (vᵀh)²": lambda h, a, v: plus(
        plus(network_losses.sliced_gradient(h, a, v), squares(h, a, 1.0)), along_squares(h, a, v, -1.0)
    ),
    "no ½": lambda h, a, v: plus(network_losses.sliced_gradient(h, a, v), along_squares(h, a, v, 1.0)),
    "the same direction for all": lambda h, a, v: network_losses.sliced_gradient(h, a, v[:1] + 0 * v),
}
for text, wrong in SLICED_MUTANTS.items():
    three_losses_of_networks_and_their_gradients.mutant(text, replaces="sliced_gradient")(wrong)


def along_squares(h, a, v, scale):
    """Loss ½ scale E(vᵀh)² and its gradient: what is quadratic in v, the slope's part, taken from twice v."""
    once, twice = network_losses.sliced_gradient(h, a, v), network_losses.sliced_gradient(twofold(h), a, v)
    return scaled(plus(twice, scaled(once, -2.0)), scale / 2)


def twofold(h):
    """The network 2h, as one of as many parameters."""
    *first, (W, b) = h.layers
    return Network((*first, Layer(2 * W, 2 * b)), h.activation)


DENOISING_MUTANTS: dict[str, Callable] = {
    "target −z": lambda h, a, z, sigma: network_losses.denoising_gradient(h, a + (sigma - 1) * z, z, 1.0),
    "target +z/σ": lambda h, a, z, sigma: network_losses.denoising_gradient(h, a + 2 * sigma * z, -z, sigma),
    "no ½": lambda h, a, z, sigma: scaled(network_losses.denoising_gradient(h, a, z, sigma), 2.0),
    "weighted by σ²": lambda h, a, z, sigma: scaled(network_losses.denoising_gradient(h, a, z, sigma), sigma**2),
    "clean points": lambda h, a, z, sigma: network_losses.denoising_gradient(h, a - sigma * z, z, sigma),
    "mean over coordinates": lambda h, a, z, sigma: scaled(
        network_losses.denoising_gradient(h, a, z, sigma), 1 / a.shape[1]
    ),
}
for text, wrong in DENOISING_MUTANTS.items():
    shipped = {"target +z/σ": "torchebm ≤ 0.8.8, denoising score matching"}.get(text, "")
    three_losses_of_networks_and_their_gradients.mutant(text, replaces="denoising_gradient", shipped=shipped)(wrong)


@claim("D15", slide=JOINT, source="chain rule")
def joint_loss_and_its_gradient(rng, *, joint_gradient=network_losses.joint_gradient):
    r"""E λ(t)‖h_x(a_t, t) + z/std‖², a_t = scale a + std z, λ = std² unless given; ∇ₓ of it exact, labels included."""
    for h, x, sizes, a, t, y, scale, std in scores.instances(rng):
        z, weight = rng.standard_normal(a.shape), rng.uniform(0.1, 2, t.shape)

        def loss(x, weight):
            noisy = scale * a + std * z  # noqa: B023
            error = scores.value(h, x, sizes, noisy, t, y, scale, std) + z / std  # noqa: B023
            return np.mean(np.sum(weight * error**2, axis=1))

        name = h.sde.name
        weighted = joint_gradient(h, a, t, z, y, weight)
        yield from evidence(f"{name}: λ given", weighted, lambda x: loss(x, weight), x, rng)  # noqa: B023
        measured = joint_gradient(h, a, t, z, y)
        yield from evidence(f"{name}: λ = std²", measured, lambda x: loss(x, std**2), x, rng)  # noqa: B023


def of_kernel(scale=lambda scale, std: scale, std=lambda scale, std: std):
    """The joint loss with another kernel for the points, the targets and the weights than for the network."""

    def wrong(h, a, t, z, y=None, weight=None):
        s, d = h.sde.kernel(t)
        return network_losses.joint_gradient(h, scale(s, d) / s * a + (std(s, d) / d - 1) * d / s * z, t, z, y, weight)

    return wrong


def weights(change):
    """The joint loss with other weights: a function of λ, given or not, and of the kernel."""

    def wrong(h, a, t, z, y=None, weight=None):
        scale, std = h.sde.kernel(t)
        return network_losses.joint_gradient(h, a, t, z, y, change(weight, scale, std))

    return wrong


JOINT_LOSS_MUTANTS: dict[str, Callable] = {
    "points not scaled": of_kernel(scale=lambda scale, std: 1.0),
    "noise std²": of_kernel(std=lambda scale, std: std**2),
    "noise 1 % too large": of_kernel(std=lambda scale, std: 1.01 * std),
    "λ = 1 unless given": weights(lambda w, scale, std: 1.0 + 0 * std if w is None else w),
    "λ = std unless given": weights(lambda w, scale, std: std if w is None else w),
    "λ given, and std² too": weights(lambda w, scale, std: w if w is None else w * std**2),
    "√λ": weights(lambda w, scale, std: np.sqrt(std**2 if w is None else w)),
    "the given λ left out": weights(lambda w, scale, std: None),
    "labels left out": lambda h, a, t, z, y=None, w=None: network_losses.joint_gradient(h, a, t, z, None, w),
    "½ as in denoising score matching": lambda *args: scaled(network_losses.joint_gradient(*args), 0.5),
    "mean over coordinates": lambda h, a, t, z, y=None, w=None: scaled(
        network_losses.joint_gradient(h, a, t, z, y, w), 1 / a.shape[1]
    ),
    "target +z/std": lambda h, a, t, z, y=None, w=None: network_losses.joint_gradient(
        h, a + 2 * np.divide(*h.sde.kernel(t)[::-1]) * z, t, -z, y, w
    ),
}
for text, wrong in JOINT_LOSS_MUTANTS.items():
    joint_loss_and_its_gradient.mutant(text)(wrong)


def moments(p):
    """Points whose moments up to the third are those of N(0, I) in p dimensions."""
    e = np.sqrt(p) * np.eye(p)
    return np.concatenate([e, -e])


def linear_network(sde_, p, t, slope):
    """A score network that is h(a, t) = slope·a at the time t: its perceptron has one layer."""
    scale, std = sde_.kernel(t)
    c2 = scale**2 + std**2
    W = np.concatenate([(slope + 1 / c2) * c2 * std / scale * np.eye(p), np.zeros((p, 1))], axis=1)
    return ScoreNetwork(Network((Layer(W, np.zeros(p)),), activations.identity), sde_)


@claim("D15", slide=JOINT, source="Gaussian integrals; Vincent 2011")
def joint_training_is_denoising_at_every_time(rng, *, joint_gradient=network_losses.joint_gradient):
    r"""The joint loss is 2∫λ(t)·(denoising loss at std(t)) dt; λ = std² gives targets of variance 1.

    For data N(0, vI) and h = s·a it is least at s = −1/(scale²v + std²), where it is λp(1/std² − 1/(scale²v + std²)).
    One s for all times of a set is best at −Σλ/Σλ(scale²v + std²): that depends on λ.
    """
    p, v = int(rng.integers(2, 5)), rng.uniform(0.3, 3)
    unit = moments(p)
    n = len(unit)
    a, z = np.sqrt(v) * np.repeat(unit, n, axis=0), np.tile(unit, (n, 1))
    for process in (sde.vp(), sde.ve(), sde.sub_vp()):
        times, name = rng.uniform(0.1, 0.9, 4), process.name
        scale, std = (np.array(part) for part in zip(*map(process.kernel, times), strict=True))
        total, lam = scale**2 * v + std**2, rng.uniform(0.5, 2, 4)
        best = -1 / total

        def loss(k, slope, weight=None, process=process, times=times):
            t = np.full((n * n, 1), times[k])
            return joint_gradient(linear_network(process, p, times[k], slope), a, t, z, None, weight)

        zero = np.array([loss(k, 0.0).value for k in range(4)])
        yield equal(f"{name}: variance of the targets, λ = std²", zero / p, np.ones(4), atol=rounding(1e4))
        ones = np.ones((n * n, 1))
        zero = np.array([loss(k, 0.0, lam[k] * ones).value for k in range(4)])
        yield equal(f"{name}: λ given, h = 0", zero, lam * p / std**2, rtol=rounding(1e4))
        least = np.array([loss(k, best[k]).value for k in range(4)])
        yield equal(f"{name}: least loss", least, std**2 * p * (1 / std**2 - 1 / total), atol=rounding(1e5, p))
        slopes = np.array([np.abs(loss(k, best[k]).gradient[: p * (p + 1)]).max() for k in range(4)])
        yield equal(f"{name}: gradient there", slopes, 0.0, atol=rounding(1e5, 1 + total.max()))
        up, down = (np.array([loss(k, best[k] + s).value for k in range(4)]) for s in (0.1, -0.1))
        yield equal(f"{name}: curvature", up + down - 2 * least, 0.02 * std**2 * p * total, rtol=1e-6, atol=1e-9)
        many = scores_at_many_times(process, times, p)
        t = np.repeat(times, n * n)[:, None]
        rows = [np.tile(part, (4, 1)) for part in (a, z)]
        joint = joint_gradient(many, rows[0], t, rows[1], None, None).value
        parts = [
            2 * sd**2 * score_matching.denoising_loss(lambda b, t=t: scores_of(many, b, t), s * a, z, sd)  # noqa: B023
            for t, s, sd in zip(times, scale, std, strict=True)
        ]
        yield equal(f"{name}: 2 Σ λ(t)·denoising loss", joint, np.mean(parts), rtol=rounding(1e5))


def scores_at_many_times(process, times, p):
    """A nonlinear score network."""
    rng = np.random.default_rng(len(times))
    sizes = (p + 1, 5, p)
    x = rng.standard_normal(sum(m * (q + 1) for q, m in pairwise(sizes)))
    return ScoreNetwork(Network(unflatten(x, sizes), activations.tanh), process)


def scores_of(h, a, t):
    """The network's score by sums written out."""
    rows = a.reshape(-1, a.shape[-1])
    column = np.full((len(rows), 1), t)
    scale, std = (np.full((len(rows), 1), part) for part in h.sde.kernel(t))
    x, sizes = flatten(h.F.layers), layers.sizes_of(h.F.layers)
    y = np.full(len(rows), -1)
    return scores.value(h, x, sizes, rows, column, y, scale, std).reshape(a.shape)


JOINT_TRAINING_MUTANTS: dict[str, Callable] = {
    "points not scaled": of_kernel(scale=lambda scale, std: 1.0),
    "λ = 1 unless given": weights(lambda w, scale, std: 1.0 + 0 * std if w is None else w),
    "λ = std unless given": weights(lambda w, scale, std: std if w is None else w),
    "½ as in denoising score matching": lambda *args: scaled(network_losses.joint_gradient(*args), 0.5),
    "the noise's std for the total": of_kernel(std=lambda scale, std: np.sqrt(scale**2 + std**2)),
    "mean over coordinates": lambda h, a, t, z, y=None, w=None: scaled(
        network_losses.joint_gradient(h, a, t, z, y, w), 1 / a.shape[1]
    ),
}
for text, wrong in JOINT_TRAINING_MUTANTS.items():
    joint_training_is_denoising_at_every_time.mutant(text)(wrong)
