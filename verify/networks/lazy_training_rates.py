"""Rates in the width at which training becomes lazy."""

import numpy as np

from refimpl.backpropagation.activations import identity
from refimpl.networks import initialization, lazy_training, training
from refimpl.networks.fully_connected import forward
from refimpl.networks.training import squared_loss
from verify.claims import claim
from verify.evidence import at_most, rate
from verify.networks.lazy_training import NTK
from verify.networks.training import SLIDE

CONVERGED = 0.05


def problems(rng, draw, scales, m, L, k):
    """k networks of width m, orthonormal points in R⁴, labels ±2, and n over the trace of the kernel as step size."""
    p = 4
    weights, points = draw(scales, p, m, L, rng, k), rng.standard_normal((k, p, p))
    a, b = np.linalg.qr(points)[0], rng.choice([-2.0, 2.0], (k, p))
    trace = np.trace(lazy_training.tangent_kernel(weights, a, a, scales.alpha), axis1=-2, axis2=-1)
    return weights, a, b, p / trace


def left(path, a, b, alpha):
    """Share of the first loss that is left at the end."""
    first, last = ([X[t] for X in path.weights] for t in (0, -1))
    return squared_loss(last, a, b, alpha) / squared_loss(first, a, b, alpha)


DEEP, WIDE, WIDEST = ((48, 128, 320), 24), ((192, 768, 3072), 32), ((512, 1448, 4096), 10)
GRIDS = {
    ("mean_field", 2): WIDEST,
    ("ntk", 2): WIDE,
    ("he", 2): WIDE,
    ("ntk", 3): (DEEP[0], 40),
    ("mean_field", 3): DEEP,
}
ORDERS = {  # of the relative changes of X_l in m
    ("ntk", 2): {1: -0.5, 2: -1.5},
    ("ntk", 3): {1: -0.5, 2: -0.5},
    ("he", 2): {1: -1.5, 2: -0.5},
    ("mean_field", 2): {1: 0.0, 2: 0.0},
    ("mean_field", 3): {2: -0.5, 3: -0.5},
}


@claim("N08", slide=SLIDE, source=NTK)
def wide_networks_hardly_move(
    rng,
    *,
    scales=initialization.scales,
    gradient_descent=training.gradient_descent,
    relative_changes=lazy_training.relative_changes,
):
    r"""sup_t‖X_l(t) − X_l(0)‖₂/‖X_l(0)‖₂ → 0 as m → ∞: under NTK like m^(−½), the last layer's like m^(−3/2).

    They are trained at four points until next to nothing of the loss is left. It holds under He too. Under mean-field's
    scales two layers do move, but three do not: there β = 1 and α = m give outputs of order 1, as NTK's.
    """
    for (name, L), orders in ORDERS.items():
        (widths, k), changes, rest = GRIDS[name, L], [], []
        for m in widths:
            s = scales(name, 4, m)
            weights, a, b, eta = problems(rng, initialization.sample_weights, s, m, L, k)
            path = gradient_descent(weights, a, b, eta, 48, 2, s.alpha)
            changes.append(relative_changes(path.weights).max(1))
            rest.append(left(path, a, b, s.alpha))
        yield at_most(f"{name}, L = {L}: loss left", rest, CONVERGED, resolution=CONVERGED)
        x = np.repeat(np.array(widths, float), k)
        for l, order in orders.items():
            y = np.concatenate([change[l - 1] for change in changes])
            yield rate(f"{name}, L = {L}: change of X_{l} in m", x, y, order)


def other_scales(**changes):
    """The table's scales with other cells: functions of the width."""

    def scales(name, p, m, beta_c=None):
        return initialization.scales(name, p, m)._replace(**{cell: change(m) for cell, change in changes.items()})

    return scales


def first_layers_kept(weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity):
    path = training.gradient_descent(weights, a, b, eta, num_steps, records, alpha, output)
    return path._replace(weights=[0 * X + X[0] for X in path.weights[:-1]] + path.weights[-1:])


