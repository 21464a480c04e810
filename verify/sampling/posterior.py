"""A real posterior: logistic regression of two digits on a few principal components; slide "The sampling problem"."""

import autograd.numpy as np
import numpy
import scipy

from refimpl.data import digits
from refimpl.sampling import diagnostics, langevin, metropolis, posterior
from verify.claims import claim, shipped
from verify.evidence import at_least, at_most, equal, mean, rounding
from verify.sampling import targets
from verify.sampling.langevin import SLIDE, chains


@claim("S01", slide=targets.SLIDE, source=targets.SOURCE)
def logistic_gradients_are_scores(rng, *, logistic_regression=posterior.logistic_regression):
    r"""f = Σ log(1 + e^{−y⟨d, a⟩}) + λ‖a‖²/2, λ = 1 where nothing is said; no overflow where the odds are e^{±10⁴}."""
    features, labels = rng.standard_normal((60, 3)), rng.choice([-1.0, 1.0], 60)
    a, given = rng.uniform(-2, 2, (40, 3)), rng.uniform(2, 3)
    for precision, target in [
        (given, logistic_regression(features, labels, given)),
        (1.0, logistic_regression(features, labels)),
    ]:

        def log_posterior(a, precision=precision):
            odds = np.exp(labels[:, None] * np.dot(features, a.T))
            return np.sum(np.log(odds / (1 + odds)), axis=0) - precision * np.sum(a**2, axis=-1) / 2

        yield from targets.potential_and_gradient(f"λ = {precision:.3g}", target, log_posterior, a, rounding(1e4, 1e3))
    far = logistic_regression(numpy.eye(2), numpy.ones(2), 1e-4)
    a = numpy.array([[1e4, -1e4]])
    yield equal("f far away", far.f(a), 1e4 + 1e4, rtol=1e-12)
    yield equal("∇f far away", far.grad_f(a), [[1.0, -2.0]], rtol=1e-12)


def mean_over_data(features, labels, precision=1.0):
    target = posterior.logistic_regression(features, labels, precision)
    return target._replace(grad_f=lambda a: target.grad_f(a) / len(labels))


def overflows(features, labels, precision=1.0):
    target = posterior.logistic_regression(features, labels, precision)
    D = labels[:, None] * features
    return target._replace(f=lambda a: np.log(1 + np.exp(-a @ D.T)).sum(-1) + precision * (a**2).sum(-1) / 2)


logistic_gradients_are_scores.mutants({
    "labels exchanged": lambda features, labels, precision=1.0: posterior.logistic_regression(
        features, -labels, precision
    ),
    "prior's variance for its precision": lambda features, labels, precision=1.0: posterior.logistic_regression(
        features, labels, 1 / precision
    ),
    "λ = 2 where nothing is said": lambda features, labels, precision=2.0: posterior.logistic_regression(
        features, labels, precision
    ),
    "mean over the data": mean_over_data,
    "overflows": overflows,
})


@claim("S01", slide=targets.SLIDE, source="eigenvectors of the covariance of the images")
def digit_features_are_standardised_principal_components(rng, *, digit_regression=posterior.digit_regression):
    r"""An intercept; uncorrelated scores of mean 0 and variance 1, along the leading eigenvectors; labels ∓1."""
    images, labels = digits.load()
    for first, second, k, given in [(3, 8, 2, digit_regression()), (0, 1, 4, digit_regression(0, 1, 4))]:
        features, y = given
        chosen = images[(labels == first) | (labels == second)]
        yield equal(
            f"{first}, {second}: labels", y, np.where(labels[np.isin(labels, (first, second))] == first, -1.0, 1.0)
        )
        values, vectors = np.linalg.eigh(np.cov(chosen.T, bias=True))
        scores = (chosen - chosen.mean(0)) @ vectors[:, : -k - 1 : -1] / np.sqrt(values[: -k - 1 : -1])
        yield equal(f"{first}, {second}: intercept", features[:, 0], 1.0)
        yield equal(f"{first}, {second}: number of components", features.shape[1], k + 1)
        yield equal(f"{first}, {second}: scores", np.abs(features[:, 1:]), np.abs(scores), atol=1e-9)
        yield equal(
            f"{first}, {second}: covariance", features[:, 1:].T @ features[:, 1:] / len(y), np.eye(k), atol=1e-12
        )


def recast(change):
    """digit_regression with its features changed."""

    def regression(*given):
        right = posterior.digit_regression(*given)
        return right._replace(features=change(right.features))

    return regression


