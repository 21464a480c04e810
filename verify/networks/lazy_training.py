"""How far weights move in training, and the linearisation that wide networks follow."""

import functools

import autograd
import autograd.numpy as np

from refimpl.backpropagation.activations import identity
from refimpl.networks import lazy_training
from refimpl.networks.fully_connected import forward, gradient_factors
from refimpl.networks.training import gradient_descent
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.networks.training import SLIDE, instances, size

NTK = "Jacot, Gabriel & Hongler 2018; Chizat, Oyallon & Bach 2019"


def outputs(x, shapes, a, alpha, output):
    """The network again, its weights as one vector."""
    weights, start = [], 0
    for rows, columns in shapes:
        weights.append(np.reshape(x[start : start + rows * columns], (rows, columns)))
        start += rows * columns
    return forward(weights, a, alpha, output)


def jacobian(weights, a, alpha, output):
    """Derivatives (n, d) of the outputs in all weights of one network."""
    shapes, x = [X.shape for X in weights], np.concatenate([X.ravel() for X in weights])
    return autograd.jacobian(functools.partial(outputs, shapes=shapes, a=a, alpha=alpha, output=output))(x)


def single(weights, *batches):
    """Each network alone, with its part of every batch."""
    for i in np.ndindex(np.shape(weights[0])[:-2]):
        yield i, [X[i] for X in weights], *(batch[i] if np.ndim(batch) > 2 else batch for batch in batches)


@claim("N08", slide=SLIDE, source=NTK)
def tangent_kernel_is_a_product_of_jacobians(rng, *, tangent_kernel=lazy_training.tangent_kernel):
    r"""K = JJ'ᵀ, with Jacobians in all weights by automatic differentiation."""
    for weights, a, b, _, alpha, output in instances(rng):
        at, name = rng.standard_normal((*a.shape[:-2], 3, a.shape[-1])), f"L = {len(weights)}"
        K = tangent_kernel(weights, a, at, alpha, output)
        yield equal(f"{name}: shape", K.shape == (*np.shape(b), 3), 1)
        for i, net, here, there in single(weights, a, at):
            J, J_at = (jacobian(net, points, alpha, output) for points in (here, there))
            yield equal(f"{name}: K", K[i], J @ J_at.T, atol=size(net, a, at))
    weights, a, *_ = next(instances(rng))
    default, said = tangent_kernel(weights, a, a), tangent_kernel(weights, a, a, 1.0, identity)
    yield equal("default α, last layer linear", default, said)


@claim("N08", slide=SLIDE, source=NTK)
def linearised_network_is_trained_in_the_tangent_space(rng, *, linearised_outputs=lazy_training.linearised_outputs):
    r"""Outputs are h(x₀) + J(x − x₀) under gradient descent in x, with Jacobians by automatic differentiation."""
    for weights, a, b, eta, alpha, output in instances(rng):
        at, name = rng.standard_normal((*a.shape[:-2], 3, a.shape[-1])), f"L = {len(weights)}"
        u = linearised_outputs(weights, a, b, at, eta, 5, alpha, output)
        yield equal(f"{name}: shape", u.shape == (6, *np.shape(b)[:-1], 3), 1)
        for i, net, here, there in single(weights, a, at):
            J, J_at = (jacobian(net, points, alpha, output) for points in (here, there))
            shift, expected = np.zeros(J.shape[1]), []
            for _ in range(6):
                expected.append(forward(net, there, alpha, output) + J_at @ shift)
                error = forward(net, here, alpha, output) + J @ shift - b[i]
                shift = shift - np.asarray(eta)[i] * J.T @ error / len(error)
            growth = 1 + np.asarray(eta)[i] * np.linalg.norm(J) ** 2
            tolerance = size(net, a, at) * growth**5 * (1 + np.linalg.norm(J_at) ** 2)
            yield equal(f"{name}: h̄", u[(slice(None), *i)], expected, atol=tolerance)


def first_layer_left_out(weights, a, a_prime, alpha=1.0, output=identity):
    here, there = (gradient_factors(np.ones_like, weights, points, alpha, output) for points in (a, a_prime))
    d, h, e, g = here.delta[0], here.h[0], there.delta[0], there.h[0]
    whole = lazy_training.tangent_kernel(weights, a, a_prime, alpha, output)
    return whole - (d @ np.swapaxes(e, -1, -2)) * (h @ np.swapaxes(g, -1, -2))


def transposed(weights, a, a_prime, alpha=1.0, output=identity):
    return np.swapaxes(lazy_training.tangent_kernel(weights, a_prime, a[..., :3, :], alpha, output), -1, -2)[..., :3, :]


def starts_at_zero(weights, a, b, at, eta, num_steps, alpha=1.0, output=identity):
    u = lazy_training.linearised_outputs(weights, a, b, at, eta, num_steps, alpha, output)
    return u - u[0]


