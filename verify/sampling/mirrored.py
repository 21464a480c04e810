"""Mirrored Langevin Monte Carlo on the simplex: slide "Iterative refinement like in optimization: MCMC", variants."""

import autograd
import autograd.numpy as np
import scipy

from refimpl.sampling import mirrored
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding

SLIDE = "Iterative refinement like in optimization: MCMC"
SOURCE = "Hsieh, Kavis, Rolland & Cevher 2018"


def conjugate(y):
    """log(1 + Σeʸ), for moderate y."""
    return np.log(1 + np.sum(np.exp(y), -1))


def hand_in_hand(potential, y):
    """∇W at each of the points y, by differentiating V(∇h*(y)) − log det ∇²h*(y)."""

    def W(y):
        return potential(autograd.grad(conjugate)(y)) - np.linalg.slogdet(autograd.hessian(conjugate)(y))[1]

    return np.array([autograd.grad(W)(point) for point in y])


@claim("S10", slide=SLIDE, source=SOURCE)
def mirror_maps_are_gradients_of_conjugates(
    rng,
    *,
    entropic_conjugate=mirrored.entropic_conjugate,
    to_simplex=mirrored.to_simplex,
    to_dual=mirrored.to_dual,
):
    r"""h* = max over x of ⟨x, y⟩ − h(x), attained at x = ∇h*(y), and y = ∇h(x) leads back: h the negative entropy."""
    for p in (1, 2, 5):
        y = 2 * rng.standard_normal((50, p))
        x = to_simplex(y)
        atoms = np.concatenate([x, 1 - x.sum(-1, keepdims=True)], -1)
        legendre = (x * y).sum(-1) - (atoms * np.log(atoms)).sum(-1)
        yield equal(f"h*, p = {p}", entropic_conjugate(y), legendre, atol=rounding(200, 10))
        gradient = np.array([autograd.grad(conjugate)(point) for point in y])
        yield equal(f"∇h*, p = {p}", x, gradient, rtol=1e-12)
        yield equal(f"∇h(∇h*(y)), p = {p}", to_dual(x), y, atol=1e-9)
    extreme = np.array([[800.0, -800.0], [-800.0, -800.0]])
    yield equal("h* where e^y overflows", entropic_conjugate(extreme), [800.0, 0.0], atol=1e-12)
    yield equal("∇h* where e^y overflows", to_simplex(extreme), [[1.0, 0.0], [0.0, 0.0]], atol=1e-300)


mirror_maps_are_gradients_of_conjugates.mutants(
    {
        "without the last atom": lambda y: scipy.special.logsumexp(y, axis=-1),
        "overflows": conjugate,
    },
    replaces="entropic_conjugate",
)
mirror_maps_are_gradients_of_conjugates.mutants(
    {
        "softmax of p atoms": lambda y: scipy.special.softmax(y, axis=-1),
        "of −y": lambda y: mirrored.to_simplex(-y),
    },
    replaces="to_simplex",
)
mirror_maps_are_gradients_of_conjugates.mutants(
    {
        "gradient of Σx log x": lambda x: 1 + np.log(x),
        "1 % too large": lambda x: 1.01 * mirrored.to_dual(x),
    },
    replaces="to_dual",
)


@claim("S10", slide=SLIDE, source=SOURCE)
def dual_potential_is_the_push_forward(rng, *, dual_gradient=mirrored.dual_gradient):
    r"""W(y) = V(∇h*(y)) − log det ∇²h*(y), for any V: ∇W by hand and by automatic differentiation."""
    for p in (1, 2, 4):
        alpha, w = rng.uniform(0.3, 2, p + 1), rng.standard_normal(p)

        def V(x, alpha=alpha, w=w):
            atoms = np.concatenate([x, np.array([1 - np.sum(x)])])
            return np.sin(np.dot(w, x)) + np.sum(x**3) - np.sum((alpha - 1) * np.log(atoms))

        y = rng.standard_normal((20, p))
        slope = dual_gradient(lambda x, V=V: np.array([autograd.grad(V)(point) for point in x]))(y)
        yield equal(f"∇W, p = {p}", slope, hand_in_hand(V, y), atol=1e-11)


