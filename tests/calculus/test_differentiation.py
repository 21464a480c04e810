"""Jacobians: batches."""

import numpy as np

from refimpl.calculus.differentiation import jacobian


def test_jacobians_of_linear_fields_are_their_matrices():
    M = np.random.default_rng(0).standard_normal((3, 3))
    J = jacobian(lambda z: z @ M.T, np.ones((2, 5, 3)))
    np.testing.assert_allclose(J, np.broadcast_to(M, (2, 5, 3, 3)), rtol=1e-14)