digit_features_are_standardised_principal_components.mutants({
    "not standardised": recast(lambda D: D * [1, *range(3, 2 + D.shape[1])]),
    "no intercept": recast(lambda D: D[:, 1:]),
    "components reversed": recast(lambda D: D[:, [0, *range(D.shape[1] - 1, 0, -1)]]),
    "one component too many": lambda a=3, b=8, k=2: posterior.digit_regression(a, b, k + 1),
    "digits exchanged": lambda a=3, b=8, k=2: posterior.digit_regression(b, a, k),
    "n − 1 for n": recast(lambda D: np.column_stack([D[:, 0], D[:, 1:] * np.sqrt(1 - 1 / len(D))])),
})


def thinned(rng, count):
    """Some of the threes and eights."""
    D, y = posterior.digit_regression()
    chosen = rng.choice(len(y), count, replace=False)
    return D[chosen], y[chosen]


def log_posterior(a, D, y):
    """log π up to a constant, λ = 1."""
    return -np.logaddexp(0, -(a @ D.T) * y).sum(-1) - (a**2).sum(-1) / 2


def by_quadrature(D, y):
    """Mode, Cholesky factor of the Hessian there, a grid of whitened points, its weights, the largest eigenvalue."""
    mode = scipy.optimize.minimize(lambda a: -log_posterior(a, D, y), np.zeros(3), method="BFGS", tol=1e-10).x
    share = scipy.special.expit(D @ mode)
    H = (D.T * (share * (1 - share))) @ D + np.eye(3)
    whiten, u = np.linalg.cholesky(H), np.linspace(-7, 7, 25)
    grid = np.stack(np.meshgrid(u, u, u, indexing="ij"), -1).reshape(-1, 3)
    weights = scipy.special.softmax(log_posterior(mode + np.linalg.solve(whiten.T, grid.T).T, D, y))
    return mode, whiten, grid, weights, np.linalg.eigvalsh(H)[-1]


@claim("S04", slide=SLIDE, source="quadrature of the posterior; Roberts & Tweedie 1996")
def chains_sample_a_posterior_of_real_digits(
    rng, *, lmc=langevin.lmc, mala=metropolis.mala, logistic_regression=posterior.logistic_regression
):
    r"""Threes against eights, p = 3: E e^{−x²/2} of each coordinate by quadrature, by LMC and by MALA.

    Coordinates x are whitened at the mode. LMC takes a small step, 1/(20 λmax), MALA one ten times as long.
    """
    D, y = thinned(rng, 60)
    target = logistic_regression(D, y, 1.0)
    mode, whiten, grid, weights, largest = by_quadrature(D, y)
    expected = weights @ np.exp(-(grid**2) / 2)
    points = mode + np.linalg.solve(whiten.T, grid[::3001].T).T
    potential = target.f(points) + log_posterior(points, D, y)
    yield equal("f + log π is constant", potential[1:], potential[0], atol=rounding(1e4, 1e3))
    start = mode + np.linalg.solve(whiten.T, rng.standard_normal((3, 4000))).T
    last = {
        "LMC": lmc(target.grad_f, start, 0.05 / largest, 150, rng),
        "MALA": mala(target.f, target.grad_f, start, 0.5 / largest, 40, rng).a[-1],
    }
    for name, a in last.items():
        x = (np.asarray(a) - mode) @ whiten
        for i in range(3):
            yield mean(f"{name}: E e^(−x²/2), x_{i + 1}", np.exp(-(x[:, i] ** 2) / 2), expected[i], delta=0.07)


