"""A real posterior: logistic regression of two digits on a few principal components."""

import numpy as np
import scipy

from refimpl import digits
from refimpl.sampling import langevin, metropolis, targets
from verify.claims import claim
from verify.evidence import equal, mean, rounding
from verify.sampling.langevin import SLIDE, chains


def digits_regression(rng, count=60, components=2):
    """Intercept and standardised principal components of threes and eights, with labels ∓1."""
    images, labels = digits.load()
    chosen = rng.choice(np.flatnonzero(np.isin(labels, (3, 8))), count, replace=False)
    centred = images[chosen] - images[chosen].mean(0)
    scores = centred @ np.linalg.svd(centred, full_matrices=False)[2][:components].T
    return np.column_stack([np.ones(count), scores / scores.std(0)]), np.where(labels[chosen] == 3, -1.0, 1.0)


@claim("S04", slide=SLIDE, source="quadrature of the posterior; Roberts & Tweedie 1996")
def chains_sample_a_posterior_of_real_digits(
    rng, *, lmc=langevin.lmc, mala=metropolis.mala, logistic_regression=targets.logistic_regression
):
    r"""Threes against eights, p = 3: E e^{−x²/2} of each coordinate by quadrature, by LMC and by MALA.

    Coordinates x are whitened at the mode. LMC takes a small step, 1/(20 λmax), MALA one ten times as long.
    """
    D, y = digits_regression(rng)
    target = logistic_regression(D, y, 1.0)

    def log_posterior(a):
        return -np.logaddexp(0, -(a @ D.T) * y).sum(-1) - (a**2).sum(-1) / 2

    mode = scipy.optimize.minimize(lambda a: -log_posterior(a), np.zeros(3), method="BFGS", tol=1e-10).x
    share = scipy.special.expit(D @ mode)
    H = (D.T * (share * (1 - share))) @ D + np.eye(3)
    whiten = np.linalg.cholesky(H)
    u = np.linspace(-7, 7, 36)
    grid = np.stack(np.meshgrid(u, u, u, indexing="ij"), -1).reshape(-1, 3)
    points = mode + np.linalg.solve(whiten.T, grid.T).T
    weights = scipy.special.softmax(log_posterior(points))
    expected = weights @ np.exp(-(grid**2) / 2)
    potential = target.f(points[:5]) + log_posterior(points[:5])
    yield equal("f + log π is constant", potential - potential[0], np.zeros(5), atol=rounding(1e4, 1e3))
    start = mode + np.linalg.solve(whiten.T, rng.standard_normal((3, 4000))).T
    largest = np.linalg.eigvalsh(H)[-1]
    last = {
        "LMC": lmc(target.grad_f, start, 0.05 / largest, 150, rng),
        "MALA": mala(target.f, target.grad_f, start, 0.5 / largest, 40, rng).a[-1],
    }
    for name, a in last.items():
        x = (np.asarray(a) - mode) @ whiten
        for i in range(3):
            yield mean(f"{name}: E e^(−x²/2), x_{i + 1}", np.exp(-(x[:, i] ** 2) / 2), expected[i], delta=0.07)


@chains_sample_a_posterior_of_real_digits.mutant("noise √η", replaces="lmc")
def _(grad_f, a0, eta, num_steps, rng):
    return chains(grad_f, a0, eta, num_steps, rng, scale=np.sqrt(0.5))


@chains_sample_a_posterior_of_real_digits.mutant("accepts what is worse", replaces="mala", shipped="fab-jax, #14")
def _(f, grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        b = langevin.lmc_step(grad_f, a0, eta, rng.standard_normal(a0.shape))
        worse = np.log(rng.random(len(b))) < -metropolis.log_acceptance(f, grad_f, a0, b, eta)
        a0 = np.where(worse[:, None], b, a0)
    return metropolis.Chains(a0[None], 1.0)


@chains_sample_a_posterior_of_real_digits.mutant("prior left out", replaces="logistic_regression")
def _(features, labels, precision):
    return targets.logistic_regression(features, labels, 1e-9)


@chains_sample_a_posterior_of_real_digits.mutant("gradient of the mean loss", replaces="logistic_regression")
def _(features, labels, precision):
    target = targets.logistic_regression(features, labels, precision)
    return target._replace(grad_f=lambda a: target.grad_f(a) / len(labels))
