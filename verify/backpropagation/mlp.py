"""Hand-written networks against automatic differentiation: generator and critic of "Application to 25 Gaussians"."""

from itertools import pairwise

import autograd
import autograd.numpy as np

from refimpl.backpropagation import activations, mlp
from refimpl.backpropagation.layers import Layer, Network, flatten, unflatten
from verify.claims import claim
from verify.evidence import equal, rounding

SLIDE = "Application to 25 Gaussians: Algorithms matter"

VALUES = {
    "identity": lambda u: u,
    "relu": lambda u: np.where(u > 0, u, 0.0),
    "leaky_relu": lambda u: np.where(u > 0, u, 0.3 * u),
    "tanh": lambda u: 2 / (1 + np.exp(-2 * u)) - 1,
    "softplus": lambda u: np.log(1 + np.exp(u)),
    "silu": lambda u: u / (1 + np.exp(-u)),
}
ACTIVATIONS = [activations.leaky_relu(0.3)] + [
    getattr(activations, name) for name in ("identity", "relu", "tanh", "softplus", "silu")
]


def instances(rng):
    """For each activation a network of random depth and sizes, its widths, and inputs, tangents and cotangents."""
    for activation in ACTIVATIONS:
        widths = [int(m) for m in rng.integers(2, 6, rng.integers(2, 6))]
        x = 0.7 * rng.standard_normal(sum(m * (p + 1) for p, m in pairwise(widths)))
        a, v = rng.standard_normal((2, 7, widths[0]))
        yield Network(unflatten(x, widths), activation), x, widths, a, v, rng.standard_normal((7, widths[-1]))


def value(x, a, widths, name):
    """The network again, sum by sum, as automatic differentiation reads it."""
    start, sizes = 0, list(pairwise(widths))
    for l, (p, m) in enumerate(sizes):
        W, b = np.reshape(x[start : start + m * p], (m, p)), x[start + m * p : start + m * p + m]
        a, start = np.einsum("ij,nj->ni", W, a) + b, start + m * p + m
        a = VALUES[name](a) if l + 1 < len(sizes) else a
    return a


def tolerance(h, *scales):
    """A thousand roundings of values as large as the layers can make them (slopes are at most 1.1)."""
    size = np.prod([1 + np.abs(W).sum(1).max() + np.abs(b).max() for W, b in h.layers])
    return rounding(1000, size * np.prod([1 + np.abs(s).max() for s in scales]))


@claim("M27", slide=SLIDE, source="definition of a network")
def forward_composes_layers(rng, *, forward=mlp.forward):
    r"""h(a) = W_L σ(… σ(W₁a + b₁) …) + b_L, linear at the end."""
    for h, x, widths, a, *_ in instances(rng):
        name = h.activation.name
        yield equal(f"{name}: h(a)", forward(h, a), value(x, a, widths, name), atol=tolerance(h, a))


def halves_the_exponent(h, a):
    half = h.activation._replace(value=lambda u: h.activation.value(u / 2) * 2)
    return mlp.forward(h._replace(activation=half), a)


forward_composes_layers.mutants({
    "the activation after the last layer too": lambda h, a: h.activation.value(mlp.forward(h, a)),
    "last bias dropped": lambda h, a: mlp.forward(h, a) - h.layers[-1].b,
    "output 1 % too large": lambda h, a: 1.01 * mlp.forward(h, a),
    "softplus with a factor ½ in the exponent": halves_the_exponent,
})


@claim("M27", slide=SLIDE, source="chain rule")
def backward_is_the_gradient(rng, *, backward=mlp.backward):
    r"""`backward` is ∇⟨c, h(a)⟩ in the parameters and in the input, against automatic differentiation."""
    for h, x, widths, a, _, c in instances(rng):
        name = h.activation.name
        of_x, of_a = autograd.grad(lambda x, a: np.sum(c * value(x, a, widths, name)), (0, 1))(x, a)  # noqa: B023
        measured = backward(h, a, c)
        yield equal(f"{name}: in the parameters", flatten(measured.layers), of_x, atol=tolerance(h, a, c))
        yield equal(f"{name}: in the input", measured.input, of_a, atol=tolerance(h, c))


def tampered(h, **functions):
    """The network with other functions in its activation."""
    return h._replace(activation=h.activation._replace(slope_by_value=None, **functions))


def mean_over_the_batch(h, a, c):
    good = mlp.backward(h, a, c)
    return good._replace(layers=tuple(Layer(W / len(a), b / len(a)) for W, b in good.layers))


def drops_the_first_bias(h, a, c):
    good = mlp.backward(h, a, c)
    return good._replace(layers=(good.layers[0]._replace(b=0 * good.layers[0].b), *good.layers[1:]))


def input_gradient_negated(h, a, c):
    good = mlp.backward(h, a, c)
    return good._replace(input=-good.input)


