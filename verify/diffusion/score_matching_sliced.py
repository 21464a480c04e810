"""Score matching without the Jacobian: sliced and denoising; slide "Hyvärinen's trick", remarks."""

import itertools

import numpy as np

from refimpl.diffusion import score_matching, tweedie
from verify.claims import claim, shipped
from verify.diffusion.score_matching import SLIDE, gaussian_points, parabola, waves
from verify.evidence import equal, rounding
from verify.sampling.metrics import random_law


def every_pair(a, v):
    """Each point with each direction, as two batches of one length."""
    return np.repeat(a, len(v), axis=0), np.tile(v, (len(a), 1))


@claim("D03", slide=SLIDE, source="Song, Garg, Shi & Ermon 2019")
def sliced_losses_need_directions_of_covariance_one(
    rng,
    *,
    sliced_loss=score_matching.sliced_loss,
    variance_reduced_sliced_loss=score_matching.variance_reduced_sliced_loss,
):
    r"""E[vᵀ∇h v + ½(vᵀh)²] = E[tr ∇hM + ½hᵀMh], M = E[vvᵀ]: the implicit loss iff M = I; 1/p of it on the sphere.

    With ‖h‖² for (vᵀh)² unit vectors do harm: the minimiser becomes ∇log π / p.
    """
    p = 3
    h, jacobian = waves(rng, p)
    a = 2 * rng.standard_normal((20, p))
    squares, J = (h(a) ** 2).sum(-1) / 2, jacobian(a)
    trace = np.trace(J, axis1=1, axis2=2)
    implicit = (squares + trace).mean()
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=p)))
    R = rng.standard_normal((p, p))
    M = R @ R.T
    quadratic = (np.einsum("ni,ij,nj->n", h(a), M, h(a)) / 2 + np.einsum("nij,ji->n", J, M)).mean()
    reduced = (squares + np.einsum("nij,ji->n", J, M)).mean()
    error = rounding(1e4, 10 * (1 + np.trace(M)))
    designs = {
        "signs": (signs, implicit, implicit),
        "√p times the axes": (np.sqrt(p) * np.eye(p), implicit, implicit),
        "axes, unit vectors": (np.eye(p), implicit / p, (squares + trace / p).mean()),
        "E[vvᵀ] = M": (signs @ R.T, quadratic, reduced),
    }
    for name, (directions, sliced, mixed) in designs.items():
        batch = every_pair(a, directions)
        yield equal(f"{name}: sliced loss", sliced_loss(h, *batch), sliced, atol=error)
        yield equal(f"{name}: with ‖h‖²", variance_reduced_sliced_loss(h, *batch), mixed, atol=error)
    v = rng.standard_normal((4, 20, p))
    for name, loss in (("sliced loss", sliced_loss), ("with ‖h‖²", variance_reduced_sliced_loss)):
        apart = np.mean([loss(h, a, one) for one in v])
        yield equal(f"four directions a point: {name}", loss(h, a, v), apart, atol=100 * error)
    b = rng.standard_normal(p)
    excess = sliced_loss(lambda a: b + 0 * a, *every_pair(a, signs @ R.T)) - b @ b / 2
    yield equal("M ≠ I shows on constant h", excess, b @ (M - np.eye(p)) @ b / 2, atol=error * (1 + b @ b))
    m, C = random_law(rng, p)
    A, batch = np.linalg.inv(C), every_pair(gaussian_points(m, np.linalg.cholesky(C)), np.eye(p))
    for name, loss, expected in (("", sliced_loss, 1.0), (", with ‖h‖²", variance_reduced_sliced_loss, 1 / p)):
        best, _ = parabola(lambda c, loss=loss: loss(lambda a: c * (m - a) @ A, *batch))
        yield equal(f"unit vectors{name}: the best c of c∇log π", best, expected, atol=rounding(1e5))


def estimator_summed(score, a, v):
    squares = ((v * score(a)).sum(-1) ** 2).mean() / 2
    return squares + len(v) * (score_matching.sliced_loss(score, a, v) - squares)


def slope_for_curvature(score, a, v):
    u = (v * score(a)).sum(-1)
    return (u + u**2 / 2).mean()


def trace_divided_by_the_dimension(score, a, v):
    squares = (score(a) ** 2).sum(-1).mean() / 2
    return squares + (score_matching.variance_reduced_sliced_loss(score, a, v) - squares) / a.shape[-1]


