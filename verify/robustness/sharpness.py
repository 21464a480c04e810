"""Worst perturbations of parameters and SAM: slide "Robustness examples in ML"."""

import autograd
import autograd.numpy as np

from refimpl.backpropagation import activations
from refimpl.backpropagation.layers import Layer, Network, flatten
from refimpl.backpropagation.losses import cross_entropy
from refimpl.backpropagation.mlp import loss_gradient
from refimpl.robustness import sharpness
from verify.claims import claim, shipped
from verify.evidence import at_most, equal, rounding
from verify.networks.hessian import flat, loss
from verify.probes import batched

SLIDE = "Robustness examples in ML"
SAM = "Foret et al. 2021"


@claim("R02", slide=SLIDE, source=f"{SAM}, equation 2; Cauchy and Schwarz")
def no_direction_raises_a_linear_loss_more_than_its_gradient(rng, *, sam_perturbation=sharpness.sam_perturbation):
    r"""For L = ⟨g, x⟩ the maximum on the ball is ε‖g‖₂, at η = εg/‖g‖₂, whatever the size of g; η = 0 at g = 0."""
    g, eps = rng.standard_normal((20, 7)), rng.uniform(0.1, 2)
    others = rng.standard_normal((2000, 7))
    others *= eps / np.linalg.norm(others, axis=-1, keepdims=True)
    for scale in (1.0, 1e-180, 1e180):
        eta = np.asarray(sam_perturbation(scale * g, eps))
        yield equal("‖η‖", np.linalg.norm(eta, axis=-1), eps, rtol=rounding(16))
        best = eps * np.linalg.norm(g, axis=-1)
        yield equal("⟨g, η⟩", (g * eta).sum(-1), best, rtol=rounding(32))
        yield at_most("⟨g, η⟩ of others", (g @ others.T).max(-1), best, slack=1e-12, tight=0.5)
    yield equal("η at g = 0", sam_perturbation(np.zeros(3), eps), np.zeros(3))
    yield equal("η at ε = 0", sam_perturbation(g, 0.0), 0 * g)
    yield from batched("η", lambda g: sam_perturbation(g, eps), g, rtol=rounding(16))


no_direction_raises_a_linear_loss_more_than_its_gradient.mutants({
    "descends": lambda g, eps: -sharpness.sam_perturbation(g, eps),
    "along g itself": lambda g, eps: eps * g,
    "divided by ‖g‖²": lambda g, eps: eps * g / np.maximum((g * g).sum(-1, keepdims=True), 1e-300),
    "sign of g: the ℓ∞ ball": lambda g, eps: eps * np.sign(g),
    "each entry by the root of their number": lambda g, eps: eps * np.sign(g) / np.sqrt(g.shape[-1]),
    "one norm for the batch": lambda g, eps: eps * g / max(np.linalg.norm(g), 1e-300),
    "norm plus 10⁻¹²": lambda g, eps: eps * g / (np.linalg.norm(g, axis=-1, keepdims=True) + 1e-12),
    "1 % too long": lambda g, eps: 1.01 * sharpness.sam_perturbation(g, eps),
    "radius squared": lambda g, eps: sharpness.sam_perturbation(g, eps**2),
})


@claim("R02", slide=SLIDE, source=f"{SAM}, Algorithm 1")
def sam_descends_along_the_gradient_of_another_point(
    rng, *, sam_gradient=sharpness.sam_gradient, sam_step=sharpness.sam_step
):
    r"""x⁺ = x − α∇f(x + η): on f = ½xᵀHx it is (I − αH)x − αεH²x/‖Hx‖; at ε = 0 a gradient step."""
    A = rng.standard_normal((4, 4))
    H, x, eps, alpha = A @ A.T, rng.standard_normal((10, 4)), rng.uniform(0.1, 1), rng.uniform(0.01, 0.2)
    grad = lambda x: x @ H  # noqa: E731
    far = eps * x @ H @ H / np.linalg.norm(x @ H, axis=-1, keepdims=True)
    error = rounding(256, (1 + np.abs(H).sum()) ** 2)
    yield equal("∇f(x + η)", sam_gradient(grad, x, eps), x @ H + far, atol=error)
    yield equal("x⁺", sam_step(grad, x, eps, alpha), x - alpha * (x @ H) - alpha * far, atol=error)
    unit = np.cos(x) / np.linalg.norm(np.cos(x), axis=-1, keepdims=True)
    for e in (0.0, eps):
        expected = x - alpha * np.cos(x + e * unit)
        yield equal(f"∇f = cos x, ε = {e:.2g}", sam_step(np.cos, x, e, alpha), expected, atol=rounding(64, 8))
    yield from batched("x⁺", lambda x: sam_step(np.cos, x, eps, alpha), x, atol=rounding(16, 4))
    tiny = lambda x: 1e-160 * (x @ H)  # noqa: E731
    yield equal("∇f(x + η) of a tiny loss", sam_gradient(tiny, x, eps), 1e-160 * (x @ H + far), atol=1e-160 * error)
    yield equal("x⁺ of a tiny loss", sam_step(tiny, x, eps, 1e160), x - x @ H - far, atol=error)
    yield equal("x⁺ where ∇f = 0", sam_step(tiny, 0 * x, eps, alpha), 0 * x)


