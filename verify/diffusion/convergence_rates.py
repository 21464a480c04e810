"""How the error of reverse diffusion scales, and with how much room the bound says so: "Theoretical guarantees"."""

import numpy as np
import scipy

from refimpl.diffusion import convergence, tweedie
from refimpl.diffusion import girsanov as path
from refimpl.diffusion.marginals import marginal_score
from refimpl.diffusion.sde import vp
from verify.claims import claim
from verify.diffusion.convergence import SLIDE, coefficients, variance
from verify.evidence import at_most, equal, rate

SOURCE = "Chen et al. 2022, Theorem 2"


@claim("D18", slide=SLIDE, source=SOURCE)
def distances_at_the_end_go_like_root_p_times_step_length(
    rng,
    *,
    exponential_law=convergence.exponential_law,
    isotropic_total_variation=convergence.isotropic_total_variation,
):
    r"""On Gaussians, from p_T, TV at the end goes like √p · Lh and does not grow with T: the bound has √h and √T."""

    def distance(L, p, T, n):
        v = 1 / L
        return isotropic_total_variation(v, exponential_law(0.0, v, T, n, 0.0, variance(T, v))[1], p)

    counts = np.round(np.geomspace(1000, 4000, 9)).astype(int)
    L = rng.uniform(1, 3)
    yield rate("TV against n", counts, [distance(L, 4, 2.0, int(n)) for n in counts], -1.0)
    wide = np.round(np.geomspace(30, 3000, 9)).astype(int)
    yield rate("TV against p", wide, [distance(L, int(p), 2.0, 4000) for p in wide], 0.5)
    sharp = np.geomspace(2, 8, 8)
    yield rate("TV against L", sharp, [distance(one, 4, 2.0, 4000) for one in sharp], 1.0)
    growth = np.exp(rng.uniform(0.01, 0.5))
    stays = (growth + 1) / (3 - growth)
    kept = [exponential_law(0.0, 1.0, n * np.log(growth), n, 0.0, stays)[1] for n in (1, 2, 9)]
    yield equal("variance (e^h + 1)/(3 − e^h) stays what it is, v = 1", kept, stays, rtol=1e-12)
    later = [distance(L, 4, T, int(400 * T)) for T in (4.0, 6.0, 8.0)]
    yield equal("TV at T = 4, 6, 8 with h = 1/400", later, [later[-1]] * 3, rtol=40 * np.exp(-8))


@claim("D18", slide=SLIDE, source=SOURCE)
def means_at_the_end_miss_by_the_start_and_by_the_scores_error(rng, *, exponential_law=convergence.exponential_law):
    r"""On N(m, 1) starting from N(0, 1) moves the mean at the end by e^{−2T}m, not e^{−T}; an error ε by 2ε, no √T."""
    m, early = rng.uniform(0.5, 1), np.linspace(1, 5, 9)
    missed = [
        abs(np.subtract(*(exponential_law(m, 1.0, T, 2000, m0)[0] for m0 in (0.0, m * np.exp(-T))))) for T in early
    ]
    yield rate("missed by starting from N(0, I), against e^T", np.exp(early), missed, -2.0)
    errors = 10.0 ** np.arange(-6, 0)
    off = [exponential_law(0.0, 1.0, 6.0, 600, 0.0, 1.0, e)[0] for e in errors]
    later = exponential_law(0.0, 1.0, 12.0, 1200, 0.0, 1.0, 0.1)[0]
    yield equal("moved by the score's error ε, T = 6, 12", [off[-1], later], [0.2, 0.2], rtol=3e-3)
    yield rate("moved against ε", errors, off, 1.0)


