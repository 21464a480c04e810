"""Parameter noise smooths the objective by a Gaussian: slide "An optimization interpretation"."""

import numpy as np

from refimpl.control import exploration, linear_quadratic
from verify.claims import claim
from verify.control._changed import changed, scaled
from verify.control._problems import random_problem, run, stages
from verify.evidence import equal, rounding

SLIDE = "An optimization interpretation"


def normal_moments(mean, deviation, count):
    """E Xⁿ of X ~ N(mean, deviation²), n < count, by mₙ = mean · mₙ₋₁ + (n − 1) deviation² mₙ₋₂."""
    m = [1.0, mean]
    for n in range(2, count):
        m.append(mean * m[-1] + (n - 1) * deviation**2 * m[-2])
    return np.array(m[:count])


@claim("C03", slide=SLIDE, source="Gaussian integrals; Stein's identity")
def smoothing_is_the_mean_over_gaussian_parameters(
    rng, *, smoothed=exploration.smoothed, smoothed_gradient=exploration.smoothed_gradient
):
    r"""E cos⟨b, θ + σε⟩ = cos⟨b, θ⟩ e^(−σ²|b|²/2), its gradient, and polynomials of degree 2N − 1 with N nodes."""
    for shape in ((1,), (2,), (1, 2), (2, 1)):
        b, theta = rng.standard_normal((2, *shape))
        for sigma in (0.1, 0.8):

            def wave(x, b=b):
                return np.cos((x * b).reshape(len(x), -1).sum(-1))

            shrink, phase = np.exp(-(sigma**2) * (b**2).sum() / 2), (b * theta).sum()
            value, slope = smoothed(wave, theta, sigma, 40), smoothed_gradient(wave, theta, sigma, 40)
            yield equal(f"wave, {shape}, σ = {sigma}", value, shrink * np.cos(phase), atol=1e-11)
            yield equal(f"its gradient, {shape}, σ = {sigma}", slope, -shrink * np.sin(phase) * b, atol=1e-10)
    mean, sigma = rng.uniform(-1, 1), 0.6
    moments = normal_moments(mean, sigma, 12)
    measured = [smoothed(lambda x, n=n: x[:, 0] ** n, np.array([mean]), sigma, 6) for n in range(12)]
    yield equal("xⁿ, n < 12, six nodes", measured, moments, atol=rounding(1e3, np.abs(moments).max()))
    slopes = [smoothed_gradient(lambda x, n=n: x[:, 0] ** n, np.array([mean]), sigma, 6)[0] for n in range(1, 11)]
    expected = np.arange(1, 11) * moments[:10]
    yield equal("(xⁿ)', n < 11, six nodes", slopes, expected, atol=rounding(1e3, np.abs(moments).max()))


def with_one_noise(J, theta, sigma, num_nodes):
    """The mean over noise that is the same in all coordinates."""
    return exploration.smoothed(lambda x: J(theta + x.reshape(-1, *[1] * theta.ndim)), np.zeros(1), sigma, num_nodes)


smoothing_is_the_mean_over_gaussian_parameters.mutants(
    {
        "physicists' nodes: σ/√2": changed(exploration.smoothed, sigma=lambda sigma: sigma / np.sqrt(2)),
        "one node less in each coordinate": changed(exploration.smoothed, num_nodes=lambda num_nodes: num_nodes - 1),
        "no noise": lambda J, theta, sigma, num_nodes: J(theta[None])[0],
        "one noise for all coordinates": with_one_noise,
    },
    replaces="smoothed",
)
smoothing_is_the_mean_over_gaussian_parameters.mutants(
    {
        "divided by σ²": lambda J, theta, sigma, num_nodes: (
            exploration.smoothed_gradient(J, theta, sigma, num_nodes) / sigma
        ),
        "the gradient at θ, unsmoothed": changed(exploration.smoothed_gradient, sigma=lambda sigma: 1e-4),
        "sign": scaled(-1, exploration.smoothed_gradient),
    },
    replaces="smoothed_gradient",
)


@claim("C03", slide=SLIDE, source="definition of the cost; moments of Gaussians")
def finite_horizons_are_polynomials_of_the_gain(
    rng, *, finite_horizon_value=exploration.finite_horizon_value, smoothed=exploration.smoothed
):
    r"""The first T stages along runs; one state: E J_T(k + σε) = Σ γᵗ E(q + rk²)(a − bk)²ᵗ by moments, T + 1 nodes."""
    problem, S0 = random_problem(rng, 3, 2)
    K = 0.3 * rng.standard_normal((4, 2, 3))
    for T in (0, 1, 7):
        starts = np.linalg.cholesky(S0).T
        expected = [stages(problem, *run(problem, one, starts, T)).sum() if T else 0.0 for one in K]
        J = finite_horizon_value(*problem, K, S0, T)
        yield equal(f"J_T, T = {T}", J, expected, atol=rounding(1e4, 1 + np.abs(expected).max()))
    for T in (3, 10):
        problem, k, sigma = one_state(rng), rng.uniform(0.5, 1.2), 0.3

        def J(K, problem=problem, T=T):
            return finite_horizon_value(*problem, K[:, None, None, 0], np.eye(1), T)

        measured = smoothed(J, np.array([k]), sigma, T + 1)
        yield equal(f"E J_T(k + σε), T = {T}", measured, smoothed_stages(problem, k, sigma, T).sum(), rtol=1e-9)


