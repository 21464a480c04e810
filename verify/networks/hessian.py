"""Sharpness at the best learning rate: slide "μ-transfer: transferability and empirical results"."""

import autograd
import autograd.numpy as np
import scipy

from refimpl.backpropagation import activations
from refimpl.backpropagation.layers import Layer, Network
from refimpl.networks import hessian, mup, mup_symmetry, mup_training, mup_transfer
from refimpl.networks.mup import ABC
from verify.backpropagation.mlp import VALUES
from verify.claims import claim
from verify.evidence import equal, rounding, sign
from verify.networks.mup_transfer import NARROW, RATES, SLIDE, WIDE, L, curve, optimum

N, P, K = 9, 4, 3
STEPS, PROBE = 60, 128


def loss(x, shapes, name, a, y, biases=(0.0,) * 9):
    """Mean cross-entropy of a network whose weights stand one after the other in x."""
    start = 0
    for l, (k, n) in enumerate(shapes):
        W, start = np.reshape(x[start : start + k * n], (k, n)), start + k * n
        a = np.einsum("ij,nj->ni", W, VALUES[name](a) if l else a) + biases[l]
    top = np.max(a, axis=1)
    return np.mean(np.log(np.sum(np.exp(a - top[:, None]), axis=1)) + top - a[np.arange(len(y)), y])


def flat(parts):
    """Arrays one after the other."""
    return np.concatenate([np.ravel(part) for part in parts])


@claim("N14", slide=SLIDE, source="Pearlmutter 1994")
def products_are_those_of_the_hessian(rng, *, hessian_product=hessian.hessian_product):
    r"""H v by one pass forward and one backward is automatic differentiation's, for smooth activations and for ReLU."""
    for name in ("tanh", "softplus", "silu", "relu", "identity"):
        m, depth = int(rng.integers(2, 6)), int(rng.integers(1, 4))
        shapes = [(m, P), *[(m, m)] * (depth - 1), (K, m)]
        weights = [rng.standard_normal(s) for s in shapes]
        tangents = tuple(rng.standard_normal(s) for s in shapes)
        a, y = rng.standard_normal((N, P)), rng.integers(0, K, N)
        biases = [rng.standard_normal(len(W)) for W in weights]
        h = Network(tuple(map(Layer, weights, biases)), getattr(activations, name))
        slope = autograd.grad(loss)
        along = lambda x: np.sum(slope(x, shapes, name, a, y, biases) * flat(tangents))  # noqa: B023, E731
        expected = autograd.grad(along)(flat(weights))
        error = rounding(1e4, 1 + np.abs(expected).max())
        yield equal(f"{name}: H v", flat(hessian_product(h, a, y, tangents)), expected, atol=error)


def tampered(h, **functions):
    """The network with other functions in its activation."""
    return h._replace(activation=h.activation._replace(**functions))


def one_layer_at_a_time(h, a, labels, tangents):
    parts = []
    for l in range(len(tangents)):
        alone = tuple(V if k == l else 0 * V for k, V in enumerate(tangents))
        parts.append(hessian.hessian_product(h, a, labels, alone)[l])
    return tuple(parts)


products_are_those_of_the_hessian.mutants({
    "curvature of the activation dropped: Gauss-Newton's and a part": lambda h, a, labels, tangents: (
        hessian.hessian_product(tampered(h, curvature=lambda u: 0 * u), a, labels, tangents)
    ),
    "biases left out": lambda h, a, labels, tangents: hessian.hessian_product(
        h._replace(layers=tuple(layer._replace(b=0 * layer.b) for layer in h.layers)), a, labels, tangents
    ),
    "curvature 1 % too large": lambda h, a, labels, tangents: hessian.hessian_product(
        tampered(h, curvature=lambda u: 1.01 * h.activation.curvature(u)), a, labels, tangents
    ),
    "sum over the batch": lambda h, a, labels, tangents: tuple(
        len(a) * part for part in hessian.hessian_product(h, a, labels, tangents)
    ),
    "block diagonal: one layer at a time": one_layer_at_a_time,
    "labels of a neighbour": lambda h, a, labels, tangents: hessian.hessian_product(h, a, np.roll(labels, 1), tangents),
    "tangents in the second layer of the wrong sign": lambda h, a, labels, tangents: hessian.hessian_product(
        h, a, labels, (tangents[0], -tangents[1], *tangents[2:])
    ),
})


@claim("N14", slide=SLIDE, source="definition; Yang & Hu 2021, Section 3 (symmetry)")
def sharpness_is_the_top_eigenvalue_in_units_of_the_rate(rng, *, sharpness=hessian.sharpness):
    r"""λ is the top eigenvalue of D^½ ∇²_W ℓ D^½, of the dense Hessian; equivalent parameterisations have one λ."""
    for depth, base in ((1, 1), (2, 4), (3, 1)):
        m = 6
        abc = ABC(*rng.uniform(-0.5, 0.5, (3, depth + 1)))
        shapes = [(m, P), *[(m, m)] * (depth - 1), (K, m)]
        weights = [rng.standard_normal(s) for s in shapes]
        a, y = rng.standard_normal((N, P)), rng.integers(0, K, N)
        k, rate = (np.exp(-e * np.log(m / base)) for e in (abc.a, abc.c))
        X = flat([s * W for s, W in zip(k, weights, strict=True)])
        D = flat([np.full(np.size(W), s * r**0.5) for s, r, W in zip(k, rate, weights, strict=True)])
        H = D[:, None] * autograd.hessian(loss)(X, shapes, "relu", a, y) * D
        top = scipy.linalg.eigvalsh((H + H.T) / 2)[-1]
        yield equal(f"L = {depth}, m₀ = {base}", sharpness(abc, weights, a, y, base), top, rtol=1e-7)
        theta = rng.uniform(-0.5, 0.5, depth + 1)
        moved = [W * (m / base) ** t for W, t in zip(weights, theta, strict=True)]
        shifted = mup_symmetry.shifted(abc, theta)
        yield equal(f"L = {depth}, m₀ = {base}: shifted", sharpness(shifted, moved, a, y, base), top, rtol=1e-7)


