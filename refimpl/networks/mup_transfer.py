"""Zero-shot transfer of the learning rate: trainings on digits of many widths, and the rate at which each is best."""

import functools
from typing import NamedTuple

import numpy as np

from refimpl import digits
from refimpl.domains import bare
from refimpl.networks import mup
from refimpl.networks.mup import ABC
from refimpl.networks.mup_training import random_weights, start, train_step

PARAMETERISATIONS = ("mup", "standard", "ntk")
_train_step = bare(train_step)


class Training(NamedTuple):
    """A training of an MLP on digits: parameterisation, optimizer, rate, sizes and budget."""

    parameterisation: str
    optimizer: str
    eta: float
    m: int
    base: int = 32
    num_hidden: int = 2
    steps: int = 200
    batch: int = 64
    seed: int = 0


def exponents(parameterisation: str, num_hidden: int, optimizer: str) -> ABC:
    if parameterisation == "mup":
        return mup.abc_mup(num_hidden, optimizer)
    return (mup.abc_standard if parameterisation == "standard" else mup.abc_ntk)(num_hidden)


@functools.cache
def small_digits():
    images, labels = digits.load()
    a = images.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196)
    return a / np.linalg.norm(a, axis=-1, keepdims=True), labels


def final_loss(training: Training) -> float:
    images, labels = small_digits()
    abc = exponents(training.parameterisation, training.num_hidden, training.optimizer)
    weights_rng, batch_rng = np.random.default_rng(training.seed).spawn(2)
    state = start(random_weights(abc, images.shape[1], training.m, 10, weights_rng, training.base), training.optimizer)
    losses = []
    with np.errstate(all="ignore"):
        for _ in range(training.steps):
            i = batch_rng.integers(0, len(labels), training.batch)
            state, loss = _train_step(abc, state, images[i], labels[i], training.eta, training.base)
            losses.append(loss)
    return np.mean(losses[-training.steps // 4 :])
