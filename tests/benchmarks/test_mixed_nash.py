"""Mirror-prox on a large matrix game: against its matrix-vector products alone."""

from collections.abc import Callable

import numpy as np

from refimpl.minimax.mixed_nash import duality_gap, mirror_prox


def test_mirror_prox_against_its_matrix_vector_products(race: Callable) -> None:
    rng = np.random.default_rng(0)
    A, num_steps = rng.uniform(-1, 1, (1000, 1000)), 100
    p, q = rng.dirichlet(np.ones(1000), 2)

    def products_alone() -> None:
        for _ in range(num_steps):
            for _ in range(2):
                A @ q
                p @ A

    eta = 1 / np.abs(A).max()
    played = race(lambda: mirror_prox(A, eta, num_steps), products_alone=products_alone)
    assert duality_gap(A, *played) <= np.log(A.size) / (eta * num_steps)
