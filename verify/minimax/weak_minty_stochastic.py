"""Stochastic methods for weak Minty games: slide "When do the algorithms converge?"."""

import numpy as np
import scipy

from refimpl.minimax import weak_minty
from verify.claims import claim
from verify.evidence import ALPHA, at_least, at_most, confidence_sequence, distribution, equal, rounding
from verify.minimax.weak_minty import SLIDE, linear_field, lower_bound_matrix
from verify.minimax.weak_minty_methods import sets, wavy_field

SOURCE = "Pethick, Fercoq, Latafat, Patrinos & Cevher 2023"


def stochastic_eg_plus(V_hat, z0, gamma, alphas, rng, project=None):
    """Plain stochastic EG+: z̄ = z − γV̂(z, ξ), z⁺ = z − αγV̂(z̄, ξ')."""
    z, z_bar = [z0], []
    for alpha in alphas:
        z_bar.append(z[-1] - gamma * V_hat(z[-1], rng.standard_normal(z0.shape)))
        z.append(z[-1] - alpha * gamma * V_hat(z_bar[-1], rng.standard_normal(z0.shape)))
    return weak_minty.StochasticRun(np.array(z), np.array(z_bar))


@claim("M21", slide=SLIDE, source=SOURCE)
def one_sample_is_used_twice(rng, *, bc_seg_plus=weak_minty.bc_seg_plus):
    r"""With V̂ = V + Sξ the error e = h − Hz obeys e_k = (1 − α_k) e_{k−1} − α_k γ Sξ_k, e₀ = −γSξ₀: V drops out."""
    M, S, gamma = rng.standard_normal((3, 3)), rng.standard_normal((3, 3)), rng.uniform(0.1, 0.3)
    V, alphas = wavy_field(M / 3), np.append(rng.uniform(0.2, 0.9, 4), [1.0, *rng.uniform(0.2, 0.9, 3)])
    tolerance = rounding(512, 10.0)
    for name, Q in sets(rng).items():
        for z0 in (rng.uniform(-1, 1, (20, 3)), rng.uniform(-1, 1, 3)):
            what, seed = f"{name}, z₀ {z0.shape}", rng.integers(2**32)
            done = bc_seg_plus(lambda z, xi: V(z) + xi @ S.T, z0, gamma, alphas, np.random.default_rng(seed), project=Q)
            noise = np.random.default_rng(seed).standard_normal((len(alphas), 2, *z0.shape)) @ S.T
            e = np.tensordot(weights(alphas), -gamma * noise[:, 0], 1)
            h = done.z[:-1] - gamma * V(done.z[:-1]) + e
            z_bar = Q(h) if Q else h
            yield equal(f"{what}: first state", done.z[0], Q(z0) if Q else z0)
            yield equal(f"{what}: z̄", done.z_bar, z_bar, atol=tolerance)
            step = (alphas * (h - z_bar + gamma * (V(z_bar) + noise[:, 1])).T).T
            yield equal(f"{what}: z⁺ − z", np.diff(done.z, axis=0), -step, atol=tolerance)
    xy = wavy_field(M / 3)
    quiet = bc_seg_plus(lambda z, xi: xy(z), z0, gamma, np.full(5, 0.5), rng)
    z, expected = z0, [z0]
    for _ in range(5):
        z = z - 0.5 * gamma * xy(z - gamma * xy(z))
        expected.append(z)
    yield equal("without noise: EG+", quiet.z, expected, atol=tolerance)


def weights(alphas):
    """The weight of −γSξⱼ in e_k: α_j Π_{i=j+1..k} (1 − α_i), and Π_{i=1..k} (1 − α_i) for j = 0."""
    n = len(alphas)
    first = np.concatenate([[1.0], alphas[1:]])
    return np.tril([[first[j] * np.prod(1 - alphas[j + 1 : k + 1]) for j in range(n)] for k in range(n)])


