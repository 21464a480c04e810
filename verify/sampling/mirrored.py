"""Mirrored Langevin Monte Carlo on the simplex: slide "Iterative refinement like in optimization: MCMC", variants."""

import autograd
import autograd.numpy as np
import numpy
import scipy

from refimpl.sampling import mirrored
from verify.claims import claim
from verify.evidence import at_least, at_most, distribution, equal, mean, rate, rounding

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


@mirror_maps_are_gradients_of_conjugates.mutant("without the last atom", replaces="entropic_conjugate")
def _(y):
    return scipy.special.logsumexp(y, axis=-1)


@mirror_maps_are_gradients_of_conjugates.mutant("overflows", replaces="entropic_conjugate")
def _(y):
    return conjugate(y)


@mirror_maps_are_gradients_of_conjugates.mutant("softmax of p atoms", replaces="to_simplex")
def _(y):
    return scipy.special.softmax(y, axis=-1)


@mirror_maps_are_gradients_of_conjugates.mutant("of −y", replaces="to_simplex")
def _(y):
    return mirrored.to_simplex(-y)


@mirror_maps_are_gradients_of_conjugates.mutant("gradient of Σx log x", replaces="to_dual")
def _(x):
    return 1 + np.log(x)


@mirror_maps_are_gradients_of_conjugates.mutant("1 % too large", replaces="to_dual")
def _(x):
    return 1.01 * mirrored.to_dual(x)


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


DUALS = {
    "volume forgotten": spoilt(pulled, lambda x: 0),
    "sign of the volume": spoilt(pulled, lambda x: -volume(x)),
    "p in place of p + 1": spoilt(pulled, lambda x: x.shape[-1] * x - 1),
    "diagonal of ∇²h* alone": spoilt(lambda x, g: x * g, volume),
    "∇V not pulled back": spoilt(lambda x, g: g, volume),
    "∇V 1 % too large": spoilt(lambda x, g: 1.01 * pulled(x, g), volume),
    "mean of ∇V for its expectation": spoilt(lambda x, g: x * (g - g.mean(-1, keepdims=True)), volume),
}

for _text, _mutant in DUALS.items():
    dual_potential_is_the_push_forward.mutant(_text)(_mutant)


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

for _text, _mutant in DIRICHLETS.items():
    dual_dirichlet_is_convex_where_the_primal_is_not.mutant(_text)(_mutant)


def stationary_law(slope, eta):
    """Points and masses of the stationary law of y⁺ = y − η slope(y) + √(2η)z on the line, by the trapezoidal rule."""
    y = np.linspace(-45, 45, 401)
    P = scipy.stats.norm.pdf(y, (y - eta * slope(y))[:, None], np.sqrt(2 * eta)) * (y[1] - y[0])
    law = np.linalg.solve(P.T - np.eye(len(y)) + 1 / len(y), np.full(len(y), 1 / len(y)))
    return y, law / law.sum()


@claim("S10", slide=SLIDE, source=SOURCE)
def mirrored_chains_sample_the_dirichlet_law(rng, *, mirrored_lmc=mirrored.mirrored_lmc):
    r"""Dirichlet(α): the mean α/Σα is exact for every η; the law of two atoms is exact; second moments as η → 0."""
    start, cold, h = rng.dirichlet(np.ones(4), 5)[:, :3], 1e-30, 0.4
    y = np.log(start / (1 - start.sum(-1, keepdims=True)))
    for _ in range(3):
        y = y - h * np.sin(y + y[:, :1])
    x = mirrored_lmc(lambda y: h / cold * np.sin(y + y[:, :1]), start, cold, 3, rng)
    yield equal("3 steps without noise", x, np.exp(y) / (1 + np.exp(y).sum(-1, keepdims=True)), rtol=1e-12)
    alpha, n = np.array([1.3, 0.8, 0.9]), 20_000
    grad_W = mirrored.dirichlet_dual_gradient(alpha)
    for eta, num_steps in [(0.8, 150), (0.1, 250)]:
        x = mirrored_lmc(grad_W, np.full((n, 2), 1 / 3), eta, num_steps, rng)
        for i in range(2):
            yield mean(f"E x_{i + 1}, η = {eta}", x[:, i], alpha[i] / alpha.sum(), delta=0.03)
    total = alpha.sum() * (1 + alpha.sum())
    yield mean(f"E x₁x₂, η = {eta}", x[:, 0] * x[:, 1], alpha[0] * alpha[1] / total, delta=0.02)
    yield mean(f"E x₁², η = {eta}", x[:, 0] ** 2, alpha[0] * (1 + alpha[0]) / total, delta=0.03)
    alpha, eta = np.array([0.8, 1.7]), 0.7
    nodes, law = stationary_law(lambda y: alpha.sum() / (1 + np.exp(-y)) - alpha[0], eta)
    x = mirrored_lmc(mirrored.dirichlet_dual_gradient(alpha), np.full((n, 1), 0.4), eta, 100, rng)[:, 0]
    F = np.cumsum(law) - law / 2
    cdf = lambda x: np.interp(np.log(x / (1 - x)), nodes, F)  # noqa: E731
    yield distribution(f"law of two atoms, η = {eta}", x, cdf, delta=0.05)