def spoilt_step(gradient_at, start=lambda x, eta: x, eta=sharpness.sam_perturbation):
    """SAM's step with its gradient or its start at other points."""

    def sam_step(grad_f, x, eps, alpha):
        moved = eta(grad_f(x), eps)
        return start(x, moved) - alpha * gradient_at(grad_f, x, moved)

    return sam_step


def there(grad_f, x, eta):
    """SAM's gradient."""
    return grad_f(x + eta)


def nearly_unit(g, eps, more=1e-12):
    """A perturbation that is shorter where the gradient is small."""
    return eps * g / (np.linalg.norm(g, axis=-1, keepdims=True) + more)


sam_descends_along_the_gradient_of_another_point.mutants(
    {
        "gradient at x: plain descent": shipped(
            spoilt_step(lambda grad_f, x, eta: grad_f(x)), project="google-research/sam", thread="#14"
        ),
        "descends from x + η": spoilt_step(there, start=lambda x, eta: x + eta),
        "perturbed downhill": spoilt_step(lambda grad_f, x, eta: grad_f(x - eta)),
        "ascends": spoilt_step(lambda grad_f, x, eta: -grad_f(x + eta)),
        "mean of both gradients": spoilt_step(lambda grad_f, x, eta: (grad_f(x) + grad_f(x + eta)) / 2),
        "perturbed twice as far": spoilt_step(lambda grad_f, x, eta: grad_f(x + 2 * eta)),
        "perturbed 1 % too far": spoilt_step(lambda grad_f, x, eta: grad_f(x + 1.01 * eta)),
        "step 1 % too long": spoilt_step(lambda grad_f, x, eta: 1.01 * grad_f(x + eta)),
        "not normalised": spoilt_step(there, eta=lambda g, eps: eps * g),
        "divided by ‖∇f‖ + 10⁻¹²": spoilt_step(there, eta=lambda g, eps: nearly_unit(g, eps)),
        "0/0 at a minimum": shipped(
            spoilt_step(there, eta=lambda g, eps: nearly_unit(g, eps, 0.0)), project="optax", thread="#1743"
        ),
        "by signs": spoilt_step(there, eta=lambda g, eps: eps * np.sign(g)),
    },
    replaces="sam_step",
)

sam_descends_along_the_gradient_of_another_point.mutants(
    {
        "gradient at x": lambda grad_f, x, eps: grad_f(x),
        "divided by ‖∇f‖ + 10⁻¹²": lambda grad_f, x, eps: grad_f(x + nearly_unit(grad_f(x), eps)),
        "perturbed downhill": lambda grad_f, x, eps: grad_f(x - sharpness.sam_perturbation(grad_f(x), eps)),
        "ascends for ever: two perturbations": lambda grad_f, x, eps: sharpness.sam_gradient(
            grad_f, x + sharpness.sam_perturbation(grad_f(x), eps), eps
        ),
    },
    replaces="sam_gradient",
)


