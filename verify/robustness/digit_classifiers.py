"""Digits' classifiers, trained against attacks and not: slide "Robustness examples in ML"."""

import numpy as np

from refimpl.backpropagation.layers import flatten
from refimpl.data import digits
from refimpl.robustness import digit_classifiers
from refimpl.robustness.digit_classifiers import Job
from refimpl.robustness.robust_training import attack, withstands
from verify.claims import claim
from verify.evidence import ALPHA, at_least, at_most, binomial_interval, equal
from verify.robustness.adversarial import SLIDE

EPS, POINTS, M = 0.1, 2000, 64


@claim("R03", slide=SLIDE, source="the package's digits")
def digits_are_trained_on_or_tested_on(rng, *, digit_split=digit_classifiers.digit_split):
    r"""Every digit is on one side of the split, with its own label; another seed splits otherwise."""
    images, labels = digits.load()
    own = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    seed = int(rng.integers(2**31))
    for points in (1, 9000):
        a, y, a_new, y_new = digit_split(seed, points)
        sizes = [len(part) for part in (a, y, a_new, y_new)]
        yield equal(f"{points}: sizes", sizes, [points, points, 10000 - points, 10000 - points])
        yield equal(f"{points}: all digits", np.sort(np.concatenate([a, a_new]).sum(1)), np.sort(images.sum(1)))
        yield equal(f"{points}: all labels", np.bincount(np.append(y, y_new)), np.bincount(labels))
        yield equal(f"{points}: own labels", [own.get(image.tobytes(), -1) for image in a_new[:500]], y_new[:500])
    a, y, *_ = digit_split(seed, 300)
    yield equal("own labels", [own.get(image.tobytes(), -1) for image in a], y)
    yield equal("the same seed", digit_split(seed, 300)[0], a)
    same = (digit_split(seed + 1, 300)[1] == y).mean()
    yield at_most("another seed: digits in the same place", same, 0.3, resolution=1.0)
    for part in (y, digit_split(seed, 9000)[3]):
        yield at_most("digits in the order of labels", (np.diff(part) >= 0).mean(), 0.8, resolution=1.0)


def split_of(order, points):
    """Digits split in a given order."""
    images, labels = digits.load()
    return images[order[:points]], labels[order[:points]], images[order[points:]], labels[order[points:]]


def tested_on(change):
    """The split with other digits to test on."""

    def digit_split(seed, points):
        a, y, a_new, y_new = digit_classifiers.digit_split(seed, points)
        return a, y, *change(a, y, a_new, y_new)

    return digit_split


def in_order_of_labels(a, y, a_new, y_new):
    """Unseen digits and their labels, sorted."""
    order = np.argsort(y_new)
    return a_new[order], y_new[order]


digits_are_trained_on_or_tested_on.mutants({
    "the first ones": lambda seed, points: split_of(np.arange(10000), points),
    "one seed": lambda seed, points: digit_classifiers.digit_split(0, points),
    "drawn with replacement": lambda seed, points: split_of(
        np.random.default_rng(seed).integers(10000, size=10000), points
    ),
    "tested on what it was trained on": tested_on(lambda a, y, a_new, y_new: (a, y)),
    "tested in the order of labels": tested_on(in_order_of_labels),
    "labels out of order": tested_on(lambda a, y, a_new, y_new: (a_new, np.sort(y_new))),
    "another number": lambda seed, points: digit_classifiers.digit_split(seed, points + 1),
})


