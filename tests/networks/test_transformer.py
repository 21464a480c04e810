"""The hand-written transformer: directional differences, causality, training, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.files.checkpoints import leaves, rebuild
from refimpl.networks import mup
from refimpl.networks.mup_transfer import Training
from refimpl.networks.transformer import Transformer, transformer_gradient
from refimpl.networks.transformer_training import ALPHABET, random_transformer, text, transformer_losses

ABC = mup.abc_mup(2, "adam")
H = random_transformer(ABC, 8, np.random.default_rng(0))
TOKENS = np.random.default_rng(1).integers(0, len(ALPHABET), (3, 7))
TARGETS = np.random.default_rng(2).integers(0, len(ALPHABET), (3, 7))


def moved(h: Transformer, directions: list[np.ndarray], s: float) -> Transformer:
    return rebuild(h, [W + s * v for W, v in zip(leaves(h), directions, strict=True)])


def test_gradients_along_a_direction() -> None:
    rng = np.random.default_rng(3)
    directions = [rng.standard_normal(W.shape) for W in leaves(H)]
    _, gradient = transformer_gradient(H, TOKENS, TARGETS, 4, 0.5)
    along = sum((g * v).sum() for g, v in zip(leaves(gradient), directions, strict=True))

    def slope(s: float) -> float:
        ends = [transformer_gradient(moved(H, directions, t), TOKENS, TARGETS, 4, 0.5)[0] for t in (s, -s)]
        return (ends[0] - ends[1]) / (2 * s)

    assert along == pytest.approx((4 * slope(5e-6) - slope(1e-5)) / 3, rel=1e-5)


def test_the_future_is_not_seen() -> None:
    later = TOKENS.copy()
    later[:, 5:] = 0
    for tokens in (TOKENS, later):
        _, gradient = transformer_gradient(H, tokens[:, :5], TARGETS[:, :5], 4, 0.5)
        np.testing.assert_array_equal(gradient.positions[5:], 0)
    both = np.concatenate([TOKENS, later])
    targets = np.concatenate([TARGETS, TARGETS])
    losses = [transformer_gradient(H, one[None], y[None], 4, 0.5)[0] for one, y in zip(both, targets, strict=True)]
    whole = transformer_gradient(H, both, targets, 4, 0.5)[0]
    assert whole == pytest.approx(np.mean(losses), rel=1e-12)


def test_parameters_stay_as_they_are() -> None:
    copies = [W.copy() for W in leaves(H)]
    transformer_gradient(H, TOKENS, TARGETS, 4, 0.5)
    for W, copy in zip(leaves(H), copies, strict=True):
        np.testing.assert_array_equal(W, copy)


def test_text_is_prose() -> None:
    letters = "".join(ALPHABET[i] for i in text())
    assert "beautiful is better than ugly" in letters
    assert len(letters) > 5000


def test_training_learns() -> None:
    losses = transformer_losses(Training(ABC, "adam", 0.02, 16, 16, steps=60, batch=16), 1.0)
    assert losses[-5:].mean() < 2.6 < 3.2 < losses[0]


TRAINING = Training(ABC, "adam", 0.02, 16, 16)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: transformer_gradient(3, TOKENS, TARGETS, 4, 0.5), TypeError, "h must be a Transformer"),
        (lambda: transformer_gradient(H, TOKENS + 27, TARGETS, 4, 0.5), ValueError, "tokens must be >= 0 and < 27"),
        (lambda: transformer_gradient(H, TOKENS - 27, TARGETS, 4, 0.5), ValueError, "tokens must be >= 0 and < 27"),
        (lambda: transformer_gradient(H, TOKENS, TARGETS + 27, 4, 0.5), ValueError, "targets must be >= 0"),
        (lambda: transformer_gradient(H, TOKENS / 2, TARGETS, 4, 0.5), TypeError, "tokens must hold integers"),
        (lambda: transformer_gradient(H, TOKENS[0], TARGETS, 4, 0.5), ValueError, "tokens must have shape"),
        (lambda: transformer_gradient(H, TOKENS, TARGETS[:2], 4, 0.5), ValueError, "targets must have shape"),
        (lambda: transformer_gradient(H, np.zeros((1, 17), int), TARGETS, 4, 0.5), ValueError, "0 < t <= 16"),
        (lambda: transformer_gradient(H, TOKENS, TARGETS, 3, 0.5), ValueError, "heads must divide the width 8, got 3"),
        (lambda: transformer_gradient(H, TOKENS, TARGETS, 0, 0.5), ValueError, "heads must be >= 1"),
        (lambda: transformer_gradient(H, TOKENS, TARGETS, 4, 0.0), ValueError, "scale must be > 0"),
        (
            lambda: transformer_gradient(wrong_block(), TOKENS, TARGETS, 4, 0.5),
            ValueError,
            r"h.blocks\[0\].O must have",
        ),
        (lambda: transformer_gradient(H._replace(blocks=()), TOKENS, TARGETS, 4, 0.5), TypeError, "h.blocks must be"),
        (lambda: random_transformer(mup.abc_mup(3), 8, np.random.default_rng()), ValueError, "abc must have 3 layers"),
        (lambda: transformer_losses(TRAINING._replace(m=18), 1.0), ValueError, "must be multiples of 4, got 18 and 16"),
        (lambda: transformer_losses(TRAINING, -1.0), ValueError, "attention must be >= 0"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def wrong_block() -> Transformer:
    return H._replace(blocks=(H.blocks[0]._replace(O=np.zeros((8, 7))),))
