"""Wasserstein GANs: slopes of trained critics, resuming, determinism, bad input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.backpropagation.optimizers import adam_start, adam_step
from refimpl.minimax import gan_algorithms, wgan
from refimpl.minimax.gan import Gan, Players, critic_slope, generate, random_draw, random_players
from refimpl.minimax.gan_training import ALGORITHMS, Training, train
from refimpl.minimax.twenty_five_gaussians import mode_counts, quality, sample_gaussians

SMALL = Gan((2, 8, 2), (2, 8, 1), batch=16)


def small(algorithm: str) -> Training:
    return Training(algorithm, 1e-3, 1e-6, inner=2, iterations=4, records=3, gan=SMALL)


def trained_critic(clip: float | None, weight: float) -> tuple[Network, np.ndarray, np.ndarray]:
    """A critic trained on two fixed clouds at distance 1.5, by clipping or by penalty."""
    rng, widths = np.random.default_rng(0), (2, 32, 32, 1)
    real, fake = 0.1 * rng.standard_normal((2, 128, 2)) + [[[1.5, 0.0]], [[0.0, 0.0]]]
    state = adam_start(flatten(random_layers(widths, rng)))
    for _ in range(400):
        u = rng.random((128, 1))
        d = Network(unflatten(state.x, widths), relu)
        g = wgan.critic_gradient(d, real, fake, u * real + (1 - u) * fake, weight)
        state = adam_step(g, state, 3e-3)
        if clip:
            state = state._replace(x=wgan.clip_weights(state.x, clip))
    return Network(unflatten(state.x, widths), relu), real, fake


def steepest(d: Network) -> float:
    """Largest slope of a critic on a grid around the clouds."""
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 2, 101), np.linspace(-0.5, 0.5, 41)), axis=-1)
    return float(np.linalg.norm(mlp.vjp(d, grid, np.ones(1)), axis=-1).max())


def test_a_clipped_critic_is_far_from_slope_one() -> None:
    d, real, fake = trained_critic(clip=0.01, weight=0.0)
    assert steepest(d) < 0.05
    critic = wgan.exact_critic(real, fake)
    assert wgan.objective(lambda a: mlp.forward(d, a), real, fake) < 0.05 * wgan.objective(critic, real, fake)


def test_a_penalised_critic_exceeds_slope_one_and_the_distance() -> None:
    d, real, fake = trained_critic(clip=None, weight=1.0)
    assert 1.2 < steepest(d) < 4
    critic = wgan.exact_critic(real, fake)
    assert wgan.objective(lambda a: mlp.forward(d, a), real, fake) > 1.2 * wgan.objective(critic, real, fake)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_training_resumes_where_it_stopped(algorithm: str, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(records: int) -> None:
        if records == 2:
            raise Stop

    file = tmp_path / "partial.npz"
    whole = train(small(algorithm), np.random.default_rng(1), 50)
    with pytest.raises(Stop):
        train(small(algorithm), np.random.default_rng(1), 50, stop, file)
    seen: list[int] = []
    resumed = train(small(algorithm), np.random.default_rng(1), 50, seen.append, file)
    assert seen == [3]
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.samples.shape == (4, 50, 2)
    assert list(whole.iterations) == [0, 4, 8, 12]
    assert [path.name for path in tmp_path.iterdir()] == ["partial.npz"]
    with pytest.raises(ValueError, match="path must hold partial results of this training"):
        train(small(algorithm), np.random.default_rng(2), 50, path=file)


def test_training_that_diverges_says_where() -> None:
    training = small("sgd")._replace(step=1e3, iterations=40)
    with pytest.raises(DivergedError) as caught:
        train(training, np.random.default_rng(0), 50)
    assert caught.value.step == caught.value.last.iterations[-1]
    assert np.isfinite(caught.value.last.x).all()


def test_a_round_changes_nothing_that_it_is_given() -> None:
    rng = np.random.default_rng(0)
    z, draws = random_players(SMALL, rng), [random_draw(SMALL, rng) for _ in range(2)]
    copies = [z.x.copy(), z.y.copy(), draws[0].real.copy()]
    gan_algorithms.sgd_round(SMALL, z, draws, 0.1)
    for one, copy in zip((z.x, z.y, draws[0].real), copies, strict=True):
        np.testing.assert_array_equal(one, copy)


def test_true_samples_are_of_high_quality() -> None:
    measured = quality(sample_gaussians(10_000, np.random.default_rng(0)), least=100)
    assert measured.modes == 25
    assert measured.share > 0.99


A, B = np.zeros((3, 2)), np.ones((3, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: wgan.objective(3, A, B), TypeError, "d must be callable"),
        (lambda: wgan.objective(np.sum, A, np.ones((3, 3))), ValueError, "fake must have shape"),
        (lambda: wgan.exact_critic(np.empty((0, 2)), B), ValueError, "real must not be empty"),
        (lambda: wgan.wasserstein_line([np.nan], [1.0]), ValueError, "a must be finite"),
        (lambda: wgan.clip_weights([1.0], 0.0), ValueError, "c must be > 0"),
        (lambda: wgan.critic_gradient(network(2, 2), A, B, A, 1.0), ValueError, "d must have one output"),
        (lambda: wgan.critic_gradient(network(2, 1), A, B[:2], A, 1.0), ValueError, "fake must have shape"),
        (lambda: wgan.critic_gradient(network(2, 1), A, B, A, -1.0), ValueError, "weight must be >= 0"),
        (lambda: wgan.critic_gradient(network(3, 1), A, B, A, 1.0), ValueError, "real must have shape"),
        (lambda: wgan.generator_gradient(network(2, 3), network(2, 1), A), ValueError, "d must have 3 inputs"),
        (lambda: wgan.generator_gradient(network(3, 2), network(2, 1), A), ValueError, "omega must have shape"),
        (lambda: mode_counts([1.0, 2.0]), ValueError, "samples must have shape"),
        (lambda: quality(A, least=0), ValueError, "least must be >= 1"),
        (lambda: sample_gaussians(5, None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: train(small("rmsprop"), rng()), ValueError, "training.algorithm must be one of"),
        (lambda: train(small("sgd")._replace(step=0), rng()), ValueError, "training.step must be > 0"),
        (lambda: train(small("mirror_prox")._replace(inner=3), rng()), ValueError, "a multiple of a round's 6"),
        (lambda: train(small("sgd")._replace(gan=SMALL._replace(batch=0)), rng()), ValueError, "batch must be >= 1"),
        (lambda: train(small("sgd"), None), TypeError, "rng must be"),
        (lambda: generate(SMALL._replace(critic_widths=(3, 1)), np.zeros(3), A), ValueError, "critic begin with 2"),
        (lambda: generate(SMALL, np.zeros(3), A), ValueError, "x must have 42 entries"),
        (lambda: gan_algorithms.sgd_round(SMALL, random_players(SMALL, rng()), [], 0.1), TypeError, "draws must be"),
        (lambda: gan_algorithms.sgd_round(SMALL, 3, [], 0.1), TypeError, "z must be Players"),
        (
            lambda: gan_algorithms.mirror_round(SMALL, random_players(SMALL, rng()), [random_draw(SMALL, rng())], 1, 0),
            TypeError,
            "z must be Players of RMSStates, got",
        ),
        (lambda: prox_with_odd_draws(), ValueError, "draws must be of even number"),
        (
            lambda: critic_slope(SMALL, *random_players(SMALL, rng()), random_draw(SMALL, rng()), 9),
            ValueError,
            "k must be < 2",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def network(*widths: int) -> Network:
    return Network(random_layers(widths, rng()), relu)


def prox_with_odd_draws() -> Players:
    z = Players(*map(gan_algorithms.RMSState, random_players(SMALL, rng()), random_players(SMALL, rng())))
    return gan_algorithms.mirror_prox_round(SMALL, z, [random_draw(SMALL, rng())], 1e-3, 0.0)
