"""What Langevin particles play: slides "… infinite dimensional matrix games" and "Escaping traps …"."""

import numpy as np
import scipy

from refimpl.minimax import games, langevin_play, mixed_nash
from verify.claims import claim
from verify.evidence import at_least, at_most, distribution, mean
from verify.minimax.langevin_play import (
    BOX,
    GRID,
    SLIDE,
    SOURCE,
    altered,
    answers_last_round_only,
    crooked_field,
    crooked_payoff,
)


@claim("M24", slide=SLIDE, source=SOURCE)
def average_strategies_bracket_the_value(
    rng,
    *,
    langevin_mirror_descent=langevin_play.langevin_mirror_descent,
    langevin_mirror_prox=langevin_play.langevin_mirror_prox,
):
    r"""min Gq̂ ≤ v ≤ max G†p̂ for averages p̂, q̂ of the particles, v by a linear program; within 1/10 of Φ's range."""
    coarse = GRID[::4]
    A = crooked_payoff(coarse[:, None], coarse)
    value, _, _ = mixed_nash.lp_equilibrium(A)
    error = 6.5 * (coarse[1] - coarse[0] + GRID[1] - GRID[0]) / 2
    for name, method in [("mirror descent", langevin_mirror_descent), ("mirror-prox", langevin_mirror_prox)]:
        low, high = [], []
        for _ in range(56):
            x, y = method(crooked_field, *rng.uniform(-1, 1, (2, 8, 1)), 1.0, 30, BOX, rng, h=0.1, num_inner=4)
            low.append(crooked_payoff(GRID[:, None], np.ravel(y)).mean(1).min())
            high.append(crooked_payoff(np.ravel(x)[:, None], GRID).mean(0).max())
        width = np.array(high) - low
        yield at_least(f"{name}: max G†p̂", high, value, slack=error, resolution=np.ptp(A) / 10)
        yield at_most(f"{name}: min Gq̂", low, value, slack=error, resolution=np.ptp(A) / 10)
        yield mean(f"{name}: bracket narrower than 1/10 of the range", width < np.ptp(A) / 10, 1.0, delta=0.4)


def wrong_players(method):
    """Wrong versions of either method."""
    return {
        "both ascend": altered(method, V=lambda V: lambda z: -V(z)),
        "strategies stay uniform": altered(method, V=lambda V: lambda z: 0 * V(z)),
        "y descends too": altered(method, V=lambda V: lambda z: V(z) * [1, -1]),
    }


average_strategies_bracket_the_value.mutants(
    wrong_players(langevin_play.langevin_mirror_descent), replaces="langevin_mirror_descent"
)
average_strategies_bracket_the_value.mutants(
    wrong_players(langevin_play.langevin_mirror_prox), replaces="langevin_mirror_prox"
)


@claim("M25", slide="Escaping traps with the mixed-NE concept", source=SOURCE)
def langevin_play_leaves_the_trap(rng, *, langevin_mirror_descent=langevin_play.langevin_mirror_descent):
    r"""All particles start at (3/2, 1/3) on the curve; q_t becomes N(m₁/(2m₂), 1/(2ηt m₂)) on [−2, 2], mₖ = mean xᵏ.

    That is a neighbourhood of δ₀, the only equilibrium strategy of ω.
    """
    eta, num_rounds, few, many = 1.0, 30, 4, 300
    x0, omega0 = np.full((few, 1), 1.5), np.full((many, 1), 1 / 3)
    V = games.trap().operator
    x, omega = langevin_mirror_descent(V, x0, omega0, eta, num_rounds, (-2.0, 2.0), rng, h=0.05, num_inner=20)
    before = np.asarray(x)[:-1]
    m_1, m_2 = before.mean(), (before**2).mean()
    sigma = 1 / np.sqrt(2 * eta * (num_rounds - 1) * m_2)

    def below(a):
        return scipy.special.ndtr((a - m_1 / (2 * m_2)) / sigma)

    def law(a):
        return (below(a) - below(-2)) / (below(2) - below(-2))

    last = np.asarray(omega)[-1, :, 0]
    yield mean("share of |ω| < 1/4", np.abs(last) < 0.25, law(0.25) - law(-0.25), delta=0.3)
    yield distribution("ω of the last round", last, law, delta=0.5)


langevin_play_leaves_the_trap.mutants({
    "x maximises": altered(langevin_play.langevin_mirror_descent, V=lambda V: lambda z: -V(z)),
    "no noise: stays in the trap": altered(langevin_play.langevin_mirror_descent, eta=lambda eta: 1e30),
    "temperature 100 times too high": altered(langevin_play.langevin_mirror_descent, eta=lambda eta: eta / 100),
    "answers the last round only": answers_last_round_only,
})
