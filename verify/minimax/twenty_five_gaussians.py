"""The 25 Gaussians and what is counted on them: slide "Application to 25 Gaussians: Algorithms matter"."""

import numpy as np
import scipy

from refimpl.minimax import twenty_five_gaussians as mixture
from verify.claims import claim
from verify.evidence import ALPHA, distribution, equal, mean

SLIDE = "Application to 25 Gaussians: Algorithms matter"
SOURCE = "Hsieh, Liu & Cevher 2019"


def on_the_grid(samples):
    """The integers (i, j) of the nearest centre, and the offsets from it in standard deviations."""
    units = np.asarray(samples) * 2.828 / 2
    nearest = np.clip(np.round(units), -2, 2)
    return nearest.astype(int), (units - nearest) * 2 / 0.05


@claim("M27", slide=SLIDE, source=f"{SOURCE}; Laurent & Massart 2000, Lemma 1")
def samples_follow_the_mixture(rng, *, sample_gaussians=mixture.sample_gaussians):
    r"""Centres (2i, 2j)/2.828 equally often, around them a Gaussian of standard deviation .05/2.828."""
    n = 500_000
    cells, offsets = on_the_grid(sample_gaussians(n, rng))
    for axis, offset in zip("xy", offsets.T, strict=True):
        yield distribution(f"offset along {axis}", offset, scipy.special.ndtr, delta=0.012)
    quantile = np.log(2 / ALPHA) / offsets.size
    bound = 2 * np.sqrt(quantile) + 2 * quantile
    yield equal("variance of the offsets", (offsets**2).mean(), 1.0, atol=bound)._replace(alpha=ALPHA)
    radius = np.linalg.norm(offsets, axis=1)
    yield distribution("distance from the centre", radius, lambda r: -np.expm1(-(r**2) / 2), delta=0.015)
    for i in range(-2, 3):
        for j in range(-2, 3):
            yield mean(f"centre ({i}, {j})", (cells == (i, j)).all(1), 1 / 25, delta=0.005)


def a_rare_corner(n, rng):
    mode = rng.integers(25, size=n)
    mode[(mode == 0) & (rng.random(n) < 0.2)] = 12
    return mixture.CENTRES[mode] + mixture.STD * rng.standard_normal((n, 2))


def a_frequent_centre(n, rng):
    i = rng.integers(-2, 4, size=(n, 2))
    return np.where(i == 3, 0, i) * 2 / 2.828 + mixture.STD * rng.standard_normal((n, 2))


samples_follow_the_mixture.mutants({
    "one mode missing": lambda n, rng: (
        mixture.CENTRES[rng.integers(24, size=n)] + mixture.STD * rng.standard_normal((n, 2))
    ),
    "standard deviation .05": lambda n, rng: (
        mixture.CENTRES[rng.integers(25, size=n)] + 0.05 * rng.standard_normal((n, 2))
    ),
    "standard deviation 1 % too large": lambda n, rng: (
        mixture.CENTRES[rng.integers(25, size=n)] + 1.01 * mixture.STD * rng.standard_normal((n, 2))
    ),
    "a corner 20 % rarer": a_rare_corner,
    "centres 1 % too far apart": lambda n, rng: (
        1.01 * mixture.CENTRES[rng.integers(25, size=n)] + mixture.STD * rng.standard_normal((n, 2))
    ),
    "both coordinates share their noise": lambda n, rng: (
        mixture.CENTRES[rng.integers(25, size=n)] + mixture.STD * rng.standard_normal((n, 1))
    ),
    "the centre drawn more often": a_frequent_centre,
})


@claim("M27", slide=SLIDE, source=SOURCE)
def quality_counts_what_lies_within_four_deviations(rng, *, quality=mixture.quality, mode_counts=mixture.mode_counts):
    r"""Samples placed at 3.99 and at 4.01 standard deviations: counts per mode, modes covered and share, exactly."""
    inside, outside = rng.integers(0, 7, 25), rng.integers(0, 5, 25)
    inside[:3] = 0, 1, 6
    centre = np.repeat(np.arange(50) % 25, np.concatenate([inside, outside]))
    radius = np.repeat([3.99, 4.01], [inside.sum(), outside.sum()]) * 0.05 / 2.828
    angle = rng.uniform(0, 2 * np.pi, len(centre))
    i, j = centre // 5 - 2, centre % 5 - 2
    samples = np.stack([2 * i / 2.828 + radius * np.cos(angle), 2 * j / 2.828 + radius * np.sin(angle)], axis=-1)
    rng.shuffle(samples)
    yield equal("samples at each mode", mode_counts(samples), inside)
    for least in (1, 3, 6):
        found = quality(samples, least)
        yield equal(f"modes with at least {least}", found.modes, (inside >= least).sum())
        yield equal(f"share of high quality, least = {least}", found.share, inside.sum() / len(samples))
    yield equal("least = 1 by default", quality(samples), quality(samples, 1))


def counts_every_sample(samples):
    nearest = np.linalg.norm(samples[:, None] - mixture.CENTRES, axis=-1).argmin(1)
    return np.bincount(nearest, minlength=25)


def share_of_modes(samples, least=1):
    good = mixture.quality(samples, least)
    return good._replace(share=good.modes / 25)


def share_at_covered_modes(samples, least=1):
    counts = mixture.mode_counts(samples)
    return mixture.quality(samples, least)._replace(share=counts[counts >= least].sum() / len(samples))


quality_counts_what_lies_within_four_deviations.mutants(
    {
        "a square instead of a disc": lambda samples: (
            np.abs(samples[:, None] - mixture.CENTRES).max(-1) <= 4 * mixture.STD
        ).sum(0),
        "radius 1 % too large": lambda samples: (
            np.linalg.norm(samples[:, None] - mixture.CENTRES, axis=-1) <= 4.04 * mixture.STD
        ).sum(0),
        "every sample counted at its nearest mode": counts_every_sample,
        "centres transposed": lambda samples: mixture.mode_counts(samples[:, ::-1]),
    },
    replaces="mode_counts",
)
quality_counts_what_lies_within_four_deviations.mutants(
    {
        "more than `least` asked": lambda samples, least=1: mixture.quality(samples, least + 1),
        "share of the modes": share_of_modes,
        "`least` ignored": lambda samples, least=1: mixture.quality(samples),
        "share of what lies at covered modes": share_at_covered_modes,
    },
    replaces="quality",
)