def spoilt(pull, volume):
    """∇W with other ways to pull ∇V back and to count volume."""

    def gradient(grad_V):
        def grad_W(y):
            x = mirrored.to_simplex(y)
            return pull(x, grad_V(x)) + volume(x)

        return grad_W

    return gradient


def pulled(x, g):
    return x * (g - (x * g).sum(-1, keepdims=True))


def volume(x):
    return (x.shape[-1] + 1) * x - 1


dual_potential_is_the_push_forward.mutants({
    "volume forgotten": spoilt(pulled, lambda x: 0),
    "sign of the volume": spoilt(pulled, lambda x: -volume(x)),
    "p in place of p + 1": spoilt(pulled, lambda x: x.shape[-1] * x - 1),
    "diagonal of ∇²h* alone": spoilt(lambda x, g: x * g, volume),
    "∇V not pulled back": spoilt(lambda x, g: g, volume),
    "∇V 1 % too large": spoilt(lambda x, g: 1.01 * pulled(x, g), volume),
    "mean of ∇V for its expectation": spoilt(lambda x, g: x * (g - g.mean(-1, keepdims=True)), volume),
})


@claim("S10", slide=SLIDE, source=SOURCE)
def dual_dirichlet_is_convex_where_the_primal_is_not(rng, *, dirichlet_dual_gradient=mirrored.dirichlet_dual_gradient):
    r"""Dirichlet(α), some αᵢ < 1: ∇W = (Σα) x − α is the push-forward's and monotone; ∇V is not monotone."""
    for p in (1, 2, 4):
        alpha = np.append(rng.uniform(0.2, 0.8, p), rng.uniform(0.5, 2))

        def V(x, alpha=alpha):
            return -np.sum((alpha - 1) * np.log(np.concatenate([x, np.array([1 - np.sum(x)])])))

        grad_W = dirichlet_dual_gradient(alpha)
        y = 2 * rng.standard_normal((40, p))
        yield equal(f"∇W, p = {p}", grad_W(y), hand_in_hand(V, y), atol=1e-10)
        near = rng.standard_normal((1000, p))
        gaps = np.concatenate([(near, near + 1e-3 * rng.standard_normal((1000, p))), (-12 * np.ones((2, 1, p)))], 1)
        gaps[1, -1] += 0.1
        steep = ((grad_W(gaps[1]) - grad_W(gaps[0])) * (gaps[1] - gaps[0])).sum(-1)
        yield at_least(f"⟨∇W(y') − ∇W(y), y' − y⟩, p = {p}", steep, 0.0, slack=1e-15, resolution=1e-3)
        x = np.stack([mirrored.to_simplex(side) for side in gaps[:, :-1]])
        primal = np.array([[autograd.grad(V)(point) for point in side] for side in x[:, :100]])
        flat = ((primal[1] - primal[0]) * (x[1] - x[0])[:100]).sum(-1)
        yield at_most(f"least ⟨∇V(x') − ∇V(x), x' − x⟩, p = {p}", flat.min(), -1e-9, resolution=1e-3)


DIRICHLETS = {
    "α + 1, the potential of the density in x": lambda alpha: mirrored.dirichlet_dual_gradient(alpha + 1),
    "α − 1 subtracted": lambda alpha: lambda y: mirrored.dirichlet_dual_gradient(alpha)(y) + 1,
    "Σ over the first p alone": lambda alpha: lambda y: alpha[:-1].sum() * mirrored.to_simplex(y) - alpha[:-1],
    "sign": lambda alpha: lambda y: -mirrored.dirichlet_dual_gradient(alpha)(y),
    "first and last atom swapped": lambda alpha: mirrored.dirichlet_dual_gradient(alpha[::-1]),
    "Σα 1 % too large": lambda alpha: lambda y: 1.01 * alpha.sum() * mirrored.to_simplex(y) - alpha[:-1],
}
dual_dirichlet_is_convex_where_the_primal_is_not.mutants(DIRICHLETS)
