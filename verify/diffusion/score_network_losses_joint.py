"""The loss over all times at once: value and gradient by hand, and what it is for linear networks on Gaussians."""

from itertools import pairwise

import autograd.numpy as np

from refimpl.backpropagation import activations, layers
from refimpl.backpropagation.layers import Layer, Network, flatten, unflatten
from refimpl.diffusion import score_matching, score_network_losses, sde
from refimpl.diffusion.score_network import ScoreNetwork
from verify.claims import claim
from verify.diffusion import score_network as scores
from verify.diffusion.score_network import SLIDE
from verify.diffusion.score_network_losses import evidence, scaled
from verify.evidence import equal, rounding


@claim("D15", slide=SLIDE, source="chain rule")
def joint_loss_and_its_gradient(rng, *, joint_gradient=score_network_losses.joint_gradient):
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
        return score_network_losses.joint_gradient(
            h, scale(s, d) / s * a + (std(s, d) / d - 1) * d / s * z, t, z, y, weight
        )

    return wrong


def weights(change):
    """The joint loss with other weights: a function of λ, given or not, and of the kernel."""

    def wrong(h, a, t, z, y=None, weight=None):
        scale, std = h.sde.kernel(t)
        return score_network_losses.joint_gradient(h, a, t, z, y, change(weight, scale, std))

    return wrong


joint_loss_and_its_gradient.mutants({
    "points not scaled": of_kernel(scale=lambda scale, std: 1.0),
    "noise std²": of_kernel(std=lambda scale, std: std**2),
    "noise 1 % too large": of_kernel(std=lambda scale, std: 1.01 * std),
    "λ = 1 unless given": weights(lambda w, scale, std: 1.0 + 0 * std if w is None else w),
    "λ = std unless given": weights(lambda w, scale, std: std if w is None else w),
    "λ given, and std² too": weights(lambda w, scale, std: w if w is None else w * std**2),
    "√λ": weights(lambda w, scale, std: np.sqrt(std**2 if w is None else w)),
    "the given λ left out": weights(lambda w, scale, std: None),
    "labels left out": lambda h, a, t, z, y=None, w=None: score_network_losses.joint_gradient(h, a, t, z, None, w),
    "½ as in denoising score matching": lambda *args: scaled(score_network_losses.joint_gradient(*args), 0.5),
    "mean over coordinates": lambda h, a, t, z, y=None, w=None: scaled(
        score_network_losses.joint_gradient(h, a, t, z, y, w), 1 / a.shape[1]
    ),
    "target +z/std": lambda h, a, t, z, y=None, w=None: score_network_losses.joint_gradient(
        h, a + 2 * np.divide(*h.sde.kernel(t)[::-1]) * z, t, -z, y, w
    ),
})


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


PROCESSES = sde.vp(), sde.ve(), sde.sub_vp()


def samples_and_noise(rng):
    """Points of N(0, vI) with noise, all pairs, whose moments up to the third are exact; and v."""
    p, v = int(rng.integers(2, 5)), rng.uniform(0.3, 3)
    unit = moments(p)
    return np.sqrt(v) * np.repeat(unit, len(unit), axis=0), np.tile(unit, (len(unit), 1)), v


@claim("D15", slide=SLIDE, source="Gaussian integrals; Vincent 2011")
def joint_losses_of_linear_networks_are_those_of_gaussians(rng, *, joint_gradient=score_network_losses.joint_gradient):
    r"""λ = std² gives targets of variance 1; on N(0, vI) h = s·a is best at s = −1/(scale²v + std²).

    The loss is λp(1/std² − 1/(scale²v + std²)) there, and grows from there like λp(scale²v + std²)(δs)².
    """
    a, z, v = samples_and_noise(rng)
    n, p = a.shape
    for process in PROCESSES:
        times, name = rng.uniform(0.1, 0.9, 4), process.name
        scale, std = (np.array(part) for part in zip(*map(process.kernel, times), strict=True))
        total, lam = scale**2 * v + std**2, rng.uniform(0.5, 2, 4)

        def losses(slopes, weights=(None,) * 4, process=process, times=times):
            at = zip(times, slopes, weights, strict=True)
            return [
                joint_gradient(linear_network(process, p, t, s), a, np.full((n, 1), t), z, None, weight)
                for t, s, weight in at
            ]

        def values(slopes, *weights, losses=losses):
            return np.array([loss.value for loss in losses(slopes, *weights)])

        best, zero = -1 / total, np.zeros(4)
        yield equal(f"{name}: variance of the targets, λ = std²", values(zero) / p, np.ones(4), atol=rounding(1e4))
        given = values(zero, lam[:, None, None] * np.ones((n, 1)))
        yield equal(f"{name}: λ given, h = 0", given, lam * p / std**2, rtol=rounding(1e4))
        least = values(best)
        yield equal(f"{name}: least loss", least, std**2 * p * (1 / std**2 - 1 / total), atol=rounding(1e5, p))
        slopes = [np.abs(loss.gradient[: p * (p + 1)]).max() for loss in losses(best)]
        yield equal(f"{name}: gradient there", slopes, 0.0, atol=rounding(1e5, 1 + total.max()))
        bend = values(best + 0.1) + values(best - 0.1) - 2 * least
        yield equal(f"{name}: curvature", bend, 0.02 * std**2 * p * total, rtol=1e-6, atol=1e-9)


@claim("D15", slide=SLIDE, source="Vincent 2011")
def joint_training_is_denoising_at_every_time(rng, *, joint_gradient=score_network_losses.joint_gradient):
    r"""The joint loss over several times is the mean of 2λ(t)·(denoising loss at std(t)) over them, λ = std²."""
    a, z, _ = samples_and_noise(rng)
    n, p = a.shape
    for process in PROCESSES:
        times = rng.uniform(0.1, 0.9, 4)
        h = scores_at_many_times(process, times, p)
        t = np.repeat(times, n)[:, None]
        joint = joint_gradient(h, np.tile(a, (4, 1)), t, np.tile(z, (4, 1)), None, None).value
        parts = []
        for t in times:
            scale, std = process.kernel(t)
            loss = score_matching.denoising_loss(lambda b, h=h, t=t: scores_of(h, b, t), scale * a, z, std)
            parts.append(2 * std**2 * loss)
        yield equal(f"{process.name}: 2 Σ λ(t)·denoising loss", joint, np.mean(parts), rtol=rounding(1e5))


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


joint_losses_of_linear_networks_are_those_of_gaussians.mutants({
    "points not scaled": of_kernel(scale=lambda scale, std: 1.0),
    "λ = 1 unless given": weights(lambda w, scale, std: 1.0 + 0 * std if w is None else w),
    "λ = std unless given": weights(lambda w, scale, std: std if w is None else w),
    "mean over coordinates": lambda h, a, t, z, y=None, w=None: scaled(
        score_network_losses.joint_gradient(h, a, t, z, y, w), 1 / a.shape[1]
    ),
})
joint_training_is_denoising_at_every_time.mutants({
    "½ as in denoising score matching": lambda *args: scaled(score_network_losses.joint_gradient(*args), 0.5),
    "the noise's std for the total": of_kernel(std=lambda scale, std: np.sqrt(scale**2 + std**2)),
})
