"""The exact law of LMC on Gaussians: slide "Iterative refinement like in optimization: MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import gaussian_law
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.sampling.metrics import random_law

SLIDE = "Iterative refinement like in optimization: MCMC"
SOURCE = "Gaussian laws under affine maps"


def recursion(A, eta, num_steps, C):
    """C_k by its recursion C⁺ = MCM + 2ηI."""
    M = np.eye(len(A)) - eta * A
    for _ in range(num_steps):
        C = M @ C @ M + 2 * eta * np.eye(len(A))
    return C


def random_start(rng, p=3):
    """A covariance that commutes with nothing, of any rank."""
    root = rng.standard_normal((p, rng.integers(1, p + 1)))
    C = root @ root.T
    return (C + C.T) / 2


@claim("S03", slide=SLIDE, source=SOURCE)
def covariance_follows_its_recursion(rng, *, lmc_covariance=gaussian_law.lmc_covariance):
    r"""C_k = M^k C₀ M^k + 2ηΣ_{j<k} M^{2j}, M = I − ηA: C₀ that do not commute with A; η stable, critical, unstable."""
    for times in (1e-6, 0.3, 0.999, 1.0, 1.2):
        A, C0 = random_law(rng)[1], random_start(rng)
        largest = np.linalg.eigvalsh(A)[-1]
        eta = times * 2 / largest if times < 1 else times * (1 / largest) * 2
        for k in (0, 1, 2, 25):
            expected = recursion(A, eta, k, C0)
            error = rounding(256 * (k + 1), np.abs(expected).max() + np.abs(C0).max())
            yield equal(f"C_{k} at ηλmax = {2 * times:g}", lmc_covariance(A, eta, k, C0), expected, atol=error)
    A = np.diag(rng.uniform(1, 2, 3))
    k = 10**6
    grown = lmc_covariance(np.diag([1.0, 0.5, 0.25]), 2.0, k, np.zeros((3, 3)))
    yield equal("ηλ = 2, 1, ½ after 10⁶ steps from 0", np.diag(grown), [4.0 * k, 4.0, 16 / 3], rtol=rounding(64))
    small = lmc_covariance(A, 1e-12, k, np.zeros((3, 3)))
    expected = np.diag(-np.expm1(-2e-6 * np.diag(A)) / np.diag(A))
    yield equal("from 0 with η = 10⁻¹²: a diffusion to t = 10⁻⁶", small, expected, atol=rounding(1e3, 2e-6) + 1e-17)


def sum_in_closed_form(A, eta, num_steps, C0):
    power = np.linalg.matrix_power(np.eye(len(A)) - eta * A, num_steps)
    C = np.linalg.inv(A @ (np.eye(len(A)) - eta * A / 2) + 1e-300 * np.eye(len(A)))
    return power @ C0 @ power + C @ (np.eye(len(A)) - power @ power)


def as_if_the_start_commuted(A, eta, num_steps, C0):
    power = np.linalg.matrix_power(np.eye(len(A)) - eta * A, 2 * num_steps)
    return gaussian_law.lmc_covariance(A, eta, num_steps, 0 * C0) + (power @ C0 + C0 @ power) / 2


def noise_too_small(A, eta, num_steps, C0):
    start = gaussian_law.lmc_covariance(A, eta, num_steps, C0)
    return start - gaussian_law.lmc_covariance(A, eta, num_steps, 0 * C0) / 2


def power_k_for_2k(A, eta, num_steps, C0):
    noise = gaussian_law.lmc_covariance(A, eta, num_steps // 2, 0 * C0)
    power = np.linalg.matrix_power(np.eye(len(A)) - eta * A, num_steps)
    return power @ C0 @ power + noise


def continuous_time(A, eta, num_steps, C0):
    power = scipy.linalg.expm(-eta * num_steps * A)
    return power @ C0 @ power + np.linalg.inv(A) @ (np.eye(len(A)) - power @ power)


covariance_follows_its_recursion.mutants({
    "no stable sum at ηλ = 2 and for small η: C_η(I − M²ᵏ)": sum_in_closed_form,
    "as if C₀ commuted with A: M²ᵏC₀": as_if_the_start_commuted,
    "noise √η": noise_too_small,
    "one step too many": lambda A, eta, num_steps, C0: gaussian_law.lmc_covariance(A, eta, num_steps + 1, C0),
    "Mᵏ for M²ᵏ": power_k_for_2k,
    "continuous time: e^{−ηA}": continuous_time,
    "η 1 % too large": lambda A, eta, num_steps, C0: gaussian_law.lmc_covariance(A, 1.01 * eta, num_steps, C0),
})


@claim("S03", slide=SLIDE, source=SOURCE)
def mean_contracts_by_one_minus_eta_l(rng, *, lmc_mean=gaussian_law.lmc_mean):
    r"""m_k = m + (I − ηA)^k (m₀ − m)."""
    for k in (0, 1, 7, 40):
        (m, A), m0, eta = random_law(rng), rng.standard_normal(3), rng.uniform(0.01, 1.2)
        expected = m0
        for _ in range(k):
            expected = expected - eta * A @ (expected - m)
        scale = (1 + np.abs(expected).max()) * (k + 1)
        yield equal(f"m_{k}", lmc_mean(A, eta, k, m0, m), expected, atol=rounding(128, scale))


mean_contracts_by_one_minus_eta_l.mutants({
    "towards 0": lambda A, eta, num_steps, m0, m: gaussian_law.lmc_mean(A, eta, num_steps, m0, 0 * m),
    "continuous time": lambda A, eta, num_steps, m0, m: m + scipy.linalg.expm(-eta * num_steps * A) @ (m0 - m),
    "one step too few": lambda A, eta, num_steps, m0, m: gaussian_law.lmc_mean(A, eta, max(num_steps - 1, 0), m0, m),
})


@claim("S03", slide=SLIDE, source=f"{SOURCE}; discrete Lyapunov equation")
def stationary_covariance_exists_iff_eta_is_below_two_over_l(
    rng, *, lmc_stationary_covariance=gaussian_law.lmc_stationary_covariance, lmc_covariance=gaussian_law.lmc_covariance
):
    r"""C_η = [A(I − ηA/2)]⁻¹ solves C = MCM + 2ηI and is the limit of C_k; at η ≥ 2/λmax there is none."""
    for times in (1e-3, 0.4, 0.9, 0.99):
        A = random_law(rng)[1]
        eta = times * 2 / np.linalg.eigvalsh(A)[-1]
        M, C = np.eye(3) - eta * A, np.asarray(lmc_stationary_covariance(A, eta))
        error = rounding(1e4, np.abs(C).max() / (1 - times) / min(times, 1))
        expected = scipy.linalg.solve_discrete_lyapunov(M, 2 * eta * np.eye(3))
        yield equal(f"C_η at ηλmax = {2 * times:g}", C, expected, atol=error * 100)
        yield equal("C_η − MC_ηM − 2ηI", C - M @ C @ M, 2 * eta * np.eye(3), atol=error)
        forgotten = int(60 / np.log(1 / np.abs(np.linalg.eigvalsh(M)).max())) + 1
        yield equal("C_k for large k", lmc_covariance(A, eta, forgotten, random_start(rng)), C, atol=error)
    eta = (1 - 1e-9) * 2 / np.linalg.eigvalsh(A)[-1]
    largest = np.linalg.eigvalsh(lmc_stationary_covariance(A, eta))[-1] * np.linalg.eigvalsh(A)[-1]
    yield equal("l C_η at ηλmax = 2 − 2·10⁻⁹", largest, 1e9, rtol=1e-5)
    for times in (1.0, 1 + 1e-9, 1.001, 3.0):
        eta = times * 2 / np.linalg.eigvalsh(A)[-1] * (1 + 1e-14)
        yield equal(f"refused at ηλmax = {2 * times:g}", refuses(lmc_stationary_covariance, A, eta), 1.0)
        sizes = [np.linalg.eigvalsh(lmc_covariance(A, eta, k, np.eye(3)))[-1] for k in (100, 200)]
        yield equal("C_k keeps growing", float(sizes[1] > sizes[0] + 50 * eta), 1.0)


def refuses(function, *arguments):
    """1 when the function raises ValueError or ArithmeticError, 0 when it returns."""
    try:
        function(*arguments)
    except (ValueError, ArithmeticError):
        return 1.0
    return 0.0


def refused_below_the_edge(A, eta):
    stable = eta * np.linalg.eigvalsh(A)[-1] < 2 - 2e-6
    return gaussian_law.lmc_stationary_covariance(A, eta) if stable else np.eye(len(A))


def taken_above_the_edge(A, eta):
    stable = eta * np.linalg.eigvalsh(A)[-1] < 2 + 2e-6
    return np.linalg.inv(A @ (np.eye(len(A)) - eta * A / 2)) if stable else np.eye(len(A))


def inverse_forgotten(A, eta):
    gaussian_law.lmc_stationary_covariance(A, eta)
    return A @ (np.eye(len(A)) - eta * A / 2)


stationary_covariance_exists_iff_eta_is_below_two_over_l.mutants(
    {
        "A⁻¹: no bias": lambda A, eta: np.linalg.inv(A),
        "η for η/2": lambda A, eta: np.linalg.inv(A @ (np.eye(len(A)) - eta * A)),
        "bias 1 % off": lambda A, eta: np.linalg.inv(A @ (np.eye(len(A)) - 0.505 * eta * A)),
        "formula used where there is no limit": lambda A, eta: np.linalg.inv(A @ (np.eye(len(A)) - eta * A / 2)),
        "refused from ηλmax = 2 − 2·10⁻⁶ on": refused_below_the_edge,
        "taken up to ηλmax = 2 + 2·10⁻⁶": taken_above_the_edge,
        "inverse forgotten": inverse_forgotten,
    },
    replaces="lmc_stationary_covariance",
)
stationary_covariance_exists_iff_eta_is_below_two_over_l.mutants(
    {"noise 1 % too large": lambda A, eta, num_steps, C0: 1.01 * gaussian_law.lmc_covariance(A, eta, num_steps, C0)},
    replaces="lmc_covariance",
)