@claim("R03", slide=SLIDE, source="Madry et al. 2018 [42]; the digits decide")
def attacks_fell_plain_training_and_adversarial_training_costs_clean_digits(
    rng, *, trained=digit_classifiers.trained, as_network=digit_classifiers.as_network
):
    r"""On unseen digits under PGD at ε = 0.1 (ℓ∞) adversarial training is right far more often; clean, ERM is.

    A network of 64 hidden neurons, 2000 digits, 300 steps. Accuracy under PGD is above that under the worst attack, for
    both; more steps lower it by little. Discordant digits, for which only one network is right, are tosses of a coin:
    given the two networks, the exact interval of its probability excludes ½. The cost on clean digits is that of this
    radius, network and budget: with four times the digits and seven times the steps, training against ε = 0.05 beats
    ERM on clean ones.
    """
    seed = int(rng.integers(2**31))
    *_, a, y = digit_classifiers.digit_split(seed, POINTS)
    erm, robust = (as_network(trained(job(eps, seed)), M) for eps in (0.0, EPS))
    clean = [withstands(h, a, y, 0.0) for h in (erm, robust)]
    hit = [withstands(h, a[:500], y[:500], EPS) for h in (erm, robust)]
    yield more_often("ERM clean beside adversarial training", *clean)
    yield more_often("adversarial training under PGD beside ERM", *hit[::-1])
    yield at_least("ERM: clean accuracy", clean[0].mean(), 0.85, resolution=0.15)
    yield at_most("ERM: accuracy under PGD", hit[0].mean(), 0.25, resolution=0.25)
    yield at_least("adversarial training: clean accuracy", clean[1].mean(), 0.75, resolution=0.25)
    yield at_least("adversarial training: accuracy under PGD", hit[1].mean(), 0.45, resolution=0.5)
    longer = withstands(robust, a[:500], y[:500], EPS, 100).mean()
    yield at_most("adversarial training: PGD of 100 steps", longer, hit[1].mean(), slack=0.01, resolution=0.05)
    small = [withstands(robust, a[:500], y[:500], eps).mean() for eps in (0.0, 0.05, EPS, 0.2)]
    yield at_most("adversarial training: accuracy falls with ε", np.diff(small), 0.0, resolution=0.3)
    moved = np.abs(attack(robust, a[:50], y[:50], EPS) - a[:50])
    yield at_most("PGD: ‖η‖", moved.max(), EPS, slack=1e-12, tight=1e-9)


def job(eps, seed):
    """The training that is measured."""
    return Job(eps, seed, 300, POINTS, M, 1e-3)


def more_often(what, first, second):
    """Of the inputs for which one of the two is right, the share of the first: its interval's lower end is above ½."""
    only, discordant = int((first & ~second).sum()), int((first ^ second).sum())
    low = binomial_interval(only, discordant, ALPHA)[0] if discordant else 0.0
    return at_least(f"{what}: share of discordant digits", low, 0.5, resolution=0.5)._replace(alpha=ALPHA)


def first_layer_transposed(x, m=100):
    """A network whose first weights are read column by column."""
    h = digit_classifiers.as_network(x, m)
    W, b = h.layers[0]
    return h._replace(layers=(h.layers[0]._replace(W=W.T.reshape(W.shape), b=b), *h.layers[1:]))


attacks_fell_plain_training_and_adversarial_training_costs_clean_digits.mutants(
    {
        "never attacked": lambda job: digit_classifiers.trained(job._replace(eps=0.0)),
        "always attacked": lambda job: digit_classifiers.trained(job._replace(eps=EPS)),
        "attacked at a tenth of the radius": lambda job: digit_classifiers.trained(job._replace(eps=job.eps / 10)),
        "hardly trained": lambda job: digit_classifiers.trained(job._replace(steps=10)),
    },
    replaces="trained",
)
attacks_fell_plain_training_and_adversarial_training_costs_clean_digits.mutants(
    {"first layer transposed": first_layer_transposed}, replaces="as_network"
)


@claim("R03", slide=SLIDE, source="definition; the package's digits")
def a_training_is_a_function_of_its_job(
    rng, *, trained=digit_classifiers.trained, as_network=digit_classifiers.as_network
):
    r"""The same job gives the same parameters, layer by layer; thirty of its own digits are learnt by heart."""
    seed = int(rng.integers(2**31))
    few, own = as_network(trained(Job(0.0, seed, 200, 30, 16)), 16), digit_classifiers.digit_split(seed, 30)
    yield equal("thirty digits by heart", withstands(few, *own[:2], 0.0).mean(), 1.0)
    unseen = withstands(few, *own[2:], 0.0).mean()
    yield at_most("thirty digits: unseen ones", unseen, 0.85, resolution=1.0)
    x = trained(Job(0.05, seed, 2, 50, 7))
    yield equal("the same job twice", trained(Job(0.05, seed, 2, 50, 7)), x)
    yield equal("as a network: parameters", flatten(as_network(x, 7).layers), x)
    yield equal("as a network: widths", [layer.W.shape for layer in as_network(x, 7).layers], [(7, 784), (10, 7)])


a_training_is_a_function_of_its_job.mutants(
    {
        "trained on other digits": lambda job: digit_classifiers.trained(job._replace(seed=job.seed + 1)),
        "another start each time": lambda job: digit_classifiers.trained(
            job._replace(seed=int(np.random.default_rng().integers(2**31)))
        ),
    },
    replaces="trained",
)
a_training_is_a_function_of_its_job.mutants({"first layer transposed": first_layer_transposed}, replaces="as_network")
