"""Perturbed gradient descent is LMC at another temperature: slide "Iterative refinement … MCMC", remarks."""

import numpy as np

from refimpl.sampling import langevin, perturbed_sgd
from verify.claims import claim
from verify.evidence import equal, rate, rounding
from verify.sampling.langevin import SLIDE, square


@claim("S13", slide=SLIDE, source="perturbed gradient descent; Mandt, Hoffman & Blei 2017")
def perturbed_sgd_and_lmc_differ_in_the_scale_of_the_noise(
    rng, *, perturbed_sgd_step=perturbed_sgd.perturbed_sgd_step, lmc_step=langevin.lmc_step
):
    r"""With σ = √(2/η) they are one; on lx²/2 the variances end at ησ²/(2l(1 − ηl/2)) → 0 and 1/(l(1 − ηl/2)) → 1/l."""
    a, z = rng.uniform(-2, 2, (2, 20, 30, 4))
    for eta in 10 ** rng.uniform(-3, 0.5, 5):
        sigma = 10 ** rng.uniform(-1, 1)
        expected = a - eta * (a**2 - sigma * z)
        error = rounding(32, (1 + eta) * (4 + sigma * 2))
        yield equal("a − η(∇f − σz)", perturbed_sgd_step(square, a, eta, sigma, z), expected, atol=error)
        same = perturbed_sgd_step(square, a, eta, np.sqrt(2 / eta), z)
        yield equal("σ = √(2/η): LMC", same, lmc_step(square, a, eta, z), atol=rounding(64, 4 * (1 + eta)))
    one, l, sigma = np.ones((1, 1)), rng.uniform(0.5, 2), rng.uniform(0.5, 2)
    eta = np.geomspace(1e-5, 1e-3, 12)
    for name, step in (("SGD", lambda *s: perturbed_sgd_step(*s[:3], sigma, s[3])), ("LMC", lmc_step)):
        contraction = np.array([step(lambda b: l * b, one, e, 0 * one).item() for e in eta])
        noise = np.array([step(lambda b: l * b, 0 * one, e, one).item() for e in eta])
        variance = noise**2 / (1 - contraction**2)
        expected = (eta * sigma**2 / 2 if name == "SGD" else 1.0) / (l * (1 - eta * l / 2))
        yield equal(f"variance of {name}", variance, expected, rtol=rounding(16) / (eta[0] * l))
        yield rate(f"order in η of the variance of {name}", eta, variance, 1 if name == "SGD" else 0)


perturbed_sgd_and_lmc_differ_in_the_scale_of_the_noise.mutants(
    {
        "noise √η σ": lambda grad_f, a, eta, sigma, z: a - eta * grad_f(a) + np.sqrt(eta) * sigma * z,
        "σ²: a variance": lambda grad_f, a, eta, sigma, z: a - eta * grad_f(a) + eta * sigma**2 * z,
        "is LMC": lambda grad_f, a, eta, sigma, z: a - eta * grad_f(a) + np.sqrt(2 * eta) * z,
    },
    replaces="perturbed_sgd_step",
)
perturbed_sgd_and_lmc_differ_in_the_scale_of_the_noise.mutants(
    {"noise η": lambda grad_f, a, eta, z: a - eta * grad_f(a) + eta * z}, replaces="lmc_step"
)
