"""Chains of mirrored LMC and their exact laws: slide "Iterative refinement … MCMC", variants."""

import numpy as np
import scipy

from refimpl.sampling import mirrored
from verify.claims import claim, shipped
from verify.evidence import distribution, equal, mean, rate
from verify.sampling.mirrored import DIRICHLETS, SLIDE, SOURCE


def stationary_law(slope, eta):
    """Points and masses of the stationary law of y⁺ = y − η slope(y) + √(2η)z on the line, by the trapezoidal rule."""
    y = np.linspace(-45, 45, 401)
    P = scipy.stats.norm.pdf(y, (y - eta * slope(y))[:, None], np.sqrt(2 * eta)) * (y[1] - y[0])
    law = np.linalg.solve(P.T - np.eye(len(y)) + 1 / len(y), np.full(len(y), 1 / len(y)))
    return y, law / law.sum()


@claim("S10", slide=SLIDE, source=SOURCE)
def mirrored_chains_sample_the_dirichlet_law(rng, *, mirrored_lmc=mirrored.mirrored_lmc):
    r"""Dirichlet(α): the mean α/Σα is exact for every η; the law of two atoms is exact; second moments as η → 0."""
    start, cold, h = rng.dirichlet(np.ones(4), 5)[:, :3], 1e-30, 0.4
    y = np.log(start / (1 - start.sum(-1, keepdims=True)))
    for _ in range(3):
        y = y - h * np.sin(y + y[:, :1])
    x = mirrored_lmc(lambda y: h / cold * np.sin(y + y[:, :1]), start, cold, 3, rng)
    yield equal("3 steps without noise", x, np.exp(y) / (1 + np.exp(y).sum(-1, keepdims=True)), rtol=1e-12)
    alpha, n = np.array([1.3, 0.8, 0.9]), 20_000
    grad_W = mirrored.dirichlet_dual_gradient(alpha)
    for eta, num_steps in [(0.8, 150), (0.1, 250)]:
        x = mirrored_lmc(grad_W, np.full((n, 2), 1 / 3), eta, num_steps, rng)
        for i in range(2):
            yield mean(f"E x_{i + 1}, η = {eta}", x[:, i], alpha[i] / alpha.sum(), delta=0.03)
    total = alpha.sum() * (1 + alpha.sum())
    yield mean(f"E x₁x₂, η = {eta}", x[:, 0] * x[:, 1], alpha[0] * alpha[1] / total, delta=0.02)
    yield mean(f"E x₁², η = {eta}", x[:, 0] ** 2, alpha[0] * (1 + alpha[0]) / total, delta=0.03)
    alpha, eta = np.array([0.8, 1.7]), 0.7
    nodes, law = stationary_law(lambda y: alpha.sum() / (1 + np.exp(-y)) - alpha[0], eta)
    x = mirrored_lmc(mirrored.dirichlet_dual_gradient(alpha), np.full((n, 1), 0.4), eta, 100, rng)[:, 0]
    F = np.cumsum(law) - law / 2
    cdf = lambda x: np.interp(np.log(x / (1 - x)), nodes, F)  # noqa: E731
    yield distribution(f"law of two atoms, η = {eta}", x, cdf, delta=0.05)


def chain(update):
    """A driver that can be spoiled: update(grad_W, y, eta, z, memory)."""

    def run(grad_W, x0, eta, num_steps, rng):
        y = mirrored.to_dual(x0)
        memory = {"g": grad_W(y), "z": rng.standard_normal(y.shape)}
        for _ in range(num_steps):
            y = update(grad_W, y, eta, rng.standard_normal(y.shape), memory)
        return mirrored.to_simplex(y)

    return run


def gradient_computed_once(grad_W, x0, eta, num_steps, rng):
    frozen = grad_W(mirrored.to_dual(x0))
    return mirrored.mirrored_lmc(lambda y: frozen, x0, eta, num_steps, rng)


def one_step_too_many(grad_W, x0, eta, num_steps, rng):
    return mirrored.mirrored_lmc(grad_W, x0, eta, num_steps + 1, rng)


mirrored_chains_sample_the_dirichlet_law.mutants({
    "ascends": chain(lambda g, y, eta, z, m: y + eta * g(y) + np.sqrt(2 * eta) * z),
    "√η for √(2η)": chain(lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(eta) * z),
    "η for √(2η)": chain(lambda g, y, eta, z, m: y - eta * g(y) + eta * z),
    "drift 1 % too large": chain(lambda g, y, eta, z, m: y - 1.01 * eta * g(y) + np.sqrt(2 * eta) * z),
    "no noise": chain(lambda g, y, eta, z, m: y - eta * g(y)),
    "the same noise at every step": chain(lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(2 * eta) * m["z"]),
    "one noise for all coordinates": chain(
        lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(2 * eta) * (0 * z + z[:, :1])
    ),
    "noise in the primal metric": chain(
        lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(2 * eta * mirrored.to_simplex(y)) * z
    ),
    "gradient at the primal point": chain(
        lambda g, y, eta, z, m: y - eta * g(mirrored.to_simplex(y)) + np.sqrt(2 * eta) * z
    ),
    "gradient computed once": shipped(gradient_computed_once, project="metropolis-adjusted-MLA", version="1f01fc4"),
    "one step too many": one_step_too_many,
})


@claim("S10", slide=SLIDE, source=SOURCE)
def mirrored_lmc_is_biased_at_order_one(rng, *, dirichlet_dual_gradient=mirrored.dirichlet_dual_gradient):
    r"""Two atoms: in the chain's exact law E x is that of Beta(α) for every η, and Var x is off by O(η)."""
    alpha = rng.uniform(0.7, 1.8, 2)
    exact = scipy.stats.beta(*alpha)
    grad_W, etas = dirichlet_dual_gradient(alpha), np.geomspace(0.05, 0.5, 12)
    means, off = [], []
    for eta in etas:
        y, law = stationary_law(lambda y: grad_W(y[:, None])[:, 0], eta)
        x = 1 / (1 + np.exp(-y))
        means.append(law @ x)
        off.append(law @ (x - exact.mean()) ** 2 - exact.var())
    yield equal("E x for 12 steps η", means, exact.mean(), atol=1e-9)
    yield rate("Var x − variance of Beta, in η", etas, off, 1.0)


mirrored_lmc_is_biased_at_order_one.mutants(DIRICHLETS)