sliced_losses_need_directions_of_covariance_one.mutants(
    {
        "(vᵀh)² without the ½": lambda score, a, v: (
            score_matching.sliced_loss(score, a, v) + ((v * score(a)).sum(-1) ** 2).mean() / 2
        ),
        "Hutchinson's estimator summed, never averaged": shipped(estimator_summed, project="bayesflow", thread="#772"),
        "directions put on the sphere": lambda score, a, v: score_matching.sliced_loss(
            score, a, v / np.linalg.norm(v, axis=-1, keepdims=True)
        ),
        "‖h‖² for (vᵀh)²": lambda score, a, v: score_matching.variance_reduced_sliced_loss(score, a, v),
        "slope along v, not curvature": slope_for_curvature,
        "½ in front of all": lambda score, a, v: score_matching.sliced_loss(score, a, v) / 2,
    },
    replaces="sliced_loss",
)
sliced_losses_need_directions_of_covariance_one.mutants(
    {
        "trace divided by the dimension": shipped(
            trace_divided_by_the_dimension, project="torchebm", version="0.8.9, approximate score matching"
        ),
        "1 % too large": lambda score, a, v: 1.01 * score_matching.variance_reduced_sliced_loss(score, a, v),
        "(vᵀh)²": lambda score, a, v: score_matching.sliced_loss(score, a, v),
    },
    replaces="variance_reduced_sliced_loss",
)


@claim("D04", slide=SLIDE, source="Vincent 2011")
def denoising_loss_is_least_at_the_noised_score_of_gaussians(rng, *, denoising_loss=score_matching.denoising_loss):
    r"""On N(m, C): E = ½(p/σ² − tr(C + σ²I)⁻¹) + ½E‖h − ∇log π_σ‖² for affine h; (p/2)(1/σ² − 1/(v + σ²)) if C = vI."""
    for p in (1, 3, 4):
        m, generic = random_law(rng, p)
        sigma, v = rng.uniform(0.3, 2), rng.uniform(0.2, 2)
        for name, C in (("C", generic), ("vI", v * np.eye(p))):
            root = np.zeros((2 * p, 2 * p))
            root[:p, :p], root[p:, p:] = np.linalg.cholesky(C), np.eye(p)
            a, z = np.split(gaussian_points(np.append(m, np.zeros(p)), root), 2, axis=1)
            noisy = C + sigma**2 * np.eye(p)
            A, G, g = np.linalg.inv(noisy), rng.standard_normal((p, p)), rng.standard_normal(p)

            def loss(c, a=a, z=z, m=m, A=A, G=G, g=g, sigma=sigma):
                return denoising_loss(lambda x: (m - x) @ A + c * ((x - m) @ G.T + g), a, z, sigma)

            error = rounding(1e4, p * (1 + 1 / sigma**2 + np.trace(A) + np.trace(G @ noisy @ G.T) + g @ g))
            least = (p / sigma**2 - np.trace(A)) / 2
            yield equal(f"p = {p}, {name}: at the score of π_σ", loss(0.0), least, atol=error)
            more = least + 0.7**2 / 2 * (np.trace(G @ noisy @ G.T) + g @ g)
            yield equal(f"p = {p}, {name}: away from it", [loss(0.7), loss(-0.7)], [more, more], atol=error)
        best, least = parabola(lambda c, a=a, z=z, m=m, s=sigma: denoising_loss(lambda x: c * (m - x), a, z, s))
        yield equal(f"p = {p}: the best h = c(m − x)", best, 1 / (v + sigma**2), atol=error)
        yield equal(f"p = {p}: its loss", least, p / 2 * (1 / sigma**2 - 1 / (v + sigma**2)), atol=error)
    z = rng.standard_normal((4, *a.shape))
    apart = np.mean([denoising_loss(np.sin, a, one, 0.7) for one in z])
    yield equal("noise four times a sample", denoising_loss(np.sin, a, z, 0.7), apart, rtol=rounding(1e4))