backward_is_the_gradient.mutants({
    "mean over the batch in place of the sum": mean_over_the_batch,
    "slope at σ(u) instead of at u": lambda h, a, c: mlp.backward(
        tampered(h, slope=lambda u: h.activation.slope(h.activation.value(u))), a, c
    ),
    "slopes left out": lambda h, a, c: mlp.backward(tampered(h, slope=lambda u: 1 + 0 * u), a, c),
    "slopes 1 % too large": lambda h, a, c: mlp.backward(
        tampered(h, slope=lambda u: 1.01 * h.activation.slope(u)), a, c
    ),
    "gradient of the first bias dropped": drops_the_first_bias,
    "input gradient of the wrong sign": input_gradient_negated,
})


@claim("M27", slide=SLIDE, source="chain rule")
def jacobian_products_agree(rng, *, vjp=mlp.vjp, jvp=mlp.jvp):
    r"""cᵀ∇h(a) and ∇h(a) v from the whole Jacobian of automatic differentiation."""
    for h, x, widths, a, v, c in instances(rng):
        name = h.activation.name
        jacobian = autograd.jacobian(lambda point: value(x, point[None], widths, name)[0])  # noqa: B023
        J = np.array([jacobian(point) for point in a])
        yield equal(f"{name}: cᵀ∇h", vjp(h, a, c), np.einsum("nm,nmp->np", c, J), atol=tolerance(h, c))
        yield equal(f"{name}: ∇h v", jvp(h, a, v), np.einsum("nmp,np->nm", J, v), atol=tolerance(h, v))


jacobian_products_agree.mutants(
    {
        "slopes left out": lambda h, a, c: mlp.vjp(tampered(h, slope=lambda u: 1 + 0 * u), a, c),
        "the batch summed into every row": lambda h, a, c: mlp.vjp(h, a, c) + 0.01 * mlp.vjp(h, a, c).sum(0),
    },
    replaces="vjp",
)
jacobian_products_agree.mutants(
    {
        "biases added to the tangents": lambda h, a, v: mlp.jvp(h, a, v) + h.layers[-1].b,
        "a difference of values, with curvature in it": lambda h, a, v: mlp.forward(h, a + v) - mlp.forward(h, a),
    },
    replaces="jvp",
)


@claim("M27", slide=SLIDE, source="Drucker & LeCun 1992; Pearlmutter 1994")
def double_backpropagation_is_the_gradient_of_a_derivative(rng, *, jvp_backward=mlp.jvp_backward):
    r"""`jvp_backward` is ∇⟨c, ∇h(a) v⟩ in the parameters and in the input, second derivatives included."""
    for h, x, widths, a, v, c in instances(rng):
        name = h.activation.name

        def derivative(x, a):
            slope = autograd.grad(lambda point: np.sum(c * value(x, point, widths, name)))(a)  # noqa: B023
            return np.sum(slope * v) + 0 * np.sum(a)  # noqa: B023

        of_x, of_a = autograd.grad(derivative, (0, 1))(x, a)
        measured = jvp_backward(h, a, v, c)
        size = tolerance(h, a, v, c) * tolerance(h) / rounding(1000)
        yield equal(f"{name}: in the parameters", flatten(measured.layers), of_x, atol=size)
        yield equal(f"{name}: in the input", measured.input, of_a, atol=size)


def only_through_the_tangents(h, a, v, c):
    good = mlp.jvp_backward(h, a, v, c)
    frozen = mlp.jvp_backward(tampered(h, curvature=lambda u: 0 * u), a, v, c)
    return good._replace(layers=frozen.layers)


def mean_in_the_biases(h, a, v, c):
    good = mlp.jvp_backward(h, a, v, c)
    return good._replace(layers=tuple(Layer(W, b / len(a)) for W, b in good.layers))


double_backpropagation_is_the_gradient_of_a_derivative.mutants({
    "second derivatives dropped": lambda h, a, v, c: mlp.jvp_backward(tampered(h, curvature=lambda u: 0 * u), a, v, c),
    "second derivatives 1 % too large": lambda h, a, v, c: mlp.jvp_backward(
        tampered(h, curvature=lambda u: 1.01 * h.activation.curvature(u)), a, v, c
    ),
    "second derivatives of the wrong sign": lambda h, a, v, c: mlp.jvp_backward(
        tampered(h, curvature=lambda u: -h.activation.curvature(u)), a, v, c
    ),
    "the gradient of ⟨c, h(a + v)⟩": lambda h, a, v, c: mlp.backward(h, a + v, c),
    "only the path through the tangents": only_through_the_tangents,
    "gradients of the values in place of the derivatives": lambda h, a, v, c: mlp.backward(h, a, c),
    "mean over the batch in the biases": mean_in_the_biases,
})
