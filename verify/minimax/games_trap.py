"""The game −ω²x² + ωx, which traps gradient methods: slide "Escaping traps with the mixed-NE concept"."""

import numpy as np
import scipy

from refimpl.minimax import algorithms, games, mixed_nash
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.minimax.games import perturbed

SLIDE = "Escaping traps with the mixed-NE concept"
SOURCE = "Hsieh, Liu & Cevher 2019; Kamalaruban et al. 2020"


def table(game, x, omega):
    """Payoffs of all pairs of two sets of numbers."""
    return np.asarray(game.payoff(x[:, None, None], omega[None, :, None]))


@claim("M25", slide=SLIDE, source=SOURCE)
def its_mixed_value_is_zero(rng, *, trap=games.trap, lp_equilibrium=mixed_nash.lp_equilibrium):
    r"""Φ(x, 0) = 0 = Φ(0, ω), so the value is 0; linear programs on grids of [−2, 2] agree, with E ω² = 0, E x ≈ 0."""
    x, zero = rng.uniform(-2, 2, 100), np.zeros(1)
    yield equal("Φ(x, 0): what x pays at least against ω = 0", table(trap(), x, zero), np.zeros((100, 1)))
    yield equal("Φ(0, ω): what ω wins at most against x = 0", table(trap(), zero, x), np.zeros((1, 100)))
    for n in (21, 81):
        grid = np.linspace(-2, 2, n)
        grid[n // 2] = 0.0
        A = table(trap(), grid, grid)
        value, p, q = lp_equilibrium(A)
        error = 1e-9 * 20
        yield equal(f"value on {n} × {n} points", value, 0.0, atol=error)
        yield at_most(f"E ω², {n} points: 8 E ω² ≤ −Gq(2) − Gq(−2)", np.dot(q, grid**2), error, resolution=2 * error)
        near = 4 / (n - 1)
        mean, square = abs(np.dot(p, grid)), np.dot(p, grid**2)
        yield at_most(f"|E x| ≤ ω E x² at ω = {near:.2g}", mean, near * square + error / near, resolution=8 * near)


its_mixed_value_is_zero.mutants(
    {
        "the equilibrium of the other player": lambda A: mixed_nash.lp_equilibrium(-A.T),
        "uniform strategies": lambda A: (0.0, np.full(len(A), 1 / len(A)), np.full(len(A), 1 / len(A))),
        "the pure point of value 1/4": lambda A: (0.25, np.eye(len(A))[-1], np.eye(len(A))[len(A) // 2]),
    },
    replaces="lp_equilibrium",
)
its_mixed_value_is_zero.mutants(
    {
        "+ω²x²: x has no reason to mix": lambda: games.trap()._replace(
            payoff=lambda x, w: ((w * x) ** 2 + w * x)[..., 0] + 0.01 * w[..., 0] ** 2
        )
    },
    replaces="trap",
)


@claim("M25", slide=SLIDE, source=SOURCE)
def every_point_of_the_curve_is_stationary(rng, *, trap=games.trap):
    r"""V = (1 − 2xω)(ω, −x) = (∇ₓΦ, −∇_ωΦ): 0 on the curve xω = 1/2, where Φ = 1/4; and ⟨V, z⟩ = 0 everywhere."""
    z = rng.uniform(-2, 2, (200, 2))
    x, omega = z.T
    V, scale = np.asarray(trap().operator(z)), np.abs(z).max() ** 3
    expected = (1 - 2 * x * omega)[:, None] * np.stack([omega, -x], -1)
    yield equal("V", V, expected, atol=rounding(16, scale))
    yield equal("⟨V, z⟩: the flow conserves x² + ω²", (V * z).sum(-1), np.zeros(200), atol=rounding(64, scale * 2))
    yield equal("Φ", trap().payoff(z[:, :1], z[:, 1:]), x * omega * (1 - x * omega), atol=rounding(16, 16.0))
    x = rng.uniform(0.25, 2, 50) * rng.choice([-1, 1], 50)
    curve = np.stack([x, 0.5 / x], -1)
    yield equal("V on the curve", trap().operator(curve), np.zeros((50, 2)), atol=rounding(16, 2.0))
    yield equal("Φ on the curve", trap().payoff(curve[:, :1], curve[:, 1:]), np.full(50, 0.25), atol=rounding(8))


def half_of_the_square():
    return games.Game(
        "trap",
        lambda x, w: (w * x - (w * x) ** 2 / 2)[..., 0],
        lambda z: (1 - z[..., :1] * z[..., 1:]) * z[..., ::-1] * [1, -1],
    )


every_point_of_the_curve_is_stationary.mutants({
    "½ω²x²: stationary on xω = 1": half_of_the_square,
    "x maximises": perturbed(games.trap, V=lambda V, z: -V),
    "both descend": perturbed(games.trap, V=lambda V, z: V * [1, -1]),
    "ω's part 1 % too large": perturbed(games.trap, V=lambda V, z: V * [1, 1.01]),
    "players swapped in the payoff's sign": perturbed(games.trap, payoff=lambda value: -value),
})


def flow(V, z0, time):
    """The solution of ż = −V(z) from many points at once."""

    def velocity(t, z):
        return -np.asarray(V(z.reshape(-1, 2))).ravel()

    end = scipy.integrate.solve_ivp(velocity, (0, time), z0.ravel(), "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    return end.reshape(-1, 2)


def on_circles(rng, smallest, largest, n):
    """Radii, and a point on the circle of each."""
    r, angle = rng.uniform(smallest, largest, n), rng.uniform(0, 2 * np.pi, n)
    return r, r[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)


@claim("M25", slide=SLIDE, source="gradient flow in polar coordinates: θ̇ = 1 − r² sin 2θ, ṙ = 0")
def its_gradient_flow_never_leaves_a_circle(rng, *, trap=games.trap):
    r"""In the unit disc the flow goes round in time 2π/√(1 − r⁴); outside it ends at xω = 1/2, x² − ω² = √(r⁴ − 1)."""
    for r in rng.uniform(0.3, 0.9, 3):
        z0 = r * np.array([[1.0, 0.0], [0.6, 0.8]])
        period = 2 * np.pi / np.sqrt(1 - r**4)
        yield equal(f"back after a period, r = {r:.3f}", flow(trap().operator, z0, period), z0, atol=1e-9)
        half = flow(trap().operator, z0, period / 2)
        yield equal(f"opposite after half of it, r = {r:.3f}", half, -z0, atol=1e-9)
    r, z0 = on_circles(rng, 1.2, 1.9, 20)
    x, omega = flow(trap().operator, z0, 60.0).T
    yield equal("r is conserved", np.hypot(x, omega), r, atol=1e-9)
    yield equal("xω at the end", x * omega, np.full(20, 0.5), atol=1e-8)
    yield equal("x² − ω² at the end", x**2 - omega**2, np.sqrt(r**4 - 1), atol=1e-8)


its_gradient_flow_never_leaves_a_circle.mutants({
    "runs backwards: x maximises": perturbed(games.trap, V=lambda V, z: -V),
    "ω's part 1 % too large": perturbed(games.trap, V=lambda V, z: V * [1, 1.01]),
    "the bilinear game: no trap": lambda: games.bilinear(),
    "1 % slower": perturbed(games.trap, V=lambda V, z: 0.99 * V),
})


def end_in_the_trap(what, game, end):
    """Evidence that points lie on the half of the curve xω = 1/2 where the flow comes to rest, |x| > |ω|."""
    yield equal(f"{what}: xω at the end", end.prod(-1), np.full(len(end), 0.5), atol=1e-9)
    yield equal(f"{what}: Φ at the end", game.payoff(end[:, :1], end[:, 1:]), np.full(len(end), 0.25), atol=1e-9)
    yield equal(f"{what}: |x| > |ω| at the end", (np.abs(end) @ [1, -1] > 0).astype(int), np.ones(len(end)))


def growth(z0):
    """∫‖V‖² dt = r² |∫(1 − r² sin 2θ) dθ| along the flow to its end, the nearest zero of the integrand on its way.

    ⟨V, z⟩ = 0, hence zᵀJV·V = −‖V‖²: steps that follow −(V ± (α/2) JV·V) change r² by ± α times it, up to O(α²).
    """
    r_squared, theta = (z0**2).sum(-1), np.arctan2(z0[:, 1], z0[:, 0])
    rest = np.arcsin(1 / r_squared) / 2
    turns = np.sign(1 - r_squared * np.sin(2 * theta))
    ahead = turns * ((turns * (rest - theta)) % np.pi)
    end = theta + ahead
    return r_squared * np.abs(ahead + r_squared / 2 * (np.cos(2 * end) - np.cos(2 * theta)))


@claim("M25", slide=SLIDE, source=SOURCE)
def gradient_methods_fall_into_the_trap(rng, *, trap=games.trap, trajectory=algorithms.trajectory):
    r"""GDA, ‖z⁺‖² = (1 + α²(1 − 2xω)²)‖z‖², ends at value 1/4 from near and far, EG from far outside the unit disc.

    From inside the unit disc EG reaches the equilibrium (0, 0): gradient methods are trapped, but not from everywhere.
    """
    V, alpha = trap().operator, 0.05
    _, z0 = on_circles(rng, 0.2, 1.6, 30)
    z = trajectory("gda", V, z0, alpha, 300)
    square = (z**2).sum(-1)
    grown = square[:-1] * (1 + (alpha * (1 - 2 * z[:-1].prod(-1))) ** 2)
    yield equal("GDA: ‖z⁺‖²", square[1:], grown, rtol=rounding(64))
    _, z0 = on_circles(rng, 0.2, 0.8, 20)
    yield from end_in_the_trap("GDA from inside", trap(), trajectory("gda", V, z0, 0.1, 10000)[-1])
    r, z0 = on_circles(rng, 1.3, 1.6, 20)
    for method, sign in (("gda", 1), ("eg", -1)):
        missed = []
        for alpha in (0.02, 0.01):
            end = trajectory(method, V, z0, alpha, round(60 / alpha))[-1]
            yield from end_in_the_trap(f"{method.upper()} from outside, α = {alpha}", trap(), end)
            missed.append(np.abs((end**2).sum(-1) - r**2 - sign * alpha * growth(z0)).max())
        what = f"{method.upper()} from outside: order in α of what r² ± α∮ leaves"
        yield equal(what, np.log2(missed[0] / missed[1]), 2.0, atol=0.25)
    _, z0 = on_circles(rng, 0.2, 0.8, 20)
    end = trajectory("eg", V, z0, 0.1, 10000)[-1]
    yield equal("EG from inside: (0, 0) at the end", end, np.zeros((20, 2)), atol=1e-9)


def extrapolates_too_far(method, V, z0, alpha, num_steps):
    if method != "eg":
        return algorithms.trajectory(method, V, z0, alpha, num_steps)
    z = [z0]
    for _ in range(num_steps):
        z.append(z[-1] - alpha * V(z[-1] - 1.05 * alpha * V(z[-1])))
    return np.array(z)


gradient_methods_fall_into_the_trap.mutants(
    {
        "x maximises": perturbed(games.trap, V=lambda V, z: -V),
        "V 1 % too large": perturbed(games.trap, V=lambda V, z: 1.01 * V),
        "the bilinear game: no trap": lambda: games.bilinear(),
    },
    replaces="trap",
)
gradient_methods_fall_into_the_trap.mutants(
    {
        "extragradient for GDA": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
            "eg", V, z0, alpha, num_steps
        ),
        "GDA for extragradient": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
            "gda", V, z0, alpha, num_steps
        ),
        "α 1 % too large": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
            method, V, z0, 1.01 * alpha, num_steps
        ),
        "EG extrapolates 5 % too far": extrapolates_too_far,
    },
    replaces="trajectory",
)
