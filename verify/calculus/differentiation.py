"""Jacobians of fields: slide "Question 1 with a twist: Where do the algorithms want to converge?"."""

import autograd.numpy
import numpy as np

from refimpl.calculus import differentiation
from verify.claims import claim
from verify.evidence import EPS, equal, rounding

TWIST = "Question 1 with a twist: Where do the algorithms want to converge?"


@claim("M05", slide=TWIST, source="differentiation by hand")
def jacobians_hold_the_derivatives_of_the_field(rng, *, jacobian=differentiation.jacobian):
    r"""V = Mz + z³ + z₁z has JV = M + diag(3z² + z₁) + z e₁', row by row the gradients of V's coordinates."""
    M, z = rng.standard_normal((4, 4)), rng.uniform(-2, 2, (5, 6, 4))
    expected = M + (3 * z**2 + z[..., :1])[..., None] * np.eye(4) + z[..., None] * np.eye(4)[0]
    measured = jacobian(lambda z: z @ M.T + z**3 + z[..., :1] * z, z)
    yield equal("JV of a batch", measured, expected, atol=rounding(64, 20.0))
    one = jacobian(lambda z: z @ M.T + z**3 + z[..., :1] * z, z[0, 0])
    yield equal("JV at one point", one, expected[0, 0], atol=rounding(64, 20.0))


def forward_differences(V, z):
    steps = 1e-6 * np.eye(z.shape[-1])
    return np.stack([(V(z + step) - V(z)) / 1e-6 for step in steps], -1)


jacobians_hold_the_derivatives_of_the_field.mutants({
    "transposed": lambda V, z: np.swapaxes(differentiation.jacobian(V, z), -1, -2),
    "forward differences with a step of 10⁻⁶": forward_differences,
    "one point is a batch of one": lambda V, z: differentiation.jacobian(V, np.atleast_2d(z)),
    "diagonal only": lambda V, z: differentiation.jacobian(V, z) * np.eye(z.shape[-1]),
})


def oscillating(V, M, b):
    """V = f(Mz + b), f = sin written in a module of functions, and JV = diag(cos(Mz + b)) M."""
    return lambda z: V.sin(z @ M.T + b), lambda z: np.cos(z @ M.T + b)[..., None] * M


@claim("M05", slide=TWIST, source="Squire & Trapp 1998; Taylor's expansion")
def jacobians_are_as_exact_as_their_way(
    rng, *, exact_jacobian=differentiation.exact_jacobian, central_jacobian=differentiation.central_jacobian
):
    r"""V = sin(Mz + b): exact by a complex step or by autograd; differences err by h²V'''/6 + ε(‖V‖ + |z|)/h.

    Their step is h = ε^⅓ max(1, |z|) at each point; |∂ⱼ³Vᵢ| ≤ |Mᵢⱼ|³.
    """
    M, b = rng.uniform(-1, 1, (3, 3)) / 3, rng.uniform(-3, 3, 3)
    for name, functions in (("NumPy", np), ("autograd", autograd.numpy)):
        V, J = oscillating(functions, M, b)
        for z in (rng.uniform(-1, 1, (2, 6, 3)), rng.uniform(-1, 1, 3), rng.uniform(-1, 1, (6, 3)) * [[1e3]]):
            expected, R = J(z), np.maximum(1, np.abs(z).max(-1))[..., None, None]
            what = f"{name}, z of shape {z.shape} up to {np.abs(z).max():.2g}"
            error = rounding(64, np.abs(z).max() + 4)
            yield equal(f"{what}: exact", exact_jacobian(V, z)(z), expected, atol=error)
            yield equal(f"{what}: exact, elsewhere", exact_jacobian(V, z)(z[..., ::-1]), J(z[..., ::-1]), atol=error)
            step = np.cbrt(EPS) * R
            error = step**2 / 6 * np.abs(M) ** 3 + 16 * EPS * (4 + np.abs(z).max()) / step
            yield equal(f"{what}: by differences", central_jacobian(V, z), expected, atol=error)
    kink = exact_jacobian(lambda z: autograd.numpy.abs(z) * z, z)
    yield equal("V = |z| z, which no complex step differentiates", kink(z), 2 * np.abs(z)[..., None] * np.eye(3),
                rtol=rounding(8))  # fmt: skip
    try:
        exact_jacobian(lambda z: np.round(z.real) + np.floor(z), z)
        raised = 0
    except TypeError:
        raised = 1
    yield equal("a field of steps is refused", raised, 1)


def one_sided_differences(V, z):
    h = np.cbrt(EPS) * np.maximum(1, np.abs(z).max(-1, keepdims=True))
    return np.stack([(V(z + h * e) - V(z)) / h for e in np.eye(z.shape[-1])], -1)


def one_step_for_the_batch(V, z):
    h = np.cbrt(EPS) * 1e3
    return np.stack([(V(z + h * e) - V(z - h * e)) / (2 * h) for e in np.eye(z.shape[-1])], -1)


jacobians_are_as_exact_as_their_way.mutants(
    {
        "differences for exact ones": lambda V, z: lambda z: differentiation.central_jacobian(V, z),
        "always at the point of the trial": lambda V, z: lambda w: differentiation.exact_jacobian(V, z)(z),
        "a complex step unasked": lambda V, z: lambda z: differentiation._by_complex_step(V, z),
        "transposed": lambda V, z: lambda z: np.swapaxes(differentiation.exact_jacobian(V, z)(z), -1, -2),
    },
    replaces="exact_jacobian",
)
jacobians_are_as_exact_as_their_way.mutants(
    {
        "one-sided differences": one_sided_differences,
        "a step of 10⁻⁸": lambda V, z: np.stack(
            [(V(z + 1e-8 * e) - V(z - 1e-8 * e)) / 2e-8 for e in np.eye(z.shape[-1])], -1
        ),
        "one step size for the batch": one_step_for_the_batch,
        "divided by h": lambda V, z: 2 * differentiation.central_jacobian(V, z),
    },
    replaces="central_jacobian",
)
