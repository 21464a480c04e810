"""Moons and digits to learn from: shapes, the whitening and its inverse, held-out digits, bad input."""

import numpy as np
import pytest

from refimpl.diffusion.data_sets import Whitening, digit_sets, to_coordinates, to_images, two_moons, whitening


def test_moons_are_point_symmetric() -> None:
    moons = two_moons(20_000, np.random.default_rng(0))
    assert moons.points.shape == (20_000, 2)
    assert set(moons.labels) == {0, 1}
    np.testing.assert_allclose(moons.points.mean(0), 0, atol=0.03)
    one, other = (moons.points[moons.labels == k] for k in (0, 1))
    np.testing.assert_allclose(one.mean(0), -other.mean(0), atol=0.05)


def test_coordinates_are_white_and_come_back() -> None:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6)) + 3
    w = whitening(images, 6)
    a = to_coordinates(w, images)
    np.testing.assert_allclose(a.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(a.T @ a / 300, np.eye(6), atol=1e-10)
    np.testing.assert_allclose(to_images(w, a), images, atol=1e-10)
    assert (np.diff(w.deviations) < 0).all()
    assert to_coordinates(w, images.reshape(3, 100, 6)).shape == (3, 100, 6)


def test_held_out_digits_are_others_with_all_labels() -> None:
    known, held = digit_sets()
    assert (len(known.points), len(held.points)) == (8000, 2000)
    assert not {row.tobytes() for row in known.points} & {row.tobytes() for row in held.points}
    np.testing.assert_allclose(np.bincount(known.labels) / 4, np.bincount(held.labels), atol=1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: two_moons(0, np.random.default_rng()), ValueError, "n must be >= 1"),
        (lambda: two_moons(5, None), TypeError, "rng must be"),
        (lambda: two_moons(5, np.random.default_rng(), -1.0), ValueError, "noise must be >= 0"),
        (lambda: whitening(np.ones((4, 3)), 4), ValueError, "k must be <= 0, the number of directions"),
        (lambda: to_coordinates(w(), np.ones((2, 49))), ValueError, "images must have shape"),
        (lambda: to_images(w(), np.ones((2, 3))), ValueError, "a must have shape"),
        (
            lambda: to_images(w()._replace(deviations=np.zeros(2)), np.ones((2, 2))),
            ValueError,
            "w.deviations must be > 0",
        ),
        (lambda: to_images(w()._replace(mean=None), np.ones((2, 2))), TypeError, "w.mean must hold real numbers"),
        (lambda: to_images(None, np.ones((2, 3))), TypeError, "w must be a Whitening"),
    ],
)
def test_bad_input_is_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def w() -> Whitening:
    return Whitening(np.zeros(784), np.eye(2, 784), np.ones(2))
