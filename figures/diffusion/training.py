"""A network learns a score: the error of three losses over the steps, and two moons sampled after joint training."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import tanh
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.diffusion.data_sets import two_moons
from refimpl.diffusion.score_network import random_score_network
from refimpl.diffusion.score_network_losses import Loss, denoising_gradient, implicit_gradient, sliced_gradient
from refimpl.diffusion.score_network_sampler import sample_network
from refimpl.diffusion.sde import vp
from refimpl.diffusion.training import Draw, Training, learner_start, learning_step, train
from refimpl.diffusion.tweedie import mixture_score
from refimpl.sampling.estimators import sliced_w2

SLIDE = "Learning the score"
ROWS = ("D05", "D15", "D16")
CAPTION = (
    "Left: a network 2-32-32-2 learns the score of a mixture of three Gaussians in the plane from samples alone, by "
    "Adam on batches of 256: relative L² error against the exact score (for the denoising loss that of the data under "
    "noise σ = 0.3). The dotted line is the error of the score of a Gaussian fit. Implicit matching uses all of the "
    "Jacobian's trace, sliced matching one random direction, hence its noise. Right: two moons, samples of their "
    "Gaussian fit, and samples of a score network that was trained at all times at once, asked for one moon (dark) or "
    "the other (light), with the sliced W₂ distance to new data."
)
ALT = (
    "Left panel: three curves of relative error over the training steps on a logarithmic axis fall from about 1, below "
    "a dotted line near 0.8, to between 0.1 and 0.2. Three panels of dots on the right: two interleaved half moons; an "
    "elliptic cloud without holes; two half moons again, somewhat wider, one dark and one light."
)
SIZES, SIGMA, BATCH = (2, 32, 32, 2), 0.3, 256
WEIGHTS, MEANS = np.array([0.5, 0.3, 0.2]), np.array([[-1.5, 0.0], [1.5, 0.5], [0.0, 1.8]])
COVARIANCES = np.array([[[0.5, 0.2], [0.2, 0.4]], [[0.3, 0.0], [0.0, 0.6]], [[0.4, -0.1], [-0.1, 0.3]]])
LOSSES: dict[str, tuple[float, Callable[..., Loss]]] = {
    "implicit": (0.0, lambda h, a, v, z: implicit_gradient(h, a)),
    "sliced": (0.0, lambda h, a, v, z: sliced_gradient(h, a, v)),
    "denoising": (SIGMA, lambda h, a, v, z: denoising_gradient(h, a, z, SIGMA)),
}


class Data(NamedTuple):
    """Steps (r,) and errors (3, r) by loss, a Gaussian's error; moons, Gaussian and network samples (3, n, 2), labels
    (n,), and sliced W₂ to new data (3,)."""

    steps: Array
    errors: Array
    gaussian_error: float
    moons: Array
    labels: Array
    distances: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """600 steps (draft) or 3000 for the errors, 1000 or 5000 for the moons."""
    count, points = (30, 1000) if quality == "draft" else (150, 2000)
    steps = 20 * np.arange(1, count + 1)
    errors = np.array([_errors(noise, loss, count, rng) for noise, loss in LOSSES.values()])
    a = _samples(20_000, rng)
    gap = np.linalg.inv(np.cov(a.T))
    gaussian_error = _relative(lambda b: -(b - a.mean(0)) @ gap, a, 0.0)
    known, new = two_moons(4000, rng), two_moons(points, rng)
    h = random_score_network(vp(), (2, 64, 64), rng, 2, 2, tanh)
    h = train(h, known.points, Training(1e-2, 0.99, 20 * count // 3, 5), rng, known.labels).network
    laws = [
        known.points[:points],
        rng.multivariate_normal(known.points.mean(0), np.cov(known.points.T), points),
        sample_network(h, points, 200, rng, new.labels),
    ]
    directions = rng.standard_normal((100, 2))
    distances = np.array([sliced_w2(law, new.points, directions) for law in laws])
    return Data(steps, errors, gaussian_error, np.array(laws), np.array([known.labels[:points], new.labels]), distances)


def _samples(n: int, rng: np.random.Generator) -> Array:
    k = rng.choice(3, size=n, p=WEIGHTS)
    return MEANS[k] + np.einsum("nij,nj->ni", np.linalg.cholesky(COVARIANCES)[k], rng.standard_normal((n, 2)))


def _errors(noise: float, loss: Callable[..., Loss], count: int, rng: np.random.Generator) -> list[float]:
    """The error of the averaged parameters, every 20 steps."""
    test = _samples(4000, rng) + noise * rng.standard_normal((4000, 2))
    state, errors = learner_start(flatten(random_layers(SIZES, rng, 1.0))), []

    def objective(x: Array, *batch: Array) -> Loss:
        return loss(Network(unflatten(x, SIZES), tanh), *batch)

    draw: Draw = lambda rng: (_samples(BATCH, rng), *rng.standard_normal((2, BATCH, 2)))  # noqa: E731
    for k in range(20 * count):
        state, _ = learning_step(objective, state, draw(rng), 2e-2 * (1 - k / (20 * count)), 0.99)
        if (k + 1) % 20 == 0:
            h = Network(unflatten(state.average, SIZES), tanh)
            errors.append(_relative(partial(mlp.forward, h), test, noise))
    return errors


def _relative(model: Callable[[Array], Array], a: Array, noise: float) -> float:
    s = mixture_score(a, WEIGHTS, MEANS, COVARIANCES + noise**2 * np.eye(2))
    return float(np.sqrt(((model(a) - s) ** 2).sum() / (s**2).sum()))


def draw(data: Data) -> Figure:
    """Errors, then three clouds."""
    figure = Figure(figsize=(14, 3.6))
    left, *panels = figure.subplots(1, 4, width_ratios=[1.5, 1, 1, 1])
    for name, errors, style in zip(LOSSES, data.errors, ("-", "--", "-."), strict=True):
        left.semilogy(data.steps, errors, style, label=name)
    left.axhline(data.gaussian_error, color="black", linestyle=":", linewidth=1.2, label="Gaussian fit")
    left.set(xlabel="steps of Adam", ylabel=r"$\|h_x - \nabla\log\pi\| \, / \, \|\nabla\log\pi\|$")
    left.legend()
    labels = (data.labels[0], np.zeros(len(data.labels[0])), data.labels[1])
    for axes, name, a, y, distance in zip(
        panels, ("data", "Gaussian fit", "network, by label"), data.moons, labels, data.distances, strict=True
    ):
        for k, colour in enumerate(("black", "C1")):
            axes.plot(*a[y == k].T, ".", color=colour, markersize=2, rasterized=True)
        axes.set(title=f"{name}\nSW₂ {distance:.3f}", xlabel="$a_1$", xlim=(-2, 2), ylim=(-1.7, 1.7), aspect="equal")
    panels[0].set_ylabel("$a_2$")
    return figure
