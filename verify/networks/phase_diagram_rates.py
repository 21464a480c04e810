"""Exponents of the width in the movement of two layers, over the phase diagram."""

import numpy as np

from refimpl.backpropagation.activations import identity
from refimpl.networks import phase_diagram
from refimpl.networks.fully_connected import forward
from refimpl.networks.initialization import sample_weights
from refimpl.networks.lazy_training import relative_changes
from refimpl.networks.training import gradient_descent, squared_loss
from verify.claims import claim
from verify.evidence import at_most, rate
from verify.networks.phase_diagram import LUO, SLIDE

GRID = (
    (0.0, 0.0),
    (0.5, -0.5),
    (0.5, 0.0),
    (0.5, 0.5),
    (1.0, 0.0),
    (1.0, -0.5),
    (1.5, -1.0),
    (1.5, 0.5),
    (1.5, 1.5),
    (2.0, -1.0),
    (3.0, 0.0),
)
WIDTHS = (128, 512, 2048)


def circle(n=4):
    """Points on the unit circle, and labels of order 1."""
    angles = 2 * np.pi * np.arange(n) / n + 0.3
    return np.stack([np.cos(angles), np.sin(angles)], -1), np.array([1.0, -0.7, 0.8, -0.5])


@claim("N09", slide=SLIDE, source=LUO)
def relative_change_grows_as_its_place_says(
    rng,
    *,
    scales_at=phase_diagram.scales_at,
    movement_exponent=phase_diagram.movement_exponent,
    curvature_bound=phase_diagram.curvature_bound,
):
    r"""‖ΔX₁‖_F/‖X₁‖_F ~ m^s after training, at eleven places: exponents with intervals, 0 among those of critical ones.

    Gradient descent by half the inverse of the curvature, until less than a twentieth of the loss is left. There are
    more networks where γ ≤ ½, since outputs of order 1 at the start scatter the changes. Beside the line finite widths
    shift the slopes by more than these intervals (s = 0.28 at (1.5, 0), for ¼): the figure shows such places.
    """
    a, b = circle()
    for place in GRID:
        networks, steps, changes, rest = 12, 200, [], []
        if place[0] < 1:
            networks, steps = 24 if place[0] > 0 else 60, 100
        for m in WIDTHS:
            s = scales_at(*place, m)
            start = sample_weights(s, 2, m, 2, rng, networks)

            def eta(weights, alpha=s.alpha):
                return 0.5 / curvature_bound(weights, a, b, alpha)

            path = gradient_descent(start, a, b, eta, steps, 1, s.alpha)
            changes.append(relative_changes(path.weights, "fro")[0, -1])
            rest.append(squared_loss([X[-1] for X in path.weights], a, b, s.alpha) / squared_loss(start, a, b, s.alpha))
        yield at_most(f"γ, γ' = {place}: loss left", rest, 0.05, resolution=0.05)
        x = np.repeat(np.array(WIDTHS, float), networks)
        yield rate(f"γ, γ' = {place}: change in m", x, np.concatenate(changes), movement_exponent(*place))


def root_of_alpha(gamma, gamma_prime, m):
    s = phase_diagram.scales_at(gamma, gamma_prime, m)
    return s._replace(alpha=np.sqrt(s.alpha))


def twice_as_fast_where_condensed(gamma, gamma_prime):
    s = phase_diagram.movement_exponent(gamma, gamma_prime)
    return 2 * s if s > 0 else s


def half_as_fast_beyond_one(gamma, gamma_prime):
    s = phase_diagram.movement_exponent(gamma, gamma_prime)
    return s / 2 if gamma >= 1 and s < 0 else s


def errors_left_out(weights, a, b, alpha=1.0):
    h = forward(weights, a, alpha, identity)
    return phase_diagram.curvature_bound(weights, a, h, alpha)


relative_change_grows_as_its_place_says.mutants(
    {
        "γ' of the wrong sign": lambda gamma, gamma_prime, m: phase_diagram.scales_at(gamma, -gamma_prime, m),
        "α = 1": lambda gamma, gamma_prime, m: phase_diagram.scales_at(gamma, gamma_prime, m)._replace(alpha=1.0),
        "√ of α": root_of_alpha,
    },
    replaces="scales_at",
)
relative_change_grows_as_its_place_says.mutants(
    {
        "γ − 1 everywhere": lambda gamma, gamma_prime: gamma - 1,
        "errors of order 1 below γ = ½": lambda gamma, gamma_prime: (
            phase_diagram.movement_exponent(gamma, gamma_prime) - max(0.5 - gamma, 0)
        ),
        "twice as fast where condensed": twice_as_fast_where_condensed,
        "half as fast beyond γ = 1": half_as_fast_beyond_one,
    },
    replaces="movement_exponent",
)
relative_change_grows_as_its_place_says.mutants(
    {
        "steps a thousand times too short": lambda weights, a, b, alpha=1.0: (
            1000 * phase_diagram.curvature_bound(weights, a, b, alpha)
        ),
        "errors left out: steps too long": errors_left_out,
    },
    replaces="curvature_bound",
)
