"""Training: resuming, threads, divergence, labels, bad input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import score_network, training
from refimpl.diffusion.data_sets import two_moons
from refimpl.diffusion.score_network import ScoreNetwork, random_score_network
from refimpl.diffusion.score_network_losses import Loss
from refimpl.diffusion.sde import vp
from refimpl.diffusion.training import Training
from refimpl.files import checkpoints

MOONS = two_moons(400, np.random.default_rng(0))

SHORT = Training(1e-2, 0.9, iterations=4, records=3)


def small(hidden: int = 8, seed: int = 0) -> ScoreNetwork:
    return random_score_network(vp(), (2, hidden, hidden), np.random.default_rng(seed), 1, 2)


def run(path: Path | None = None, progress: Callable | None = None, seed: int = 1, **options) -> training.Trained:
    settings = {"batch": 300, "y": MOONS.labels} | options
    rng = np.random.default_rng(seed)
    return training.train(small(), MOONS.points, SHORT, rng, path=path, progress=progress, **settings)


class Stop(Exception):
    pass


def stop(records: int, loss: float) -> None:
    if records == 2:
        raise Stop


def test_training_resumes_where_it_stopped(tmp_path: Path) -> None:
    file, whole, seen = tmp_path / "partial.npz", run(), []
    with pytest.raises(Stop):
        run(file, stop)
    resumed = run(file, lambda records, loss: seen.append(records))
    assert seen == [3]
    for one, other in zip(whole.history, resumed.history, strict=True):
        np.testing.assert_array_equal(one, other)
    assert list(whole.history.steps) == [4, 8, 12]
    assert [one.name for one in tmp_path.iterdir()] == ["partial.npz"]


def test_batches_follow_from_the_generators_state() -> None:
    g = np.random.default_rng(0)
    state = g.bit_generator.state

    def losses() -> np.ndarray:
        return training.train(small(), MOONS.points, SHORT, g, batch=300).history.losses

    first, second = losses(), losses()
    assert not np.array_equal(first, second)
    g.bit_generator.state = state
    np.testing.assert_array_equal(losses(), first)
    np.testing.assert_array_equal(losses(), second)


@pytest.mark.parametrize("options", [{"seed": 2}, {"batch": 299}, {"y": None}, {"drop": 0.9}, {"weight": np.sqrt}])
def test_partial_results_of_another_training_are_refused(tmp_path: Path, options: dict) -> None:
    file = tmp_path / "partial.npz"
    run(file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="path must hold partial results of this training"):
        run(file, **options)
    assert file.read_bytes() == before


def test_a_truncated_file_of_partial_results_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "partial.npz"
    run(file)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match="path must hold partial results, got a damaged file"):
        run(file)
    assert len(file.read_bytes()) == 1000


def test_threads_change_nothing() -> None:
    for one, other in zip(run(threads=1, batch=700).history, run(threads=3, batch=700).history, strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_that_diverges_keeps_the_last_record_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "partial.npz"

    def objective(x: np.ndarray, a: np.ndarray) -> Loss:
        return Loss(np.nan if x[0] < -0.45 else 0.0, np.ones(2))

    settings = Training(0.1, 0.9, iterations=4, records=3)
    with pytest.raises(DivergedError, match="after step 6") as caught:
        training.learn(objective, lambda rng: [np.zeros(1)], [0.0, 0.0], settings, np.random.default_rng(0), path=file)
    assert caught.value.step == 6
    assert list(caught.value.last.steps) == [4]
    np.testing.assert_array_equal(checkpoints.load(file)[2], caught.value.last.x)


def test_training_changes_nothing_that_it_is_given() -> None:
    h, points = small(), MOONS.points.copy()
    before = score_network.parameters(h)
    training.train(h, points, SHORT, np.random.default_rng(0), MOONS.labels)
    np.testing.assert_array_equal(points, MOONS.points)
    np.testing.assert_array_equal(score_network.parameters(h), before)


def test_labels_are_looked_through_before_training() -> None:
    y, seen = np.where(np.arange(400) == 7, 2, MOONS.labels), []
    with pytest.raises(ValueError, match="y must be >= -1 and < 2, the number of classes, got 2"):
        run(None, lambda records, loss: seen.append(records), y=y, batch=1)
    assert not seen


def test_labels_are_dropped_at_their_rate() -> None:
    draw = training.joint_draw(MOONS.points, 20_000, MOONS.labels, 0.25, 1e-3)
    a, t, z, y = draw(np.random.default_rng(0))
    assert (a.shape, t.shape, z.shape, y.shape) == ((20_000, 2), (20_000, 1), (20_000, 2), (20_000,))
    assert 0.2 < (y == -1).mean() < 0.3
    assert t.min() >= 1e-3
    label = {tuple(point): one for point, one in zip(MOONS.points, MOONS.labels, strict=True)}
    kept = y >= 0
    assert [label[tuple(point)] for point in a[kept]] == list(y[kept])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def train(**options: object) -> object:
    given = {"h": small(), "data": MOONS.points, "training": SHORT, "rng": rng()} | options
    return training.train(**given)  # type: ignore[arg-type]


P = MOONS.points


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: train(rng=None), TypeError, "rng must be"),
        (lambda: train(data=np.zeros((5, 3))), ValueError, "data must have shape"),
        (lambda: train(training=SHORT._replace(step=0.0)), ValueError, "training.step must be > 0"),
        (lambda: train(training=SHORT._replace(decay=1.0)), ValueError, "training.decay must be >= 0 and < 1"),
        (lambda: train(training=SHORT._replace(records=0)), ValueError, "training.records must be >= 1"),
        (lambda: train(training={}), TypeError, "training must be a Training"),
        (lambda: train(y=[0, 1]), ValueError, "y must have a label for each of the 400"),
        (lambda: train(y=MOONS.labels + 1), ValueError, "y must be >= -1 and < 2"),
        (lambda: train(y=MOONS.labels / 2), TypeError, "y must hold integers"),
        (lambda: train(weight=lambda t: t[:, 0]), ValueError, "weight must return shape"),
        (lambda: train(t_min=0.0), ValueError, "t_min must be > 0"),
        (lambda: train(drop=2), ValueError, "drop must be >= 0 and <= 1"),
        (lambda: train(path=3), TypeError, "path must be a path"),
        (lambda: train(threads=0), ValueError, "threads must be >= 1"),
        (
            lambda: training.learn(lambda x, a, b: Loss(0.0, x), lambda rng: [P, P[:3]], [0.0], SHORT, rng()),
            ValueError,
            "draw.rng. must be arrays of one length",
        ),
        (
            lambda: training.learn(lambda x, a: Loss(0.0, x), lambda rng: None, [0.0], SHORT, rng()),
            TypeError,
            "draw.rng. must be a sequence of arrays, got None",
        ),
        (
            lambda: training.learn(lambda x, a: 0.0, lambda rng: [P], [0.0], SHORT, rng()),
            TypeError,
            "objective must return a Loss",
        ),
        (
            lambda: training.learn(lambda x, a: Loss(0.0, a), lambda rng: [P], [0.0], SHORT, rng()),
            TypeError,
            "objective must return a Loss with a gradient of shape .1,.",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