def one_state(rng):
    """A problem of one state and one action, (1, 1) matrices."""
    a, b, q, r = rng.uniform(0.8, 1.2, 4)
    one = np.eye(1)
    return a * one, b * one, q * one, r * one, rng.uniform(0.7, 0.95)


def smoothed_stages(problem, k, sigma, num_steps):
    """γᵗ E(q + rκ²)(a − bκ)²ᵗ, κ ~ N(k, σ²), t < num_steps; κ = (a − x)/b with Gaussian x."""
    a, b, q, r = (float(M[0, 0]) for M in problem[:4])
    m = normal_moments(a - b * k, b * sigma, 2 * num_steps + 2)
    t = np.arange(num_steps)
    squares = (a**2 * m[2 * t] - 2 * a * m[2 * t + 1] + m[2 * t + 2]) / b**2
    return problem[-1] ** t * (q * m[2 * t] + r * squares)


finite_horizons_are_polynomials_of_the_gain.mutants(
    {
        "one stage more": changed(exploration.finite_horizon_value, num_steps=lambda num_steps: num_steps + 1),
        "√γ a stage": changed(exploration.finite_horizon_value, gamma=np.sqrt),
        "dynamics transposed": changed(exploration.finite_horizon_value, A=lambda A: A.T),
        "actions 1 % too dear": changed(exploration.finite_horizon_value, R=lambda R: 1.01 * R),
    },
    replaces="finite_horizon_value",
)
finite_horizons_are_polynomials_of_the_gain.mutants(
    {"noise not in the costs of actions": changed(exploration.smoothed, sigma=lambda sigma: 0.99 * sigma)},
    replaces="smoothed",
)


@claim("C03", slide=SLIDE, source="moments of Gaussians: E x²ᵗ ≥ (2t − 1)!! (bσ)²ᵗ")
def episodes_without_end_have_an_infinite_smoothed_cost(
    rng, *, finite_horizon_value=exploration.finite_horizon_value, smoothed=exploration.smoothed
):
    r"""The gain drawn once an episode: E J_T(k + σε) has no limit for any σ > 0, though J(k) is finite."""
    for sigma in (0.2, 0.5):
        problem = one_state(rng)
        k = linear_quadratic.riccati_gain(*problem)[0, 0]
        T = int(4 / sigma**2) + 10

        def J(K, T, problem=problem):
            return finite_horizon_value(*problem, K[:, None, None, 0], np.eye(1), T)

        horizons = np.array([5, T // 2, T])
        measured = [smoothed(lambda K, n=n: J(K, n), np.array([k]), sigma, n + 1) for n in horizons.tolist()]
        terms = smoothed_stages(problem, k, sigma, T)
        yield equal(f"E J_T, T = {horizons}, σ = {sigma}", measured, np.cumsum(terms)[horizons - 1], rtol=1e-7)
        growth = terms[1:] / terms[:-1]
        yield equal("terms grow at the end, faster and faster", [growth[-1] > 1, growth[-1] > growth[-2]], [1.0, 1.0])
        alone = finite_horizon_value(*problem, [[k]], np.eye(1), 600)
        limit = linear_quadratic.policy_value(*problem, [[k]], np.eye(1))
        yield equal("without noise J_600 is J", alone, limit, rtol=1e-9)


def with_noise_cut_off(J, theta, sigma, num_nodes):
    """The mean over noise cut off at two deviations."""
    return exploration.smoothed(lambda x: J(np.clip(x, theta - 2 * sigma, theta + 2 * sigma)), theta, sigma, num_nodes)


episodes_without_end_have_an_infinite_smoothed_cost.mutants(
    {
        "costs capped, as by the limits of a simulator": lambda *arguments: np.minimum(
            exploration.finite_horizon_value(*arguments), 1e3
        ),
        "four stages at most": changed(exploration.finite_horizon_value, num_steps=lambda num_steps: min(num_steps, 4)),
    },
    replaces="finite_horizon_value",
)
episodes_without_end_have_an_infinite_smoothed_cost.mutants(
    {
        "noise cut off at two deviations": with_noise_cut_off,
        "no noise": lambda J, theta, sigma, num_nodes: J(theta[None])[0],
    },
    replaces="smoothed",
)
