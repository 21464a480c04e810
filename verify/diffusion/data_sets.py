"""What is learnt from: two moons, and the coordinates of the digits: slide "Joint training of the score network"."""

import numpy as np
import scipy

from refimpl.diffusion import data_sets
from refimpl.diffusion.data_sets import Whitening
from verify.claims import claim
from verify.evidence import distribution, equal, mean, rounding

SLIDE = "Joint training of the score network"


@claim("D16", slide=SLIDE, source="definition of the moons")
def moons_are_half_circles_under_noise(rng, *, two_moons=data_sets.two_moons):
    r"""Without noise: at distance 1 from (−½, −¼) above it, or mirrored, at angles Unif[0, π]; noise N(0, s²I).

    Unless told s = 0.1. Either moon is as likely.
    """
    points, y = two_moons(20_000, rng, 0.0)
    x, above = ((1 - 2 * y)[:, None] * points + [0.5, 0.25]).T
    yield equal("distance from the centre", np.hypot(x, above), 1.0, rtol=rounding(16))
    angle = np.arctan2(above, x) / np.pi
    yield distribution("angle over π", angle, scipy.stats.uniform.cdf, delta=0.07)
    yield mean("moons", y == 1, 0.5, delta=0.1)
    for told in ((rng.uniform(0.2, 0.5),), ()):
        seed, s = int(rng.integers(2**32)), told[0] if told else 0.1
        bare, noisy = (two_moons(6000, np.random.default_rng(seed), *size).points for size in ((0.0,), told))
        z = (noisy - bare) / s
        for look, values in {"x": z[:, 0], "y": z[:, 1], "diagonal": z.sum(1) / np.sqrt(2)}.items():
            yield distribution(f"noise along {look}, s = {s:.2g}", values, scipy.stats.norm.cdf, delta=0.12)


def moved(change):
    """Moons moved by a function of points, labels and generator."""

    def wrong(n, rng, noise=0.1):
        moons = data_sets.two_moons(n, rng, noise)
        return moons._replace(points=change(moons.points, moons.labels, rng))

    return wrong


def angles_up_to_3(n, rng, noise=0.1):
    theta, y = rng.uniform(0, 3.0, n), rng.integers(2, size=n)
    arc = np.stack([np.cos(theta) - 0.5, np.sin(theta) - 0.25], axis=-1)
    return data_sets.Labelled((1 - 2 * y)[:, None] * arc + noise * rng.standard_normal((n, 2)), y)


def labels_exchanged(*args):
    moons = data_sets.two_moons(*args)
    return moons._replace(labels=1 - moons.labels)


def one_moon_alone(*args):
    moons = data_sets.two_moons(*args)
    return data_sets.Labelled((1 - 2 * moons.labels)[:, None] * moons.points, 0 * moons.labels)


moons_are_half_circles_under_noise.mutants({
    "labels exchanged": labels_exchanged,
    "centres 0.05 too low": moved(lambda a, y, rng: a + [[0.0, 0.05]] * (1 - 2 * y)[:, None]),
    "1 % too large": moved(lambda a, y, rng: 1.01 * a),
    "upside down": moved(lambda a, y, rng: -a),
    "noise 0.15 unless told": lambda n, rng, noise=0.15: data_sets.two_moons(n, rng, noise),
    "variance for standard deviation": lambda n, rng, noise=0.1: data_sets.two_moons(n, rng, noise**2),
    "one moon alone": one_moon_alone,
    "angles up to 3 for π": angles_up_to_3,
})


@claim("D16", slide=SLIDE, source="principal components: Eckart & Young 1936")
def whitened_coordinates_have_mean_0_and_covariance_1(
    rng,
    *,
    whitening=data_sets.whitening,
    to_coordinates=data_sets.to_coordinates,
    to_images=data_sets.to_images,
):
    r"""Of the samples, exactly; what is lost on the way back is the sum of the variances left out."""
    n, d, k = 60, 6, int(rng.integers(2, 5))
    images = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)
    w = whitening(images, k)
    a = to_coordinates(w, images)
    yield equal("means", a.mean(0), 0.0, atol=1e-11)
    yield equal("covariance", a.T @ a / n, np.eye(k), atol=1e-9)
    variances = np.linalg.svd(images - images.mean(0), compute_uv=False) ** 2 / n
    yield equal("deviations", w.deviations**2, variances[:k], rtol=1e-8)
    lost = ((to_images(w, a) - images) ** 2).sum() / n
    yield equal("lost on the way back", lost, variances[k:].sum(), rtol=1e-7)
    b = rng.standard_normal((2, 3, k))
    yield equal("there and back", to_coordinates(w, to_images(w, b)), b, atol=1e-9)


def changed(**parts):
    """A whitening with other parts: functions of the right one and of the images."""

    def wrong(images, k):
        w = data_sets.whitening(images, k)
        return w._replace(**{part: f(w, images) for part, f in parts.items()})

    return wrong


whitened_coordinates_have_mean_0_and_covariance_1.mutants(
    {
        "variances by n − 1": changed(
            deviations=lambda w, images: w.deviations * np.sqrt(len(images) / (len(images) - 1))
        ),
        "variances for deviations": changed(deviations=lambda w, images: w.deviations**2),
        "deviations in rising order": changed(deviations=lambda w, images: w.deviations[::-1]),
        "median for mean": changed(mean=lambda w, images: np.median(images, axis=0)),
        "components from moments about 0": lambda images, k: data_sets.whitening(np.concatenate([images, -images]), k),
        "the last components": lambda images, k: Whitening(
            *(part if i == 0 else part[-k:] for i, part in enumerate(data_sets.whitening(images, images.shape[1])))
        ),
    },
    replaces="whitening",
)


whitened_coordinates_have_mean_0_and_covariance_1.mutants(
    {"deviations not divided by": lambda w, images: (images - w.mean) @ w.components.T}, replaces="to_coordinates"
)
whitened_coordinates_have_mean_0_and_covariance_1.mutants(
    {
        "deviations left out": lambda w, a: w.mean + a @ w.components,
        "mean left out": lambda w, a: a * w.deviations @ w.components,
    },
    replaces="to_images",
)
