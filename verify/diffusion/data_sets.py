"""The coordinates in which the digits are learnt: slide "Joint training of the score network"."""

import numpy as np

from refimpl.diffusion import data_sets
from refimpl.diffusion.data_sets import Whitening
from verify.claims import claim
from verify.evidence import equal

SLIDE = "Joint training of the score network"


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


for text, wrong in {
    "variances by n − 1": changed(deviations=lambda w, images: w.deviations * np.sqrt(len(images) / (len(images) - 1))),
    "variances for deviations": changed(deviations=lambda w, images: w.deviations**2),
    "deviations in rising order": changed(deviations=lambda w, images: w.deviations[::-1]),
    "median for mean": changed(mean=lambda w, images: np.median(images, axis=0)),
    "components from moments about 0": lambda images, k: data_sets.whitening(np.concatenate([images, -images]), k),
    "the last components": lambda images, k: Whitening(
        *(part if i == 0 else part[-k:] for i, part in enumerate(data_sets.whitening(images, images.shape[1])))
    ),
}.items():
    whitened_coordinates_have_mean_0_and_covariance_1.mutant(text, replaces="whitening")(wrong)


@whitened_coordinates_have_mean_0_and_covariance_1.mutant("deviations not divided by", replaces="to_coordinates")
def _(w, images):
    return (images - w.mean) @ w.components.T


@whitened_coordinates_have_mean_0_and_covariance_1.mutant("deviations left out", replaces="to_images")
def _(w, a):
    return w.mean + a @ w.components


@whitened_coordinates_have_mean_0_and_covariance_1.mutant("mean left out", replaces="to_images")
def _(w, a):
    return a * w.deviations @ w.components