def wrong_run(beta=lambda a, k: a if k else 1.0, twice=True, fresh=True, hat=True, gain=1.0, keep="h"):
    """A BC-SEG+ with something wrong.

    β_k = beta(α_k, k); the sample of the correction is the same (twice); ξ' is fresh; the second half takes the field
    at z̄ (hat); the steps are gain · α_k long; the memory keeps h or z̄.
    """

    def run(V_hat, z0, gamma, alphas, rng, project=None):
        Q = project or (lambda z: z)
        z, z_bar, h = [Q(np.asarray(z0, float))], [], 0.0
        for k, alpha in enumerate(alphas):
            xi, xi_fresh = rng.standard_normal((2, *np.shape(z0)))
            other = xi if twice else np.roll(xi, 1, axis=0)
            kept = z_bar[-1] if k and keep == "z_bar" else h
            memory = kept - z[k - 1] + gamma * V_hat(z[k - 1], other) if k else 0.0
            h = z[k] - gamma * V_hat(z[k], xi) + (1 - beta(alpha, k)) * memory
            z_bar.append(Q(h))
            last = V_hat(z_bar[-1] if hat else z[k], xi_fresh if fresh else xi)
            z.append(z[k] - gain * alpha * (h - z_bar[-1] + gamma * last))
        return weak_minty.StochasticRun(np.array(z), np.array(z_bar))

    return run


def corrects_the_first_step(V_hat, z0, gamma, alphas, rng, project=None):
    done = weak_minty.bc_seg_plus(V_hat, z0, gamma, alphas, rng, project=project)
    return done._replace(z_bar=np.concatenate([(1 - alphas[0]) * done.z_bar[:1], done.z_bar[1:]]))


def one_number_for_all_coordinates(V_hat, z0, gamma, alphas, rng, project=None):
    noisy = V_hat if z0.ndim > 1 else lambda z, xi: V_hat(z, 0 * xi + xi[0])
    return weak_minty.bc_seg_plus(noisy, z0, gamma, alphas, rng, project=project)


one_sample_is_used_twice.mutants({
    "no correction: plain stochastic EG+": wrong_run(beta=lambda a, k: 1.0),
    "full memory": wrong_run(beta=lambda a, k: 0.0 if k else 1.0),
    "β_k 1 % too large": wrong_run(beta=lambda a, k: 1.01 * a if k else 1.0),
    "β_k for 1 − β_k": wrong_run(beta=lambda a, k: 1 - a if k else 1.0),
    "two samples in the correction": wrong_run(twice=False),
    "ξ again in the second half": wrong_run(fresh=False),
    "updates with the field at z": wrong_run(hat=False),
    "α 1 % too large": wrong_run(gain=1.01),
    "keeps the projected point in the memory": wrong_run(keep="z_bar"),
    "corrects the first step too": corrects_the_first_step,
    "one number for all coordinates of a point alone": one_number_for_all_coordinates,
    "some memory even for α = 1": lambda V_hat, z0, gamma, alphas, rng, project=None: weak_minty.bc_seg_plus(
        V_hat, z0, gamma, np.minimum(alphas, 0.99), rng, project=project
    ),
})


def linear_law(M, gamma, alphas, z0, corrected):
    """Mean and covariance of (z_K, z̄_{K−1}) on V = Mz with noise N(0, I): the state is (z, e), e = z̄ − Hz."""
    I, zero = np.eye(2), np.zeros((2, 2))
    H = I - gamma * M
    mean, C = np.concatenate([z0, np.zeros(2)]), np.zeros((4, 4))
    for k, alpha in enumerate(alphas):
        beta = alpha if k and corrected else 1.0
        A = np.block([[I, zero], [zero, (1 - beta) * I]])
        mean, C = A @ mean, A @ C @ A.T + np.diag([0, 0, 1, 1]) * (beta * gamma) ** 2
        to_z_bar = np.block([H, I])
        B = np.block([[I - alpha * gamma * M @ H, -alpha * gamma * M], [zero, I], [to_z_bar]])
        joint = B @ mean, B @ C @ B.T + np.diag([1, 1, 0, 0, 0, 0]) * (alpha * gamma) ** 2
        mean, C = joint[0][:4], joint[1][:4, :4]
    pick = [0, 1, 4, 5]
    return joint[0][pick], joint[1][np.ix_(pick, pick)]