def chain(update):
    """A driver that can be spoiled: update(grad_W, y, eta, z, memory)."""

    def run(grad_W, x0, eta, num_steps, rng):
        y = mirrored.to_dual(x0)
        memory = {"g": grad_W(y), "z": rng.standard_normal(y.shape)}
        for _ in range(num_steps):
            y = update(grad_W, y, eta, rng.standard_normal(y.shape), memory)
        return mirrored.to_simplex(y)

    return run


CHAINS = {
    "ascends": chain(lambda g, y, eta, z, m: y + eta * g(y) + np.sqrt(2 * eta) * z),
    "√η for √(2η)": chain(lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(eta) * z),
    "η for √(2η)": chain(lambda g, y, eta, z, m: y - eta * g(y) + eta * z),
    "drift 1 % too large": chain(lambda g, y, eta, z, m: y - 1.01 * eta * g(y) + np.sqrt(2 * eta) * z),
    "no noise": chain(lambda g, y, eta, z, m: y - eta * g(y)),
    "the same noise at every step": chain(lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(2 * eta) * m["z"]),
    "one noise for all coordinates": chain(
        lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(2 * eta) * (0 * z + z[:, :1])
    ),
    "noise in the primal metric": chain(
        lambda g, y, eta, z, m: y - eta * g(y) + np.sqrt(2 * eta * mirrored.to_simplex(y)) * z
    ),
    "gradient at the primal point": chain(
        lambda g, y, eta, z, m: y - eta * g(mirrored.to_simplex(y)) + z * (2 * eta) ** 0.5
    ),
}

for _text, _mutant in CHAINS.items():
    mirrored_chains_sample_the_dirichlet_law.mutant(_text)(_mutant)


@mirrored_chains_sample_the_dirichlet_law.mutant("gradient computed once", shipped="metropolis-adjusted-MLA 1f01fc4")
def _(grad_W, x0, eta, num_steps, rng):
    frozen = grad_W(mirrored.to_dual(x0))
    return mirrored.mirrored_lmc(lambda y: frozen, x0, eta, num_steps, rng)


@mirrored_chains_sample_the_dirichlet_law.mutant("one step too many")
def _(grad_W, x0, eta, num_steps, rng):
    return mirrored.mirrored_lmc(grad_W, x0, eta, num_steps + 1, rng)


@claim("S10", slide=SLIDE, source=SOURCE)
def mirrored_lmc_is_biased_at_order_one(rng, *, dirichlet_dual_gradient=mirrored.dirichlet_dual_gradient):
    r"""Two atoms: in the chain's exact law E x is that of Beta(α) for every η, and Var x is off by O(η)."""
    alpha = rng.uniform(0.7, 1.8, 2)
    exact = scipy.stats.beta(*alpha)
    grad_W, etas = dirichlet_dual_gradient(alpha), numpy.geomspace(0.05, 0.5, 12)
    means, off = [], []
    for eta in etas:
        y, law = stationary_law(lambda y: grad_W(y[:, None])[:, 0], eta)
        x = 1 / (1 + np.exp(-y))
        means.append(law @ x)
        off.append(law @ (x - exact.mean()) ** 2 - exact.var())
    yield equal("E x for 12 steps η", means, exact.mean(), atol=1e-9)
    yield rate("Var x − variance of Beta, in η", etas, off, 1.0)


for _text, _mutant in DIRICHLETS.items():
    mirrored_lmc_is_biased_at_order_one.mutant(_text)(_mutant)
