"""The bias of LMC, exact on Gaussians, by quadrature of its kernel elsewhere: slide "Iterative refinement … MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import gaussian_law, langevin, metrics, targets
from verify.claims import claim
from verify.evidence import equal, rate, rounding
from verify.sampling.gaussian_law import SOURCE
from verify.sampling.langevin import SLIDE
from verify.sampling.metrics import random_law


def grid_kernel(step, target, eta, x):
    """Transition matrix on the cells of a grid of the chain with Gaussian steps, by densities at the grid's points."""
    column, one = x[:, None], np.ones((len(x), 1))
    centre = np.asarray(step(target.grad_f, column, eta, 0 * one))
    spread = np.asarray(step(target.grad_f, column, eta, one)) - centre
    return scipy.stats.norm.pdf(x, centre, np.abs(spread)) * (x[1] - x[0])


def stationary(P):
    """Left eigenvector of eigenvalue 1, of sum 1."""
    Q = np.eye(len(P)) - P.T
    Q[0] = 1.0
    return np.linalg.solve(Q, np.eye(len(P))[0])


@claim("S04", slide=SLIDE, source="Talay & Tubaro 1990: expansion of the invariant law in η")
def bias_of_lmc_is_of_first_order(rng, *, lmc_step=langevin.lmc_step):
    r"""On a double well LMC ends in π(1 + η(f′²/4 − f″/2 + c)) + O(η²): off by O(η) in TV and W₁, O(η²) in KL.

    The law is computed by quadrature of the kernel. The expansion: with g = f′ a step changes E φ by
    ηE[φ″ − gφ′] + η²E[g²φ″/2 − gφ‴ + φ⁗/2], which is 0 for all φ in the law sought; integrate by parts.
    """
    barrier = rng.uniform(0.8, 1.2)
    target = targets.double_well(1, barrier)
    x = np.linspace(-3.2, 3.2, 641)
    pi = np.exp(-target.f(x[:, None]))
    pi /= pi.sum()
    eta = np.geomspace(2e-3, 2e-2, 12)
    laws = np.array([stationary(grid_kernel(lmc_step, target, e, x)) for e in eta])
    gap, u = laws - pi, 4 * barrier**2 * x**2 * (x**2 - 1) ** 2 - 2 * barrier * (3 * x**2 - 1)
    distances = {
        "TV": (np.abs(gap).sum(1) / 2, 1),
        "W₁": (np.abs(np.cumsum(gap, 1)).sum(1) * (x[1] - x[0]), 1),
        "‖π_η − π(1 + ηu)‖₁": (np.abs(gap - eta[:, None] * pi * (u - pi @ u)).sum(1), 2),
        "KL": (scipy.special.rel_entr(np.maximum(laws, 0), pi).sum(1), 2),
    }
    for name, (distance, order) in distances.items():
        yield rate(f"{name} against η", eta, distance, order)
    cubic, quartic = (np.polynomial.polynomial.polyfit(eta / eta[-1], laws, degree)[0] for degree in (3, 4))
    error = np.abs(cubic - quartic).sum()
    yield equal("law extrapolated to η = 0 by a cubic: TV from π", np.abs(cubic - pi).sum() / 2, 0.0, atol=error)


bias_of_lmc_is_of_first_order.mutants({
    "noise √η: another law, however small η": lambda grad_f, a, eta, z: a - eta * grad_f(a) + np.sqrt(eta) * z,
    "noise 1 % too large: the bias does not vanish": lambda grad_f, a, eta, z: (
        a - eta * grad_f(a) + 1.01 * np.sqrt(2 * eta) * z
    ),
    "gradient 1 % too small": lambda grad_f, a, eta, z: a - 0.99 * eta * grad_f(a) + np.sqrt(2 * eta) * z,
    "a step of Heun's kind: a bias, but another one": lambda grad_f, a, eta, z: (
        a - eta / 2 * (grad_f(a) + grad_f(a - eta * grad_f(a))) + np.sqrt(2 * eta) * z
    ),
})


@claim("S04", slide=SLIDE, source=SOURCE)
def bias_on_gaussians_is_exact(
    rng,
    *,
    lmc_stationary_covariance=gaussian_law.lmc_stationary_covariance,
    gaussian_kl=metrics.gaussian_kl,
    gaussian_w2=metrics.gaussian_w2,
):
    r"""W₂² = Σ(1/l)((1 − ηl/2)^{−½} − 1)² ≈ (η²/16)Σl and KL = ½Σ(r − 1 − log r), r = 1/(1 − ηl/2): never 0, O(η²)."""
    m, A = random_law(rng)
    l, C = np.linalg.eigvalsh(A), np.linalg.inv(A)
    C = (C + C.T) / 2
    for times in (1e-4, 1e-2, 0.3, 0.9):
        eta = times * 2 / l[-1]
        stationary = np.asarray(lmc_stationary_covariance(A, eta))
        stationary = (stationary + stationary.T) / 2
        r = 1 / (1 - eta * l / 2)
        w2 = np.sqrt((np.expm1(-np.log1p(-eta * l / 2) / 2) ** 2 / l).sum())
        kl = (r - 1 - np.log(r)).sum() / 2
        yield equal(f"W₂ at ηλmax = {2 * times:g}", gaussian_w2(m, stationary, m, C), w2, atol=rounding(1e4, 1 / l[0]))
        error = rounding(1e4, 1 / l[0] / (1 - times))
        yield equal(f"KL at ηλmax = {2 * times:g}", gaussian_kl(m, stationary, m, C), kl, atol=error)
    eta = 1e-4 / l[-1]
    near = gaussian_w2(m, lmc_stationary_covariance(A, eta), m, C) ** 2
    yield equal("W₂²/η² for small η: Σl/16", near / eta**2, l.sum() / 16, rtol=2e-4)


bias_on_gaussians_is_exact.mutants(
    {
        "no bias at all": lambda A, eta: np.linalg.inv(A),
        "bias of the other sign": lambda A, eta: np.linalg.inv(A @ (np.eye(len(A)) + eta * A / 2)),
        "twice the bias": lambda A, eta: gaussian_law.lmc_stationary_covariance(
            A, eta * (2 - eta * np.linalg.eigvalsh(A)[-1] / 2) / 2 * 1.1
        ),
    },
    replaces="lmc_stationary_covariance",
)
bias_on_gaussians_is_exact.mutants(
    {"divergence the other way round": lambda m0, C0, m1, C1: metrics.gaussian_kl(m1, C1, m0, C0)},
    replaces="gaussian_kl",
)
bias_on_gaussians_is_exact.mutants(
    {"W₂²": lambda m0, C0, m1, C1: metrics.gaussian_w2(m0, C0, m1, C1) ** 2}, replaces="gaussian_w2"
)