denoising_loss_is_least_at_the_noised_score_of_gaussians.mutants({
    "the noise with the wrong sign": shipped(
        lambda score, a, z, sigma: ((score(a + sigma * z) - z / sigma) ** 2).sum(-1).mean() / 2,
        project="torchebm",
        version="0.8.8",
        thread="#318",
    ),
    "z for z/σ": lambda score, a, z, sigma: ((score(a + sigma * z) + z) ** 2).sum(-1).mean() / 2,
    "z/σ²: the noise taken for σz already": lambda score, a, z, sigma: (
        ((score(a + sigma * z) + z / sigma**2) ** 2).sum(-1).mean() / 2
    ),
    "no ½": lambda score, a, z, sigma: 2 * score_matching.denoising_loss(score, a, z, sigma),
    "mean over coordinates": lambda score, a, z, sigma: ((score(a + sigma * z) + z / sigma) ** 2).mean() / 2,
    "score of the clean samples": lambda score, a, z, sigma: ((score(a) + z / sigma) ** 2).sum(-1).mean() / 2,
    "weighted by σ²": lambda score, a, z, sigma: sigma**2 * score_matching.denoising_loss(score, a, z, sigma),
    "noise of variance σ": lambda score, a, z, sigma: (
        ((score(a + np.sqrt(sigma) * z) + z / sigma) ** 2).sum(-1).mean() / 2
    ),
})


@claim("D04", slide=SLIDE, source="Vincent 2011; characteristic functions of Gaussians")
def denoising_loss_learns_the_noised_score_of_mixtures(
    rng, *, denoising_loss=score_matching.denoising_loss, mixture_score=tweedie.mixture_score
):
    r"""½E‖h(a + σz) + z/σ‖² = E_{π_σ}[½h² + h′] + 1/2σ², for waves h; 1/2σ² − ½E(∇log π_σ)² for the best h."""
    sigma, weights = rng.uniform(0.6, 1.2), rng.dirichlet([2.0, 2.0])
    means, variances = rng.uniform(-1, 1, 2), rng.uniform(0.7, 1.2, 2)
    u = np.arange(-8, 8.2, 0.3) + rng.uniform(0, 0.1)
    bell = np.exp(-(u**2) / 2) / np.exp(-(u**2) / 2).sum()
    frequency, phase, size = rng.uniform(0.5, 2), rng.uniform(0, 6), rng.uniform(0.5, 2)

    def h(x):
        return size * np.sin(frequency * x + phase)

    noisy = variances + sigma**2

    def best(x):
        return mixture_score(x, weights, means[:, None], noisy[:, None, None])

    def loss(h):
        total = 0.0
        for share, mean, variance in zip(weights, means, variances, strict=True):
            for one, weight in zip(mean + np.sqrt(variance) * u, bell, strict=True):
                each = [denoising_loss(h, np.array([[one]]), np.array([[z]]), sigma) for z in u]
                total += share * weight * (bell @ np.array(each))
        return total

    decay = np.exp(-np.array([[1], [4]]) * frequency**2 * noisy / 2)  # of cos at the frequency, and at twice it
    cosines = (weights * decay * np.cos(np.array([[1], [2]]) * (frequency * means + phase))).sum(-1)
    implicit = size**2 * (1 - cosines[1]) / 4 + size * frequency * cosines[0]
    yield equal("h = A sin(ωx + φ)", loss(h), implicit + 1 / (2 * sigma**2), atol=rounding(1e5, 10))
    x = means[:, None] + np.sqrt(noisy)[:, None] * u
    information = (weights[:, None] * bell * best(x[..., None])[..., 0] ** 2).sum()
    yield equal("h = ∇log π_σ", loss(best), 1 / (2 * sigma**2) - information / 2, atol=rounding(1e5, 10))


denoising_loss_learns_the_noised_score_of_mixtures.mutants(
    {
        "the noise with the wrong sign": shipped(
            lambda score, a, z, sigma: ((score(a + sigma * z) - z / sigma) ** 2).sum(-1).mean() / 2,
            project="torchebm",
            version="0.8.8",
            thread="#318",
        ),
        "z for z/σ": lambda score, a, z, sigma: ((score(a + sigma * z) + z) ** 2).sum(-1).mean() / 2,
        "1 % too much noise": lambda score, a, z, sigma: score_matching.denoising_loss(score, a, 1.01 * z, sigma),
    },
    replaces="denoising_loss",
)
denoising_loss_learns_the_noised_score_of_mixtures.mutants(
    {
        "score of the clean law": lambda x, weights, means, covariances: tweedie.mixture_score(
            x, weights, means, covariances - 0.3
        )
    },
    replaces="mixture_score",
)
