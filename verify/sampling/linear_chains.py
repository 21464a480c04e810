"""Underdamped against overdamped Langevin on Gaussians, by exact laws: slide "Iterative refinement … MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import linear_chains
from verify.claims import claim, shipped
from verify.evidence import equal, rounding

SLIDE = "Iterative refinement like in optimization: MCMC"
SOURCE = "Leimkuhler & Matthews 2013"


def random_precision(rng, p):
    """A generic positive definite matrix of eigenvalues between 1/2 and 3."""
    Q = np.linalg.qr(rng.standard_normal((p, p)))[0]
    return (Q * rng.uniform(0.5, 3, p)) @ Q.T


def split_step(A, h, gamma, u):
    """M and NNᵀ of BAOAB as products of the flows of its parts, by matrix exponentials and an integral (Van Loan)."""
    p = len(A)
    I, O = np.eye(p), np.zeros((p, p))
    kick = scipy.linalg.expm(h / 2 * np.block([[O, O], [-u * A, O]]))
    drift = scipy.linalg.expm(h / 2 * np.block([[O, I], [O, O]]))
    noise = np.block([[O, O], [O, 2 * gamma * u * I]])
    friction = np.block([[O, O], [O, -gamma * I]])
    flow = scipy.linalg.expm(h * np.block([[-friction, noise], [0 * noise, friction.T]]))
    rotate = flow[2 * p :, 2 * p :].T
    M = kick @ drift @ rotate @ drift @ kick
    return M, kick @ drift @ rotate @ flow[: 2 * p, 2 * p :] @ drift.T @ kick.T


CASES = [(0.5, 1.3, 1.0), (0.2, 0.4, 2.5), (1.1, 3.0, 0.6)]  # h, γ, u


@claim("S08", slide=SLIDE, source=SOURCE)
def baoab_on_a_gaussian_composes_the_flows_of_its_parts(rng, *, baoab_transition=linear_chains.baoab_transition):
    r"""M = B A O A B and NNᵀ are products of the exact flows of kick, drift and Ornstein-Uhlenbeck velocity."""
    for p, (h, gamma, u) in zip((1, 2, 4), CASES, strict=True):
        A = random_precision(rng, p)
        given = (A, h, gamma) if u == 1 else (A, h, gamma, u)
        M, N = (np.asarray(part) for part in baoab_transition(*given))
        expected, covariance = split_step(A, h, gamma, u)
        yield equal(f"M, p = {p}", M, expected, atol=rounding(500, 3))
        yield equal(f"NNᵀ, p = {p}", N @ N.T, covariance, atol=rounding(500, 10))


def of_step(step):
    """The transition of a planar step on (a, v), written out in one coordinate and applied to eigenvectors of A."""

    def transition(A, h, gamma, u=1.0):
        I, O = np.eye(len(A)), np.zeros_like(A)

        def image(a, v, z):
            return np.concatenate(step(lambda a: a @ A, a, v, h, gamma, u, z), -1).T

        return np.hstack([image(I, O, O), image(O, I, O)]), image(O, O, I)

    return transition


def general_step(grad_f, a, v, h, gamma, u, z, *, kick=0.5, last=True, strength=None):
    """BAOAB with parts that can be spoiled."""
    c = np.exp(-gamma * h)
    g = grad_f(a)
    v = v - kick * h * u * g
    a = a + h / 2 * v
    v = c * v + (np.sqrt(u * (1 - c**2)) if strength is None else strength(c, u)) * z
    a = a + h / 2 * v
    return a, v - kick * h * u * (grad_f(a) if last else g)


def spoilt(**how):
    return of_step(lambda *args: general_step(*args, **how))


def temperature_for_its_root(A, h, gamma, u=1.0):
    M, N = linear_chains.baoab_transition(A, h, gamma, u)
    return M, np.sqrt(u) * N


def position_never_moves(A, h, gamma, u=1.0):
    M, N = (part.copy() for part in linear_chains.baoab_transition(A, h, gamma, u))
    p = len(A)
    M[:p], N[:p] = np.eye(p, 2 * p), 0
    return M, N


baoab_on_a_gaussian_composes_the_flows_of_its_parts.mutants({
    "1 − c in place of 1 − c² under the root": spoilt(strength=lambda c, u: np.sqrt(u * (1 - c))),
    "noise √(2γu) without its time": spoilt(strength=lambda c, u: np.sqrt(2 * u)),
    "noise without the inverse mass": spoilt(strength=lambda c, u: np.sqrt(1 - c**2)),
    "noise 1 % too large": spoilt(strength=lambda c, u: 1.01 * np.sqrt(u * (1 - c**2))),
    "kicks of 0.505 h": spoilt(kick=0.505),
    "kicks of h": spoilt(kick=1.0),
    "gradient taken once": spoilt(last=False),
    "u = 2 where nothing is said": lambda A, h, gamma, u=2.0: linear_chains.baoab_transition(A, h, gamma, u),
    "temperature where its root is meant": shipped(
        temperature_for_its_root, project="SGMCMCJax", version="0.2.13, baoab"
    ),
    "the position never moves": shipped(position_never_moves, project="SGMCMCJax", version="0.2.13", thread="#69"),
})


@claim("S08", slide=SLIDE, source=SOURCE)
def baoab_has_no_error_in_position_on_a_gaussian(
    rng, *, baoab_stationary_covariance=linear_chains.baoab_stationary_covariance
):
    r"""BAOAB ends in Var a = A⁻¹ exactly and Var v = u(I − h²uA/4), uncorrelated, whatever the friction."""
    for p, (h, gamma, u) in zip((1, 2, 4), CASES, strict=True):
        A = random_precision(rng, p)
        M, Q = split_step(A, h, gamma, u)
        oracle = scipy.linalg.solve_discrete_lyapunov(M, Q)
        C = baoab_stationary_covariance(A, h) if u == 1 else baoab_stationary_covariance(A, h, u)
        gap = 1 - np.abs(np.linalg.eigvals(M)).max()
        yield equal(f"covariance, p = {p}, h = {h}, γ = {gamma}, u = {u}", C, oracle, atol=rounding(300, 3 / gap))
        limit = 2 / np.sqrt(u * np.linalg.eigvalsh(A)[-1])
        for share in (1 - 1e-6, 1 + 1e-9, 1.2, 5.0):
            M = split_step(A, share * limit, gamma, u)[0]
            stable = np.abs(np.linalg.eigvals(M)).max() < 1
            given = refuses(baoab_stationary_covariance, A, share * limit, u)
            yield equal(f"refused at h = {share:.7g} · 2/√(uλmax) iff unstable", given, not stable)


def refuses(function, *arguments):
    """Whether a function raises ValueError."""
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


def block_diagonal(of_v, of_a=lambda A, h, u: np.linalg.inv(A), cross=0.0):
    """A covariance from those of v and a, for any h."""

    def covariance(A, h, u=1.0):
        O = cross * np.eye(len(A))
        return np.block([[of_a(A, h, u), O], [O, of_v(A, h, u, np.eye(len(A)))]])

    return covariance


def stationary(of_v, of_a=lambda A, h, u: np.linalg.inv(A), cross=0.0):
    """The same where there is a stationary law; refused where there is none."""

    def covariance(A, h, u=1.0):
        linear_chains.baoab_stationary_covariance(A, h, u)
        return block_diagonal(of_v, of_a, cross)(A, h, u)

    return covariance


def right_velocity(A, h, u, I):
    return u * (I - h**2 * u * A / 4)


formula_for_any_h = block_diagonal(right_velocity)


def refused_as_for_unit_mass(A, h, u=1.0):
    linear_chains.baoab_stationary_covariance(A, h, min(u, 1.0))
    return formula_for_any_h(A, h, u)


baoab_has_no_error_in_position_on_a_gaussian.mutants({
    "Var v = uI": stationary(lambda A, h, u, I: u * I),
    "plus in Var v": stationary(lambda A, h, u, I: u * (I + h**2 * u * A / 4)),
    "h² u A/2 in Var v": stationary(lambda A, h, u, I: u * (I - h**2 * u * A / 2)),
    "h in place of h² in Var v": stationary(lambda A, h, u, I: u * (I - h * u * A / 4)),
    "inverse mass dropped inside": stationary(lambda A, h, u, I: u * (I - h**2 * A / 4)),
    "inverse mass dropped outside": stationary(lambda A, h, u, I: I - h**2 * u * A / 4),
    "bias of Langevin Monte Carlo in a": stationary(
        right_velocity, lambda A, h, u: np.linalg.inv(A - h**2 * A @ A / 4)
    ),
    "Var a 1 % too large": stationary(right_velocity, lambda A, h, u: 1.01 * np.linalg.inv(A)),
    "correlated": stationary(right_velocity, cross=0.01),
    "the formula for any h": formula_for_any_h,
    "u = 2 where nothing is said": lambda A, h, u=2.0: linear_chains.baoab_stationary_covariance(A, h, u),
    "refused from 2/√λmax on": refused_as_for_unit_mass,
})
