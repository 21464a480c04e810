"""The driver that trains GANs: slide "Application to 25 Gaussians: Algorithms matter"."""

import numpy as np

from refimpl.backpropagation.optimizers import adam_start, rms_start
from refimpl.loops.generators import children
from refimpl.minimax import gan_training
from refimpl.minimax.gan import Gan, Players, generate, random_draw, random_players
from refimpl.minimax.gan_algorithms import adam_round, mirror_prox_round, mirror_round, sgd_round
from refimpl.minimax.gan_training import Training
from refimpl.minimax.twenty_five_gaussians import quality
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.minimax.gan import SLIDE, SOURCE

GAN = Gan((2, 8, 2), (2, 8, 1), batch=16, critic_steps=2, penalty=0.7)
ROUNDS = {
    "sgd": (1, lambda gan, z, draws, gamma, temperature: sgd_round(gan, z, draws, gamma), lambda x: x),
    "adam": (1, lambda gan, z, draws, gamma, temperature: adam_round(gan, z, draws, gamma), adam_start),
    "mirror": (3, mirror_round, rms_start),
    "mirror_prox": (6, mirror_prox_round, rms_start),
}


def replayed(training, rng, num_samples, split=children):
    """Samples of all records and the last parameters, round by round."""
    length, play, begin = ROUNDS[training.algorithm]
    start, look, *streams = split(rng, training.records + 2)
    omega = look.standard_normal((num_samples, GAN.generator_widths[0]))
    z = Players(*map(begin, random_players(GAN, start)))
    samples = [generate(GAN, parameters(z)[0], omega)]
    for stream in streams:
        for _ in range(training.iterations // length):
            draws = [random_draw(GAN, stream) for _ in range(length)]
            z = play(GAN, z, draws, training.step, training.temperature)
        samples.append(generate(GAN, parameters(z)[0], omega))
    return np.array(samples), parameters(z)


def parameters(z):
    """x and y of the states of both players."""
    return [getattr(player, "x", player) for player in z]


@claim("M27", slide=SLIDE, source=SOURCE)
def training_repeats_rounds_and_looks_on_the_way(rng, *, train=gan_training.train):
    r"""Each algorithm: its rounds from its start, `records` times `iterations` of them; samples on one noise; counts.

    A record starts before training; modes and share are those of its samples.
    """
    for algorithm in ROUNDS:
        training = Training(algorithm, 0.02, 1e-3, inner=3, iterations=12, records=3, gan=GAN)
        given, seen = np.random.default_rng(rng.integers(2**32)), []
        given.random(3)
        state = given.bit_generator.state
        history = train(training, given, 40, seen.append)
        given.bit_generator.state = state
        samples, (x, y) = replayed(training, given, 40)
        yield equal(f"{algorithm}: iterations", history.iterations, [0, 12, 24, 36])
        yield equal(f"{algorithm}: samples", history.samples, samples, atol=rounding(1e9))
        yield equal(f"{algorithm}: parameters of the generator", history.x, x, atol=rounding(1e9))
        yield equal(f"{algorithm}: parameters of the critic", history.y, y, atol=rounding(1e9))
        found = [quality(one) for one in np.asarray(history.samples)]
        yield equal(f"{algorithm}: modes", history.modes, [one.modes for one in found])
        yield equal(f"{algorithm}: share of high quality", history.share, [one.share for one in found])
        yield equal(f"{algorithm}: progress", seen, [1, 2, 3])


def training_with(change):
    """Wrong versions of `train`: it follows another plan."""

    def other_training(training, rng, num_samples=2500, progress=None, path=None):
        return gan_training.train(change(training), rng, num_samples, progress, path)

    return other_training


def history_with(change):
    """Wrong versions of `train`: it reports something else."""

    def other_history(training, rng, num_samples=2500, progress=None, path=None):
        return change(gan_training.train(training, rng, num_samples, progress, path))

    return other_history


def with_streams(split):
    """Wrong versions of `train`: its parts draw from other streams, split(rng, n)."""

    def other_streams(training, rng, num_samples=2500, progress=None, path=None):
        history = gan_training.train(training, np.random.default_rng(0), num_samples, progress, path)
        samples, (x, y) = replayed(training, rng, num_samples, split)
        return history._replace(samples=samples, x=x, y=y)

    return other_streams


OTHER = {"mirror": "mirror_prox", "mirror_prox": "mirror", "sgd": "adam", "adam": "sgd"}
training_repeats_rounds_and_looks_on_the_way.mutants({
    "SGD and Adam exchanged, and the mirror methods": training_with(lambda t: t._replace(algorithm=OTHER[t.algorithm])),
    "temperature 0": training_with(lambda t: t._replace(temperature=0.0)),
    "temperature 1 % too high": training_with(lambda t: t._replace(temperature=1.01 * t.temperature)),
    "step 1 % too long": training_with(lambda t: t._replace(step=1.01 * t.step)),
    "rounds of one iteration": training_with(lambda t: t._replace(inner=1)),
    "half of the iterations": training_with(lambda t: t._replace(iterations=6)),
    "one record fewer": training_with(lambda t: t._replace(records=2)),
    "the default penalty": training_with(lambda t: t._replace(gan=t.gan._replace(penalty=1.0))),
    "one gradient of the critic": training_with(lambda t: t._replace(gan=t.gan._replace(critic_steps=1))),
    "the last samples in every record": history_with(lambda h: h._replace(samples=0 * h.samples + h.samples[-1])),
    "iterations counted from the first record": history_with(lambda h: h._replace(iterations=h.iterations + 12)),
    "share of the samples that are not good": history_with(lambda h: h._replace(share=1 - h.share)),
    "modes of 25 as a share": history_with(lambda h: h._replace(modes=h.modes / 25 + 1)),
    "the critic's parameters under both names": history_with(lambda h: h._replace(x=h.y)),
    "one stream for everything": with_streams(lambda rng, n: [rng] * n),
    "children of the seed, whatever was drawn before": with_streams(lambda rng, n: rng.spawn(n)),
    "samples of the record before": history_with(lambda h: h._replace(samples=np.roll(h.samples, 1, axis=0))),
    "parameters 1 % too large": history_with(lambda h: h._replace(x=1.01 * h.x)),
})