def network_itself(weights, a, b, at, eta, num_steps, alpha=1.0, output=identity):
    path = gradient_descent(weights, a, b, eta, num_steps, num_steps, alpha, output).weights
    return np.stack([forward(list(now), at, alpha, output) for now in zip(*path, strict=True)])


def errors_of_the_start(weights, a, b, at, eta, num_steps, alpha=1.0, output=identity):
    u = lazy_training.linearised_outputs(weights, a, b, at, eta, 1, alpha, output)
    return u[:1] + np.arange(num_steps + 1).reshape(-1, *[1] * (u.ndim - 1)) * (u[1] - u[0])


tangent_kernel_is_a_product_of_jacobians.mutants({
    "the first layer left out": first_layer_left_out,
    "transposed": transposed,
    "divided by α once": lambda weights, a, a_prime, alpha=1.0, output=identity: (
        alpha * lazy_training.tangent_kernel(weights, a, a_prime, alpha, output)
    ),
    "1 % too large": lambda weights, a, a_prime, alpha=1.0, output=identity: (
        1.01 * lazy_training.tangent_kernel(weights, a, a_prime, alpha, output)
    ),
})
linearised_network_is_trained_in_the_tangent_space.mutants({
    "sum in place of the mean": lambda weights, a, b, at, eta, num_steps, alpha=1.0, output=identity: (
        lazy_training.linearised_outputs(weights, a, b, at, eta * np.shape(b)[-1], num_steps, alpha, output)
    ),
    "starts at 0": starts_at_zero,
    "the network itself": network_itself,
    "errors of the start": errors_of_the_start,
})


@claim("N08", slide="Robustness in deep learning: non-lazy training experiment", source="definitions")
def changes_are_relative_to_the_start(
    rng, *, relative_changes=lazy_training.relative_changes, lazy_ratio=lazy_training.lazy_ratio
):
    r"""‖X_l(t) − X_l(0)‖/‖X_l(0)‖ by eigenvalues and sums of squares, κ = Σ‖X_l(t) − X_l(0)‖_F/Σ‖X_l(0)‖_F."""
    for leading in ((), (3,)):
        path = [rng.standard_normal((4, *leading, *shape)) for shape in ((5, 2), (5, 5), (1, 5))]
        moved = [X - X[:1] for X in path]
        spectral, frobenius = ([[measure(Y) for Y in X] for X in (moved, path)] for measure in (largest, root))
        for norm, (change, start) in (("2", spectral), ("fro", frobenius)):
            expected = [d / s[0] for d, s in zip(change, start, strict=True)]
            yield equal(
                f"norm {norm}", relative_changes(path, norm), expected, atol=1e-7 * (norm == "2") + rounding(100)
            )
        change, start = frobenius
        yield equal("κ", lazy_ratio(path), sum(change) / sum(start)[0], atol=rounding(100))
        yield equal("default norm", relative_changes(path), relative_changes(path, "2"))


def largest(X):
    """Largest singular values of matrices, from eigenvalues of XᵀX."""
    return np.sqrt(np.abs(np.linalg.eigvalsh(np.swapaxes(X, -1, -2) @ X)).max(-1))


def root(X):
    """Roots of sums of squares."""
    return np.sqrt(np.sum(X**2, axis=(-2, -1)))


def since_the_step_before(path, norm="2"):
    steps = [np.concatenate([X[:1], X[:1] + X[1:] - X[:-1]]) for X in path]
    return lazy_training.relative_changes(steps, norm)


def norms_of_rows(path, norm="2"):
    sizes = [np.linalg.norm(X - X[0], axis=-1).max(-1) / np.linalg.norm(X[0], axis=-1).max(-1) for X in path]
    return np.stack(sizes)


def one_norm_of_all_weights(path):
    flat = [np.concatenate([X.reshape(*X.shape[:-2], 1, -1) for X in path], -1)]
    return lazy_training.relative_changes(flat, "fro")[0]


changes_are_relative_to_the_start.mutants(
    {
        "relative to the end": lambda path, norm="2": lazy_training.relative_changes([X[::-1] for X in path], norm)[
            :, ::-1
        ],
        "since the step before": since_the_step_before,
        "Frobenius' norm always": lambda path, norm="2": lazy_training.relative_changes(path, "fro"),
        "norms of rows": norms_of_rows,
    },
    replaces="relative_changes",
)
changes_are_relative_to_the_start.mutants(
    {
        "mean of the layers' ratios": lambda path: lazy_training.relative_changes(path, "fro").mean(0),
        "one norm of all weights": one_norm_of_all_weights,
        "squares of norms": lambda path: sum(root(X - X[:1]) ** 2 for X in path) / sum(root(X[0]) ** 2 for X in path),
    },
    replaces="lazy_ratio",
)