wide_networks_hardly_move.mutants(
    {
        "last layer as large as He's": other_scales(beta_L=lambda m: np.sqrt(2 / m)),
        "α = √m": other_scales(alpha=np.sqrt),
        "mean-field for every name": lambda name, p, m, beta_c=None: initialization.scales("mean_field", p, m),
        "NTK with β₁ = 1": other_scales(beta_1=lambda m: 1.0, beta=lambda m: 1.0),
    },
    replaces="scales",
)
wide_networks_hardly_move.mutants(
    {
        "stops after two steps": lambda weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity: (
            training.gradient_descent(weights, a, b, eta, 2, 1, alpha, output)
        ),
        "trains the last layer alone": first_layers_kept,
    },
    replaces="gradient_descent",
)
wide_networks_hardly_move.mutants(
    {
        "changes not divided by the start": lambda path, norm="2": np.stack([
            np.linalg.norm(X - X[0], 2, axis=(-2, -1)) for X in path
        ]),
        "Frobenius' norm": lambda path, norm="2": lazy_training.relative_changes(path, "fro"),
        "squares": lambda path, norm="2": lazy_training.relative_changes(path, norm) ** 2,
    },
    replaces="relative_changes",
)


@claim("N08", slide=SLIDE, source=NTK)
def wide_networks_follow_their_linearisation(
    rng, *, gradient_descent=training.gradient_descent, linearised_outputs=lazy_training.linearised_outputs
):
    r"""Under NTK, sup_t of the distance between outputs and those of the linearised training is of order m^(−½).

    Root mean squares over the four points of training. Under mean-field's scales the distance does not shrink.
    """
    widths, k, steps = (256, 1024, 4096), 48, 48
    for name, order in (("ntk", -0.5), ("mean_field", 0.0)):
        gaps, rest = [], []
        for m in widths:
            s = initialization.scales(name, 4, m)
            weights, a, b, eta = problems(rng, initialization.sample_weights, s, m, 2, k)
            path = gradient_descent(weights, a, b, eta, steps, steps // 3, s.alpha)
            u = np.stack([forward(list(now), a, s.alpha, identity) for now in zip(*path.weights, strict=True)])
            gap = u - linearised_outputs(weights, a, b, a, eta, steps, s.alpha)[path.steps]
            gaps.append(np.sqrt((gap**2).mean(-1)).max(0))
            rest.append(left(path, a, b, s.alpha))
        yield at_most(f"{name}: loss left", rest, CONVERGED, resolution=CONVERGED)
        x, y = np.repeat(np.array(widths, float), k), np.concatenate(gaps)
        yield rate(f"{name}: distance from the linearisation in m", x, y, order)


def other_outputs(change):
    """Linearised outputs (steps, …) that went through change."""

    def linearised_outputs(weights, a, b, at, eta, num_steps, alpha=1.0, output=identity):
        return change(lazy_training.linearised_outputs(weights, a, b, at, eta, num_steps, alpha, output))

    return linearised_outputs


wide_networks_follow_their_linearisation.mutants(
    {
        "nothing moves": other_outputs(lambda u: 0 * u + u[0]),
        "tangent kernel 10 % too large": lambda weights, a, b, at, eta, num_steps, alpha=1.0, output=identity: (
            lazy_training.linearised_outputs(weights, a, b, at, 1.1 * eta, num_steps, alpha, output)
        ),
        "labels twice as large": lambda weights, a, b, at, eta, num_steps, alpha=1.0, output=identity: (
            lazy_training.linearised_outputs(weights, a, 2 * b, at, eta, num_steps, alpha, output)
        ),
        "starts at 0": other_outputs(lambda u: u - u[0]),
    },
    replaces="linearised_outputs",
)
wide_networks_follow_their_linearisation.mutants(
    {
        "first layer kept": first_layers_kept,
        "another number of steps": lambda weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity: (
            training.gradient_descent(weights, a, b, eta / 2, num_steps, records, alpha, output)
        ),
    },
    replaces="gradient_descent",
)