@claim("D18", slide=SLIDE, source="Pinsker's inequality; data processing")
def laws_at_the_end_are_nearer_than_the_paths_say(
    rng,
    *,
    exponential_law=convergence.exponential_law,
    isotropic_total_variation=convergence.isotropic_total_variation,
    path_divergence=path.path_divergence,
):
    r"""TV at the end ≤ √(KL/2) of the paths, for random Gaussians, times and steps; a wrong score comes near."""
    ends, bounds = [], []
    for _ in range(30):
        p, v, T, n = int(rng.integers(1, 9)), rng.uniform(0.1, 3), rng.uniform(0.5, 5), int(rng.integers(20, 300))
        ends.append(isotropic_total_variation(v, exponential_law(0.0, v, T, n)[1], p))
        bounds.append(np.sqrt(path_divergence(np.zeros(p), v, T, n, np.zeros(p)) / 2))
    T, n, error = rng.uniform(1, 1.5), int(rng.integers(200, 300)), rng.uniform(0.2, 0.4)
    moved, spread = exponential_law(0.0, 1.0, T, n, 0.0, 1.0, error)
    normal = scipy.stats.norm.cdf
    ends.append(normal(moved / 2) - normal(-moved / 2 / np.sqrt(spread)))  # masses of a half line: at most TV
    bounds.append(np.sqrt(path_divergence(np.zeros(1), 1.0, T, n, np.full(1, error)) / 2))
    yield at_most("TV at the end, against √(KL/2)", ends, bounds, tight=0.5)


def standard_deviation_for_variance(*arguments):
    mean, variance = convergence.exponential_law(*arguments)
    return mean, np.sqrt(variance)


def noise_too_small(m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0):
    mean, variance = convergence.exponential_law(m, v, T, num_steps, m0, v0, error)
    return mean, (variance + convergence.exponential_law(m, v, T, num_steps, m0, 0.0, error)[1]) / 2


distances_at_the_end_go_like_root_p_times_step_length.mutants(
    {
        "standard deviation for variance": standard_deviation_for_variance,
        "noise of the step √2 too small": noise_too_small,
    },
    replaces="exponential_law",
)
distances_at_the_end_go_like_root_p_times_step_length.mutants(
    {
        "√ of the distance": lambda v0, v1, p: np.sqrt(convergence.isotropic_total_variation(v0, v1, p)),
        "of one coordinate": lambda v0, v1, p: convergence.isotropic_total_variation(v0, v1, 1),
    },
    replaces="isotropic_total_variation",
)
means_at_the_end_miss_by_the_start_and_by_the_scores_error.mutants({
    "starts at a mean of 0 whatever is given": lambda m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0: (
        convergence.exponential_law(m, v, T, num_steps, 0.0, v0, error)
    ),
    "error divided by the number of steps": lambda m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0: (
        convergence.exponential_law(m, v, T, num_steps, m0, v0, error / num_steps)
    ),
    "steps of length 2T/n": lambda m, v, T, num_steps, m0=0.0, v0=1.0, error=0.0: convergence.exponential_law(
        m, v, 2 * T, num_steps, m0, v0, error
    ),
})
laws_at_the_end_are_nearer_than_the_paths_say.mutants(
    {
        "KL of paths in the wrong units": lambda m, v, T, num_steps, error: (
            path.path_divergence(m, v, T, num_steps, error) ** 2 / 50
        )
    },
    replaces="path_divergence",
)
laws_at_the_end_are_nearer_than_the_paths_say.mutants(
    {"standard deviation for variance": standard_deviation_for_variance}, replaces="exponential_law"
)
laws_at_the_end_are_nearer_than_the_paths_say.mutants(
    {"the overlap, not the distance": lambda v0, v1, p: 1 - convergence.isotropic_total_variation(v0, v1, p)},
    replaces="isotropic_total_variation",
)


GRID = np.linspace(-9, 9, 257)


def two_modes(rng):
    """Weights, means and variances of a mixture on the line, whose mean is not 0."""
    return np.array([0.3, 0.7]), rng.uniform(0.8, 1.5, 2) * [-1, 1], rng.uniform(0.5, 0.9, 2)


def density(law, T):
    """That of the law at time T on the grid."""
    w, m, v = law
    return scipy.stats.norm.pdf(GRID[:, None], np.exp(-T) * m, np.sqrt(variance(T, v))) @ w


def density_after(step, law, T, n, start, error=0.0):
    """Density after n steps from time T, by quadrature of their Gaussian kernels."""
    w, m, v = law
    sde, column, h = vp(2 * T, 2 * T), GRID[:, None], GRID[1] - GRID[0]
    exact = marginal_score(sde, w, m[:, None], v[:, None, None])
    for k in range(n):
        at = sde, lambda a, t: exact(a, t) + error, column, 1 - k / n, -1 / n
        centre = np.asarray(step(*at, 0 * column))
        spread = np.abs(np.asarray(step(*at, 0 * column + 1)) - centre)
        start = start @ (np.exp(-(((GRID - centre) / spread) ** 2) / 2) / spread) * h / np.sqrt(2 * np.pi)
    return start