def hessian_in_the_products(abc, weights, a, labels, base=1):
    k = mup.at_width(abc, len(weights[0]), base).multiplier
    X = [s * W for s, W in zip(k, weights, strict=True)]
    return hessian.sharpness(abc._replace(a=0 * abc.a), X, a, labels, base)


sharpness_is_the_top_eigenvalue_in_units_of_the_rate.mutants({
    "rates left out": lambda abc, weights, a, labels, base=1: hessian.sharpness(
        abc._replace(c=0.0), weights, a, labels, base
    ),
    "Hessian in X in place of W": hessian_in_the_products,
    "base width forgotten": lambda abc, weights, a, labels, base=1: hessian.sharpness(abc, weights, a, labels),
    "1 % too large": lambda abc, weights, a, labels, base=1: 1.01 * hessian.sharpness(abc, weights, a, labels, base),
    "sum of the losses in place of the mean": lambda abc, weights, a, labels, base=1: (
        len(a) * hessian.sharpness(abc, weights, a, labels, base)
    ),
})


@claim(
    "N14",
    slide=SLIDE,
    source="Noci et al. 2024 [65]; Cohen et al. 2021",
    coarse="λ differs by a fifth between seeds, and the claim states on which side of a mark its exponent is",
)
def sharpness_at_the_best_rate_keeps_its_size(
    rng, *, abc_mup=mup.abc_mup, abc_standard=mup.abc_standard, sharpness=hessian.sharpness
):
    r"""After 60 steps of SGD at the best rate λ does not depend on the width under μP, and grows with it under SP.

    Exponents in m from width 32 to 256, five seeds, on digits. In both ηλ is near 2, where full-batch descent would
    leave a minimum: between ½ and 4. The mark .35 is halfway to what SP shows, 0.7 to 0.8. Over the seeds log λ has a
    standard deviation of 0.2, and the exponent of five seeds one of 0.06: an interval sure to 1e-12 would take 30.
    """
    seeds = [int(seed) for seed in rng.integers(2**32, size=5)]
    exponent = {}
    for name, abc in (("μP", abc_mup(L)), ("SP", abc_standard(L))):
        found = {}
        for m in (NARROW, WIDE):
            losses = curve(mup_transfer.training_losses, abc, "sgd", m, seeds[:2])
            log_eta = optimum(mup_transfer.best_rate, RATES["sgd"], losses)
            yield sign(f"{name}, m = {m}: log₂ η* less the grid's last", log_eta - np.log2(RATES["sgd"][-1]), -1)
            eta = 2**log_eta
            found[m] = np.array([after_training(sharpness, abc, m, eta, seed) for seed in seeds])
            unstable = eta * np.exp(np.mean(np.log(found[m])))
            yield sign(f"{name}, m = {m}: 4 less ηλ, and ηλ less ½", [4 - unstable, unstable - 0.5])
        exponent[name] = np.mean(np.log(found[WIDE] / found[NARROW])) / np.log(WIDE / NARROW)
    yield sign("μP: 0.35 less the size of λ's exponent in m", 0.35 - abs(exponent["μP"]))
    yield sign("SP: λ's exponent in m less 0.35", exponent["SP"] - 0.35)


def after_training(sharpness, abc, m, eta, seed):
    """Sharpness on a probe of digits after training."""
    images, labels = mup_transfer.small_digits()
    of_weights, of_batches = np.random.default_rng(seed).spawn(2)
    probe = of_batches.integers(0, len(labels), PROBE)
    state = mup_training.start(mup_training.random_weights(abc, images.shape[1], m, 10, of_weights, NARROW))
    for _ in range(STEPS):
        i = of_batches.integers(0, len(labels), 32)
        state, _ = mup_training.train_step(abc, state, images[i], labels[i], eta, NARROW)
    return sharpness(abc, mup_training.parameters(state), images[probe], labels[probe], NARROW)


sharpness_at_the_best_rate_keeps_its_size.mutants(
    {"standard parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_standard(num_hidden)}, replaces="abc_mup"
)
sharpness_at_the_best_rate_keeps_its_size.mutants(
    {"rate divided by m: λ in its units": lambda num_hidden: mup.abc_standard(num_hidden)._replace(c=1.0)},
    replaces="abc_standard",
)
sharpness_at_the_best_rate_keeps_its_size.mutants(
    {
        "trace in place of the top eigenvalue": lambda abc, weights, a, labels, base=1: (
            len(weights[0]) * hessian.sharpness(abc, weights, a, labels, base)
        ),
        "sum of the losses in place of the mean": lambda abc, weights, a, labels, base=1: (
            len(a) * hessian.sharpness(abc, weights, a, labels, base)
        ),
    },
    replaces="sharpness",
)