def accepts_what_is_worse(f, grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        b = langevin.lmc_step(grad_f, a0, eta, rng.standard_normal(a0.shape))
        worse = np.log(rng.random(len(b))) < -metropolis.log_acceptance(f, grad_f, a0, b, eta)
        a0 = np.where(worse[:, None], b, a0)
    return metropolis.Chains(a0[None], 1.0)


chains_sample_a_posterior_of_real_digits.mutants(
    {"noise √η": lambda grad_f, a0, eta, num_steps, rng: chains(grad_f, a0, eta, num_steps, rng, scale=np.sqrt(0.5))},
    replaces="lmc",
)
chains_sample_a_posterior_of_real_digits.mutants(
    {"accepts what is worse": shipped(accepts_what_is_worse, project="fab-jax", thread="#14")}, replaces="mala"
)
chains_sample_a_posterior_of_real_digits.mutants(
    {
        "prior left out": lambda features, labels, precision: posterior.logistic_regression(features, labels, 1e-9),
        "gradient of the mean loss": mean_over_data,
    },
    replaces="logistic_regression",
)


def whitened_runs(rng, lmc_trace, mala):
    """Four runs of 16 chains on a posterior of 300 digits: the later states, whitened; E x² and its deviation."""
    D, y = thinned(rng, 300)
    target = posterior.logistic_regression(D, y)
    mode, whiten, grid, weights, largest = by_quadrature(D, y)
    start = mode + 2 * np.linalg.solve(whiten.T, rng.standard_normal((3, 16))).T
    runs = {
        "MALA, η = 1/λmax": mala(target.f, target.grad_f, start, 1.0 / largest, 2500, rng).a,
        "LMC, η = 1/(50 λmax)": lmc_trace(target.grad_f, start, 0.02 / largest, 24_000, rng, every=16),
        "LMC, η = 1/λmax": lmc_trace(target.grad_f, start, 1.0 / largest, 2500, rng),
        "MALA, 60 steps 1/(1000 λmax)": mala(target.f, target.grad_f, start, 1e-3 / largest, 60, rng).a,
    }
    expected = weights @ grid**2
    spread = np.sqrt(weights @ (grid**2 - expected) ** 2)
    return {name: (np.asarray(a)[len(a) // 5 :] - mode) @ whiten for name, a in runs.items()}, expected, spread


@claim("S04", slide=SLIDE, source="quadrature; Gelman et al. 2013; Vehtari et al. 2021")
def diagnostics_of_a_real_posterior_see_what_is_not_mixed_and_miss_the_bias(
    rng,
    *,
    lmc_trace=langevin.lmc_trace,
    mala=metropolis.mala,
    effective_sample_size=diagnostics.effective_sample_size,
    split_rhat=diagnostics.split_rhat,
):
    r"""300 threes and eights, 16 chains, whitened coordinates x: means of x² against quadrature, in σ/√ESS.

    MALA and LMC of a small step are within 7 standard errors, and R̂ < 1.05; LMC of a long step, 1/λmax, has an R̂ as
    good and is off by more than 7; MALA of few and tiny steps from apart has R̂ > 1.2.
    """
    runs, expected, spread = whitened_runs(rng, lmc_trace, mala)
    unmixed = runs.pop("MALA, 60 steps 1/(1000 λmax)")
    yield at_least("MALA, 60 steps 1/(1000 λmax): largest R̂", split_rhat(unmixed).max(), 1.2, resolution=50.0)
    for name, x in runs.items():
        ess = effective_sample_size(x**2)
        yield at_most(f"{name}: R̂", split_rhat(x), 1.05, resolution=0.05)
        yield at_most(f"{name}: ESS over the number of states", ess / (x.shape[0] * 16), 1.1, tight=0.99)
        off = np.abs((x**2).mean((0, 1)) - expected) / (spread / np.sqrt(ess))
        if name == "LMC, η = 1/λmax":
            yield at_least(f"{name}: largest error in σ/√ESS", off.max(), 7.0, resolution=1e3)
        else:
            yield at_most(f"{name}: errors in σ/√ESS", off, 7.0, tight=1.0)


diagnostics_of_a_real_posterior_see_what_is_not_mixed_and_miss_the_bias.mutants(
    {"noise √η": lambda g, a, eta, k, rng, every=1: langevin.lmc_trace(lambda a: 2 * g(a), a, eta / 2, k, rng, every)},
    replaces="lmc_trace",
)
diagnostics_of_a_real_posterior_see_what_is_not_mixed_and_miss_the_bias.mutants(
    {"is LMC": lambda f, g, a, eta, k, rng: metropolis.Chains(langevin.lmc_trace(g, a, eta, k, rng), 1.0)},
    replaces="mala",
)
diagnostics_of_a_real_posterior_see_what_is_not_mixed_and_miss_the_bias.mutants(
    {"every state counts": lambda a: np.full(a.shape[2], 100.0 * a.shape[0] * a.shape[1])},
    replaces="effective_sample_size",
)
diagnostics_of_a_real_posterior_see_what_is_not_mixed_and_miss_the_bias.mutants(
    {
        "1": lambda a: np.ones(a.shape[2]),
        "whole variances: 1 + R̂": lambda a: 1 + diagnostics.split_rhat(a),
    },
    replaces="split_rhat",
)