def apart(p, q):
    """Total variation distance of two densities on the grid."""
    return np.abs(p - q).sum() * (GRID[1] - GRID[0]) / 2


@claim("D18", slide=SLIDE, source=SOURCE)
def laws_at_the_end_on_a_mixture(rng, *, exponential_step=convergence.exponential_step):
    r"""On two modes TV goes like h, ε, and e^{−2T} where e^{−T} was missed at the start: quadrature of the kernels."""
    law = two_modes(rng)
    counts = np.round(np.geomspace(60, 200, 8)).astype(int)
    exact = density(law, 1.5), density(law, 0.0)
    steps = np.array([apart(density_after(exponential_step, law, 1.5, n, exact[0]), exact[1]) for n in counts])
    yield rate("TV against n", counts, steps, -1.0)
    yield equal("n · TV", counts * steps, counts[-1] * steps[-1], rtol=1.5 / counts[0] / law[2].min())
    ends, starts, times = [], [], np.linspace(3, 4.8, 10)
    for T in times:
        begin = density(law, T), scipy.stats.norm.pdf(GRID)
        after = [density_after(exponential_step, law, T, round(10 * T), one) for one in begin]
        starts.append(apart(*begin))
        ends.append(apart(*after))
    mean = law[0] @ law[1]
    leading = abs(mean) / np.sqrt(2 * np.pi)
    first = starts[-1] * np.exp(times[-1])
    yield equal("e^T · TV at the start, T = 4.8", first, leading, rtol=4 * np.exp(-4.8) / abs(mean))
    yield rate("missed at the start, against e^T", np.exp(times), starts, -1.0)
    gain = np.log(2 - np.exp(0.1)) / 0.1  # in a step of length h what is off shrinks by 2 − e^h, not by e^{−h}
    yield rate("missed at the end, against e^T, h = 1/10", np.exp(times), ends, -1.0 + gain)
    errors, right = np.geomspace(1e-5, 1e-3, 8), density_after(exponential_step, law, 2.0, 32, density(law, 2.0))
    moved = [apart(density_after(exponential_step, law, 2.0, 32, density(law, 2.0), e), right) for e in errors]
    yield rate("moved by the score's error, against ε", errors, moved, 1.0)


laws_at_the_end_on_a_mixture.mutants({
    "scores 5 % too weak": lambda sde, score, a, t, dt, z: convergence.exponential_step(
        sde, lambda a, t: 0.95 * score(a, t), a, t, dt, z
    ),
    "noise 2 % too large": lambda sde, score, a, t, dt, z: convergence.exponential_step(sde, score, a, t, dt, 1.02 * z),
    "the flow's pull with the diffusion's noise": lambda sde, score, a, t, dt, z: coefficients(
        lambda r: r - 1, lambda r: np.sqrt(r**2 - 1)
    )(sde, score, a, t, dt, z),
})


@claim("D18", slide=SLIDE, source="Chen et al. 2022, Section 3.1")
def printed_steps_make_the_bound_epsilon_times_the_time(
    rng, *, enough_steps=path.enough_steps, total_variation_bound=path.total_variation_bound
):
    r"""With h = T/n, n = L²p/ε² steps: L√(ph)√T = εT, for L and ε over six decades, p from 1 to 10⁴, any T."""
    for _ in range(20):
        L, T, p = 10 ** rng.uniform(-3, 3), rng.uniform(0.5, 5), int(10 ** rng.uniform(0, 4))
        count = int(rng.integers(1, 10**6))
        epsilon = L * np.sqrt(p / (count - 0.5))
        n = enough_steps(L, p, epsilon)
        yield equal("n", n, count)
        term = total_variation_bound(0.0, L, 0.0, p, T, n, epsilon).steps
        yield equal("bound of the steps", term, epsilon * T * np.sqrt((count - 0.5) / count), rtol=1e-12)


