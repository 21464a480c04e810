"""The examples with spurious attractors as weak Minty games: slide "When do the algorithms converge?"."""

import numpy as np

from refimpl.minimax import games, weak_minty
from verify.claims import claim
from verify.evidence import at_least, equal, mean
from verify.minimax.weak_minty import SLIDE, SOURCE, STOCHASTIC, forsaken_field, forsaken_solution
from verify.minimax.weak_minty_adaptive import distance_of_cycle
from verify.minimax.weak_minty_methods import WRONG
from verify.minimax.weak_minty_stochastic import wrong_run

L_FORSAKEN = 12.402569242368148
SIDE = 1.5


def almost_bilinear_field(eps):
    """V = (y, −x − ε(y − y³))."""

    def V(z):
        x, y = z[..., 0], z[..., 1]
        return np.stack([y, -x - eps * (y - y**3)], -1)

    return V


def largest_slope(eps):
    """‖JV‖ on the box: JV = [[0, 1], [−1, d]] has the singular values (√(d² + 4) ± |d|)/2, |d| ≤ ε(3 · 1.5² − 1)."""
    d = eps * (3 * SIDE**2 - 1)
    return (d + np.sqrt(d**2 + 4)) / 2


@claim("M32", slide=SLIDE, source="⟨V, z⟩ = −εy²(1 − y²), least against ‖V‖² ≥ y² as y → 0")
def almost_bilinear_game_is_weak_minty(
    rng, *, weak_minty_constant=weak_minty.weak_minty_constant, lipschitz_constant=weak_minty.lipschitz_constant
):
    r"""On [−1.5, 1.5]², ρ = −ε and L = (d + √(d² + 4))/2, d = 5.75 ε: at ε = 0.01 ρL = −0.0103, inside EG+'s −1/8."""
    for eps in (0.01, 1e-6, 10 ** rng.uniform(-4, -1)):
        V, box = almost_bilinear_field(eps), (-SIDE, SIDE)
        yield equal(f"ε = {eps:.3g}: ρ", weak_minty_constant(V, np.zeros(2), box), -eps, rtol=1e-9)
        yield equal(f"ε = {eps:.3g}: L", lipschitz_constant(V, box), largest_slope(eps), rtol=1e-9)
    yield equal("ε = 0.01: L", largest_slope(0.01), 1.0292, atol=0.5e-4)


almost_bilinear_game_is_weak_minty.mutants(
    {
        "ρ 1 % too large": lambda V, z_star, box: 1.01 * weak_minty.weak_minty_constant(V, z_star, box),
        "ρ without its sign": lambda V, z_star, box: -weak_minty.weak_minty_constant(V, z_star, box),
        "divided by ‖V‖": lambda V, z_star, box: -np.sqrt(-weak_minty.weak_minty_constant(V, z_star, box)),
    },
    replaces="weak_minty_constant",
)
almost_bilinear_game_is_weak_minty.mutants(
    {
        "L 1 % too large": lambda V, box: 1.01 * weak_minty.lipschitz_constant(V, box),
        "L at the solution": lambda V, box: weak_minty.lipschitz_constant(V, (-1e-3, 1e-3)),
    },
    replaces="lipschitz_constant",
)


@claim("M32", slide=SLIDE, source=SOURCE)
def extragradient_plus_solves_the_almost_bilinear_game_only(rng, *, ceg_plus=weak_minty.ceg_plus):
    r"""γ = 1/L, α = ½: on the almost bilinear game it ends at the origin, at the linear rate; on forsaken on a cycle.

    Left eigenvectors of JV(0) give w = x − λy, which a step multiplies by 1 − αγλ(1 − γλ), but for terms of size y³.
    """
    eps, alpha = 0.01, 0.5
    gamma, V = 1 / largest_slope(eps), games.almost_bilinear(eps).operator
    z = np.asarray(ceg_plus(V, rng.uniform(-SIDE, SIDE, (200, 2)), gamma, alpha, 400).z)
    yield equal("almost bilinear: last states", z[-1], np.zeros((200, 2)), atol=1e-9)
    lam = -eps / 2 + 1j * np.sqrt(1 - eps**2 / 4)
    w = z[100:140, :, 0] - lam * z[100:140, :, 1]
    factor = 1 - alpha * gamma * lam * (1 - gamma * lam)
    yield equal("almost bilinear: factor of a step", w[1:] / w[:-1], factor + 0 * w[1:], atol=1e-10)
    z_star, gamma, V = forsaken_solution(), 1 / L_FORSAKEN, forsaken_field
    z0 = rng.uniform(-SIDE, SIDE, (60, 2))
    z0 = z0[np.abs(z0 - z_star).max(-1) > 0.4]
    z = np.asarray(ceg_plus(V, z0, gamma, alpha, 3000).z)
    distance = np.linalg.norm(z[1500:] - z_star, axis=-1)
    nearest = distance_of_cycle(lambda z: z - alpha * gamma * V(z - gamma * V(z)), z_star)
    yield at_least("forsaken: distance, that of the cycle", distance, nearest, slack=1e-5, tight=1e-3)


extragradient_plus_solves_the_almost_bilinear_game_only.mutants({
    **WRONG,
    "CurvatureEG+": lambda V, z0, gamma, alpha, num_steps: weak_minty.curvature_eg_plus(V, z0, num_steps),
})


@claim("M34", slide=SLIDE, source=STOCHASTIC)
def bias_correction_handles_one_example_and_the_other_with_long_steps(rng, *, bc_seg_plus=weak_minty.bc_seg_plus):
    r"""Noise 0.1, 2000 steps: shares of starts that end near the solution, 1, 0.04 at γ = 1/L, and 1 at γ = 0.45."""
    z_star, n = forsaken_solution(), 2000
    for name, V, solution, gamma, first, side, near, expected, delta in (
        ("almost bilinear, γ = 0.9716", almost_bilinear_field(0.01), np.zeros(2), 0.9716, 0.3, 1.5, 0.1, 1.0, 0.02),
        ("forsaken, γ = 1/L", forsaken_field, z_star, 1 / L_FORSAKEN, 0.3, 1.5, 0.3, 0.0375, 0.05),
        ("forsaken, γ = 0.45", forsaken_field, z_star, 0.45, 0.1, 1.2, 0.1, 1.0, 0.02),
    ):
        alphas = first / (1 + np.arange(2000) / 50) ** 0.6
        z0 = rng.uniform(-side, side, (n, 2))
        z = bc_seg_plus(lambda z, xi, V=V: V(z) + 0.1 * xi, z0, gamma, alphas, rng).z[-1]
        distance = np.linalg.norm(z - solution, axis=-1)
        yield mean(f"{name}: share of starts that end within {near}", distance < near, expected, delta=delta)


bias_correction_handles_one_example_and_the_other_with_long_steps.mutants({
    "steps of full length": wrong_run(gain=3.0),
    "full memory": wrong_run(beta=lambda a, k: 0.0 if k else 1.0),
    "half of γ": lambda V_hat, z0, gamma, alphas, rng: weak_minty.bc_seg_plus(V_hat, z0, gamma / 2, alphas, rng),
    "updates with the field at z": wrong_run(hat=False),
    "ten times the noise": lambda V_hat, z0, gamma, alphas, rng: weak_minty.bc_seg_plus(
        lambda z, xi: V_hat(z, 10 * xi), z0, gamma, alphas, rng
    ),
})