@claim("R02", slide=SLIDE, source=f"{SAM}, Algorithm 1")
def near_a_minimum_sam_never_settles(rng, *, sam_step=sharpness.sam_step):
    r"""On f = ½kx², from |x| < ε, it comes to jump between ±αkε/(2 − αk)."""
    k, eps, z = rng.uniform(0.5, 2), rng.uniform(0.1, 1), rng.uniform(0.01, 0.05, (6, 1))
    for _ in range(2000):
        before, z = z, sam_step(lambda z: k * z, z, eps, 0.3)
    yield equal("two-cycle", np.abs(z), 0.3 * k * eps / (2 - 0.3 * k), rtol=1e-9)
    yield equal("its other end", before, -z, rtol=1e-9)


near_a_minimum_sam_never_settles.mutants({
    "gradient at x: plain descent": spoilt_step(lambda grad_f, x, eta: grad_f(x)),
    "perturbed 1 % too far": spoilt_step(lambda grad_f, x, eta: grad_f(x + 1.01 * eta)),
    "not normalised": spoilt_step(there, eta=lambda g, eps: eps * g),
})


@claim("R02", slide=SLIDE, source=f"{SAM}, Algorithm 1; automatic differentiation")
def one_norm_over_all_layers(rng, *, network_sam_gradient=sharpness.network_sam_gradient):
    r"""In a network ‖∇f‖₂ is that of all weights and biases of all layers together, not layer by layer."""
    for name in ("tanh", "silu"):
        shapes, eps = [(5, 4), (5, 5), (3, 5)], rng.uniform(0.2, 1.0)
        layers = tuple(Layer(rng.standard_normal(s), rng.standard_normal(s[0])) for s in shapes)
        a, y = rng.standard_normal((9, 4)), rng.integers(0, 3, 9)

        def f(W, b, shapes=shapes, name=name, a=a, y=y):
            return loss(W, shapes, name, a, y, np.split(b, [5, 10]))

        W, b = flat(layer.W for layer in layers), flat(layer.b for layer in layers)
        g_W, g_b = autograd.grad(f, (0, 1))(W, b)
        norm = np.sqrt((g_W**2).sum() + (g_b**2).sum())
        W, b = W + eps * g_W / norm, b + eps * g_b / norm
        g_W, g_b = autograd.grad(f, (0, 1))(W, b)
        h = Network(layers, getattr(activations, name))
        value, found = network_sam_gradient(h, a, lambda u, y=y: cross_entropy(u, y), eps)
        yield equal(f"{name}: loss at x + η", value, f(W, b), rtol=1e-11)
        yield equal(f"{name}: ∇_W f(x + η)", flat(layer.W for layer in found), g_W, atol=1e-11)
        yield equal(f"{name}: ∇_b f(x + η)", flat(layer.b for layer in found), g_b, atol=1e-11)


def perturbed_by(perturb):
    """SAM's gradient of a network with other perturbations of its layers."""

    def network_sam_gradient(h, a, loss, eps):
        gradient = loss_gradient(h, a, loss)[1]
        total = np.linalg.norm(flatten(gradient))
        moved = (
            Layer(*(x + perturb(g, eps, total, layer_norm(G)) for x, g in zip(X, G, strict=True)))
            for X, G in zip(h.layers, gradient, strict=True)
        )
        return loss_gradient(h._replace(layers=tuple(moved)), a, loss)

    return network_sam_gradient


def layer_norm(G):
    """Norm over the weights and biases of one layer."""
    return np.sqrt((G.W**2).sum() + (G.b**2).sum())


one_norm_over_all_layers.mutants({
    "a norm for each layer": perturbed_by(lambda g, eps, total, layer: eps * g / layer),
    "a norm for each array": perturbed_by(lambda g, eps, total, layer: eps * g / np.linalg.norm(g)),
    "a norm for each row": perturbed_by(
        lambda g, eps, total, layer: eps * g / np.linalg.norm(g, axis=-1, keepdims=True)
    ),
    "biases stay": perturbed_by(lambda g, eps, total, layer: eps * g / total * (g.ndim == 2)),
    "no perturbation": shipped(
        perturbed_by(lambda g, eps, total, layer: 0 * g), project="google-research/sam", thread="#14"
    ),
    "downhill": perturbed_by(lambda g, eps, total, layer: -eps * g / total),
    "not normalised": perturbed_by(lambda g, eps, total, layer: eps * g),
    "1 % too far": perturbed_by(lambda g, eps, total, layer: 1.01 * eps * g / total),
})