printed_steps_make_the_bound_epsilon_times_the_time.mutants(
    {
        "L for L²": lambda L, p, epsilon: path.enough_steps(np.sqrt(L), p, epsilon),
        "√p for p": lambda L, p, epsilon: int(np.ceil(L**2 * np.sqrt(p) / epsilon**2)),
        "1/ε for 1/ε²": lambda L, p, epsilon: path.enough_steps(L, p, np.sqrt(epsilon)),
        "1 % more": lambda L, p, epsilon: int(np.ceil(1.01 * path.enough_steps(L, p, epsilon))),
        "rounded down": lambda L, p, epsilon: path.enough_steps(L, p, epsilon) - 1,
    },
    replaces="enough_steps",
)
printed_steps_make_the_bound_epsilon_times_the_time.mutants(
    {
        "√T left out": lambda kl, L, m2, p, T, num_steps, epsilon: path.total_variation_bound(
            kl, L / np.sqrt(T), m2, p, T, num_steps, epsilon
        ),
        "1 % too large": lambda kl, L, m2, p, T, num_steps, epsilon: path.total_variation_bound(
            kl, 1.01 * L, m2, p, T, num_steps, epsilon
        ),
    },
    replaces="total_variation_bound",
)


@claim("D18", slide=SLIDE, source="Chen et al. 2022, Theorem 2 and Section 3.1")
def printed_steps_are_enough_on_gaussians(
    rng,
    *,
    enough_steps=path.enough_steps,
    exponential_law=convergence.exponential_law,
    isotropic_total_variation=convergence.isotropic_total_variation,
):
    r"""N(0, I/L) from N(0, I), with scores off by ε: after L²p/ε² steps, T as is best for it, TV at the end is below ε.

    The error of the score moves one coordinate, as far as the recursion of the mean says; TV is at most the sum of
    that of the variances and that of the mean. The largest share of ε is seen at L = 2, p = 64, ε = 0.1.
    """
    ends, epsilons = [], []
    known = [(1.0, 1, 0.4), (2.0, 64, 0.1), (4.0, 16, 0.2)]
    drawn = [(rng.uniform(1, 4), int(10 ** rng.uniform(0, 1.8)), rng.uniform(0.2, 0.5)) for _ in range(6)]
    for L, p, epsilon in known + drawn:
        n, errors = enough_steps(L, p, epsilon), []
        for T in (0.5, 1.0, 1.5):
            mean, variance_at_end = exponential_law(0.0, 1 / L, T, n, 0.0, 1.0, epsilon)
            moved = scipy.special.erf(abs(mean) / np.sqrt(8 * variance_at_end))
            errors.append(isotropic_total_variation(1 / L, variance_at_end, p) + moved)
        ends.append(min(errors))
        epsilons.append(epsilon)
    yield at_most("TV at the end, against ε", ends, epsilons, tight=0.5)


printed_steps_are_enough_on_gaussians.mutants(
    {
        "a step for each 100": lambda L, p, epsilon: -(-path.enough_steps(L, p, epsilon) // 100),
        "steps fall with L": lambda L, p, epsilon: path.enough_steps(1 / L**3, p, epsilon),
    },
    replaces="enough_steps",
)
printed_steps_are_enough_on_gaussians.mutants(
    {"standard deviation for variance": standard_deviation_for_variance}, replaces="exponential_law"
)
printed_steps_are_enough_on_gaussians.mutants(
    {"the overlap, not the distance": lambda v0, v1, p: 1 - convergence.isotropic_total_variation(v0, v1, p)},
    replaces="isotropic_total_variation",
)


@claim("D18", slide=SLIDE, source="Tweedie's formula for two points")
def bounded_data_have_no_lipschitz_score(rng, *, empirical_denoiser=tweedie.empirical_denoiser):
    r"""Printed for bounded data with L of ∇log q; but of two points at ±1 the scores have L = σ⁻⁴ − σ⁻² at noise σ → 0.

    A score that is Lipschitz on all of R^p keeps the density above 0 everywhere: bounded data have none. For them the
    paper stops early; its L is that of all noised scores.
    """
    levels = np.geomspace(1e-2, 0.3, 8) * rng.uniform(0.8, 1.2)
    slopes = []
    for sigma in levels:
        h = 1e-3 * sigma**2
        x = np.array([[-h], [h]])
        score = (np.asarray(empirical_denoiser(x, np.array([[-1.0], [1.0]]), sigma)) - x) / sigma**2
        slopes.append(np.diff(score[:, 0]).item() / (2 * h))
    yield equal("slope of the score half way", slopes, levels**-4 - levels**-2, rtol=1e-6)


bounded_data_have_no_lipschitz_score.mutants({
    "σ for σ²": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, np.sqrt(sigma)),
    "½ left out": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, sigma / np.sqrt(2)),
    "σ ½ % too large": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, 1.005 * sigma),
})