@claim("M21", slide=SLIDE, source=SOURCE)
def law_on_a_linear_weak_minty_game(rng, *, bc_seg_plus=weak_minty.bc_seg_plus):
    r"""On a linear game, ρ < 0: (z, z̄) is Gaussian of known law; E‖z̄‖² → 0, which for stochastic EG+ stays > 2γ²."""
    M, n, K = lower_bound_matrix(1.0, -0.2), 40_000, 60
    gamma, alphas, z0 = 1 / np.hypot(1.0, 0.2), 0.3 / (1 + np.arange(K) / 5) ** 0.6, np.array([1.0, -0.5])
    V = linear_field(M)
    done = bc_seg_plus(lambda z, xi: V(z) + xi, np.broadcast_to(z0, (n, 2)), gamma, alphas, rng)
    mean, C = linear_law(M, gamma, alphas, z0, corrected=True)
    last = np.concatenate([done.z[-1], done.z_bar[-1]], axis=-1)
    white = scipy.linalg.solve_triangular(np.linalg.cholesky(C), (last - mean).T, lower=True)
    for i, coordinate in enumerate(white):
        yield distribution(f"whitened coordinate {i} of (z, z̄)", coordinate, scipy.stats.norm.cdf, delta=0.05)
    long = 0.3 / (1 + np.arange(5000) / 5) ** 0.6
    sizes = {}
    for corrected in (True, False):
        mean, C = linear_law(M, gamma, long, z0, corrected)
        sizes[corrected] = mean[2:] @ mean[2:] + np.trace(C[2:, 2:])
    yield at_most("E‖z̄‖² after 5000 steps, by that law", sizes[True], 0.02 * 2 * gamma**2, resolution=0.1)
    yield at_least("the same for stochastic EG+", sizes[False], 2 * gamma**2, tight=0.02)


def same_noise_for_all_chains(V_hat, z0, gamma, alphas, rng, project=None):
    one = weak_minty.bc_seg_plus(V_hat, z0[:1], gamma, alphas, rng)
    return weak_minty.StochasticRun(*(np.repeat(part, len(z0), axis=1) for part in one))


law_on_a_linear_weak_minty_game.mutants({
    "no correction: plain stochastic EG+": wrong_run(beta=lambda a, k: 1.0),
    "full memory": wrong_run(beta=lambda a, k: 0.0 if k else 1.0),
    "two samples in the correction": wrong_run(twice=False),
    "updates with the field at z": wrong_run(hat=False),
    "the same noise for all chains": same_noise_for_all_chains,
})


@claim("M21", slide=SLIDE, source=SOURCE)
def error_vanishes_where_plain_noise_leaves_a_floor(rng, *, bc_seg_plus=weak_minty.bc_seg_plus):
    r"""On V = e^z − 1 with noise N(0, 1): BC-SEG+ → 0; stochastic EG+ → the root of z − γ(e^z − 1) + γ²/2, not 0."""
    gamma, n = 0.5, 2000
    alphas = 0.5 / (1 + np.arange(3000)) ** 0.6
    floor = scipy.optimize.brentq(lambda z: z - gamma * np.expm1(z) + gamma**2 / 2, -1, 0)

    def noisy(z, xi):
        return np.expm1(z) + xi

    z0 = np.zeros((n, 1))
    plain = mean_square(stochastic_eg_plus(noisy, z0, gamma, alphas, rng).z[-1])
    corrected = mean_square(bc_seg_plus(noisy, z0, gamma, alphas, rng).z[-1])
    yield at_least("stochastic EG+: E z², 1 − 10⁻¹² sure", plain[0], 0.8 * floor**2, tight=0.2)._replace(alpha=ALPHA)
    yield at_most("BC-SEG+: E z², 1 − 10⁻¹² sure", corrected[1], 0.3 * floor**2, tight=0.5)._replace(alpha=ALPHA)


def mean_square(z):
    """Confidence interval of E min(z², 1/4)."""
    return confidence_sequence(np.minimum(z.ravel() ** 2, 0.25), (0.0, 0.25), ALPHA)


error_vanishes_where_plain_noise_leaves_a_floor.mutants({
    "no correction: plain stochastic EG+": wrong_run(beta=lambda a, k: 1.0),
    "full memory: e₀ stays": wrong_run(beta=lambda a, k: 0.0 if k else 1.0),
    "two samples in the correction": wrong_run(twice=False),
})
