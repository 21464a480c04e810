"""Projections onto boxes and balls, for constrained methods: slide "When do the algorithms converge?"."""

import numpy as np

from refimpl.calculus import projections
from verify.claims import claim, shipped
from verify.evidence import at_most, equal, rounding
from verify.minimax.weak_minty import SLIDE, SOURCE


@claim("M18", slide=SLIDE, source=SOURCE)
def projections_are_nearest_points(rng, *, onto_box=projections.onto_box, onto_ball=projections.onto_ball):
    r"""Qz lies in the set, and ⟨z − Qz, y − Qz⟩ ≤ 0 for all y in it, with equality somewhere off it."""
    lower, upper, centre, radius = -rng.uniform(0.5, 2, 3), rng.uniform(0.5, 2, 3), rng.standard_normal(3), 1.3
    z = centre + 3 * rng.standard_normal((500, 3))
    corners = np.array([[(lower, upper)[i >> j & 1][j] for j in range(3)] for i in range(8)])
    direction = rng.standard_normal((500, 3))
    sphere = centre + radius * direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    Q = np.asarray(onto_box(lower, upper)(z))
    yield at_most("box: max(l − Qz, Qz − u)", np.maximum(lower - Q, Q - upper), 0.0, resolution=1e-12)
    yield at_most(
        "box: ⟨z − Qz, y − Qz⟩", np.einsum("kj,kij->ki", z - Q, corners - Q[:, None]), 0.0, slack=1e-13, resolution=1e-9
    )
    Q = np.asarray(onto_ball(centre, radius)(z))
    distance = np.linalg.norm(Q - centre, axis=-1)
    yield at_most("ball: ‖Qz − c‖", distance, radius, slack=rounding(16, radius), tight=1e-12)
    for scale in (1e-200, 1e200):
        far = np.asarray(onto_ball(0.0, 0.5 * scale)(scale * (z - centre))) / scale
        yield equal(f"ball: of size {scale}", far, onto_ball(0.0, 0.5)(z - centre), rtol=rounding(16))
    sphere = np.concatenate([sphere, Q])
    yield at_most(
        "ball: ⟨z − Qz, y − Qz⟩", (z - Q) @ sphere.T - ((z - Q) * Q).sum(-1)[:, None], 0.0, slack=1e-12, resolution=1e-9
    )


def squares_overflow(centre, radius):
    return lambda z: centre + (z - centre) / np.maximum(1, np.linalg.norm(z - centre, axis=-1, keepdims=True) / radius)


projections_are_nearest_points.mutants(
    {
        "rescales from the origin": shipped(
            lambda centre, radius: lambda z: z * np.minimum(1, radius / np.linalg.norm(z, axis=-1, keepdims=True)),
            project="adversarial-robustness-toolbox",
            version="1.20.1, projection",
        ),
        "always onto the sphere": lambda centre, radius: (
            lambda z: centre + radius * (z - centre) / np.linalg.norm(z - centre, axis=-1, keepdims=True)
        ),
        "squares that overflow": squares_overflow,
        "radius 1 % too large": lambda centre, radius: projections.onto_ball(centre, 1.01 * radius),
    },
    replaces="onto_ball",
)
projections_are_nearest_points.mutants(
    {
        "scales into the box": lambda lower, upper: (
            lambda z: z / np.maximum(1, np.maximum(z / upper, z / lower).max(-1, keepdims=True))
        ),
        "forgets the lower bound": lambda lower, upper: lambda z: np.minimum(z, upper),
    },
    replaces="onto_box",
)
