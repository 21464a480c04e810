"""Parameterisations (a, b, c): slide "Implementation of μP: abc-parameterizations"."""

from itertools import pairwise

import autograd
import autograd.numpy as np
import scipy

from refimpl.backpropagation.activations import identity
from refimpl.files.checkpoints import leaves
from refimpl.networks import mup, mup_training
from refimpl.networks.mup import ABC
from verify.claims import claim, shipped
from verify.evidence import distribution, equal, rounding

SLIDE = "Implementation of μP: abc-parameterizations"
P, K, N, STEPS = 5, 3, 6, 6
ETA = {"sgd": 0.3, "adam": 0.02}
PARAMETERISATIONS = {"μP": mup.abc_mup, "SP": mup.abc_standard, "NTP": mup.abc_ntk}


def batches(rng):
    """Inputs and labels of a few steps."""
    return [(rng.standard_normal((N, P)), rng.integers(0, K, N)) for _ in range(STEPS)]


def trajectory(abc, weights, data, optimizer, base=1, train_step=mup_training.train_step):
    """After each step all X_l = (m/m₀)^(−a_l) W_l, its loss, and how many arguments it changed (steps, d)."""
    multipliers = np.array((len(weights[0]) / base) ** -np.asarray(abc.a))
    state, rows = mup_training.start(weights, optimizer), []
    for a, y in data:
        given = [np.array(part) for part in leaves(tuple(state))]
        new, value = train_step(abc, state, a, y, ETA[optimizer], base)
        changed = sum(not np.array_equal(*pair) for pair in zip(given, leaves(tuple(state)), strict=True))
        state = new
        X = [k * np.ravel(W) for k, W in zip(multipliers, mup_training.parameters(state), strict=True)]
        rows.append(np.concatenate([*X, [value, changed]]))
    return np.array(rows)


def loss(X, a, y):
    """Mean cross-entropy, as automatic differentiation reads it."""
    for l, W in enumerate(X):
        a = np.einsum("ij,nj->ni", W, np.where(a > 0, a, 0.0) if l else a)
    top = np.max(a, axis=1)
    return np.mean(np.log(np.sum(np.exp(a - top[:, None]), axis=1)) + top - a[np.arange(len(y)), y])


def reference(X, rates, data, optimizer, eps=1e-8):
    """The same of a network that is trained in X itself at one rate for each layer."""
    rows, m, v = [], [0 * W for W in X], [0 * W for W in X]
    for t, (a, y) in enumerate(data, start=1):
        value, g = loss(X, a, y), autograd.grad(loss)(X, a, y)
        if optimizer == "adam":
            m = [0.9 * one + 0.1 * d for one, d in zip(m, g, strict=True)]
            v = [0.999 * one + 0.001 * d**2 for one, d in zip(v, g, strict=True)]
            g = [p / (1 - 0.9**t) / (np.sqrt(q / (1 - 0.999**t)) + eps) for p, q in zip(m, v, strict=True)]
        X = [W - ETA[optimizer] * r * d for W, r, d in zip(X, rates, g, strict=True)]
        rows.append(np.concatenate([*(np.ravel(W) for W in X), [value, 0.0]]))
    return np.array(rows)


def tolerance(rows):
    """Rounding of a few steps through a few layers of at most 64 terms: a sign of Adam's magnifies it."""
    return rounding(1e7, np.abs(rows).max())


@claim("N11", slide=SLIDE, source="the slide; Yang & Hu 2021, Table 1")
def exponents_are_the_printed_ones(rng, *, abc_mup=mup.abc_mup, abc_standard=mup.abc_standard, abc_ntk=mup.abc_ntk):
    r"""μP: a = (−½, 0, …, 0, ½), b = ½, c = 0; SP starts X_l at variance 1, 1/m, …, 1/m, and so does NTP with b = 0."""
    for L in (1, 2, 3, int(rng.integers(4, 9))):
        a = [-0.5 if l == 1 else 0.5 if l == L + 1 else 0.0 for l in range(1, L + 2)]
        variance = [0.0 if l == 1 else -1.0 for l in range(1, L + 2)]
        sgd, adam, standard, ntk = abc_mup(L), abc_mup(L, "adam"), abc_standard(L), abc_ntk(L)
        yield equal(f"L = {L}, μP: a", sgd.a, a)
        yield equal(f"L = {L}, μP: b", sgd.b, np.full(L + 1, 0.5))
        yield equal(f"L = {L}, μP and Adam: c", [sgd.c, adam.c], [0.0, 0.0])
        moved = [adam.a - sgd.a, sgd.b - adam.b]
        yield equal(f"L = {L}, Adam: another split of the same start", moved[0], moved[1])
        yield equal(f"L = {L}, Adam: the same at the start", adam.a + adam.b, np.array(a) + 0.5)
        yield equal(f"L = {L}, Adam: a", adam.a, np.minimum(np.arange(L + 1), 1))
        yield equal(f"L = {L}, SP: variance at the start", -2 * (standard.a + standard.b), variance)
        yield equal(f"L = {L}, SP: a and c", np.append(standard.a, standard.c), np.zeros(L + 2))
        yield equal(f"L = {L}, NTP: variance at the start", -2 * (ntk.a + ntk.b), variance)
        yield equal(f"L = {L}, NTP: b and c", np.append(ntk.b, ntk.c), np.zeros(L + 2))


def exchanged(abc):
    return abc._replace(a=abc.a[::-1])


def one_over_m_at_the_readout(abc):
    return abc._replace(a=np.append(abc.a[:-1], 1.0))


exponents_are_the_printed_ones.mutants(
    {
        "input and readout exchanged": lambda num_hidden, optimizer="sgd": exchanged(
            mup.abc_mup(num_hidden, optimizer)
        ),
        "multiplier 1/m of the readout, as in a table of other variances": shipped(
            lambda num_hidden, optimizer="sgd": one_over_m_at_the_readout(mup.abc_mup(num_hidden, optimizer)),
            project="mup",
            version="a table misread",
            thread="#7",
        ),
        "L layers in all instead of L hidden ones": lambda num_hidden, optimizer="sgd": mup.abc_mup(
            max(num_hidden - 1, 1), optimizer
        ),
        "exponents of SGD for Adam": lambda num_hidden, optimizer="sgd": mup.abc_mup(num_hidden),
        "c = 1": lambda num_hidden, optimizer="sgd": mup.abc_mup(num_hidden, optimizer)._replace(c=1.0),
    },
    replaces="abc_mup",
)
exponents_are_the_printed_ones.mutants(
    {
        "input weights of variance 1/m": lambda num_hidden: mup.abc_standard(num_hidden)._replace(
            b=np.full(num_hidden + 1, 0.5)
        ),
        "neural-tangent multipliers": lambda num_hidden: mup.abc_ntk(num_hidden),
    },
    replaces="abc_standard",
)
exponents_are_the_printed_ones.mutants(
    {"mean-field: 1/m at the readout": lambda num_hidden: one_over_m_at_the_readout(mup.abc_ntk(num_hidden))},
    replaces="abc_ntk",
)


BASES, WIDTH, DEPTH = (1, 8, 24, 100), 24, 3
BASE_SHAPES = "the slide; Yang et al. 2022, Appendix B (base shapes)"


def random_exponents(rng):
    """Exponents of all layers, one c for each."""
    return ABC(*rng.uniform(-1, 1, (3, DEPTH + 1)))


def powers(exponent, base):
    """(m/m₀)^(−exponent) at the width."""
    return np.exp(-exponent * (np.log(WIDTH) - np.log(base)))


@claim("N11", slide=SLIDE, source=BASE_SHAPES)
def powers_of_the_width_scale_the_layers(rng, *, at_width=mup.at_width):
    r"""Multipliers (m/m₀)^(−a_l), deviations m₀^(−b^SP) (m/m₀)^(−b_l), rates (m/m₀)^(−c_l); the slide has m₀ = 1."""
    abc = random_exponents(rng)
    for base in BASES:
        standard = np.array([1.0, *[base**-0.5] * DEPTH])
        expected = np.array([powers(abc.a, base), standard * powers(abc.b, base), powers(abc.c, base)])
        yield equal(f"m₀ = {base}: scales", np.array(at_width(abc, WIDTH, base)), expected, rtol=rounding(50))
        one_c = abc._replace(c=float(abc.c[1]))
        expected[2] = powers(abc.c[1], base)
        yield equal(f"m₀ = {base}: one c", np.array(at_width(one_c, WIDTH, base)), expected, rtol=rounding(50))


powers_of_the_width_scale_the_layers.mutants({
    "variances in place of deviations": lambda abc, m, base=1: mup.at_width(abc._replace(b=2 * abc.b), m, base),
    "sign of a": lambda abc, m, base=1: mup.at_width(abc._replace(a=-abc.a), m, base),
    "m and m₀ exchanged": lambda abc, m, base=1: mup.at_width(abc, base, m),
    "base width forgotten at the start": lambda abc, m, base=1: mup.at_width(abc, m, base)._replace(
        deviation=mup.at_width(abc, m).deviation
    ),
})


@claim("N11", slide=SLIDE, source=BASE_SHAPES)
def weights_start_at_the_same_normals(rng, *, random_weights=mup_training.random_weights):
    r"""[W_l]ᵢⱼ ~ N(0, m₀^(−2b^SP) (m/m₀)^(−2b_l)), and the same normals in every parameterisation."""
    abc = random_exponents(rng)
    for base in BASES:
        seed = int(rng.integers(2**32))
        W, Z = (
            random_weights(one, P, WIDTH, K, np.random.default_rng(seed), base)
            for one in (abc, ABC(0 * abc.a, 0 * abc.a, 0.0))
        )
        yield equal(f"m₀ = {base}: shapes", [one.shape for one in W], [(WIDTH, P), *[(WIDTH, WIDTH)] * 2, (K, WIDTH)])
        for l in range(DEPTH + 1):
            of_normals = Z[l] * powers(abc.b[l], base)
            yield equal(f"m₀ = {base}: W_{l + 1} of the same normals", W[l], of_normals, rtol=rounding(50))
    flat = ABC(np.zeros(3), np.zeros(3), 0.0)
    Z = np.concatenate([one.ravel() for one in random_weights(flat, 500, 1400, 200, rng)])
    blocks = (Z[: len(Z) // 1000 * 1000].reshape(-1, 1000) ** 2).sum(1)
    yield distribution("Σ W² of 1000 weights, b = 0", blocks, scipy.stats.chi2(1000).cdf, delta=0.12)
    yield distribution("W, b = 0", Z[::20], scipy.stats.norm.cdf, delta=0.03)


def uniform_weights(abc, p, m, num_outputs, rng, base=1):
    widths = [p, *[m] * (len(abc.a) - 1), num_outputs]
    s = mup.at_width(abc, m, base).deviation
    return tuple(k * rng.uniform(-(3**0.5), 3**0.5, (j, i)) for k, (i, j) in zip(s, pairwise(widths), strict=True))


weights_start_at_the_same_normals.mutants({
    "deviations 1 % too large": lambda abc, p, m, num_outputs, rng, base=1: tuple(
        1.01 * W for W in mup_training.random_weights(abc, p, m, num_outputs, rng, base)
    ),
    "uniform weights of the same variance": uniform_weights,
    "weights transposed": lambda abc, p, m, num_outputs, rng, base=1: tuple(
        W.T for W in mup_training.random_weights(abc, p, m, num_outputs, rng, base)
    ),
})


@claim("N11", slide=SLIDE, source=BASE_SHAPES)
def networks_multiply_their_weights(rng, *, network_of=mup_training.network_of):
    r"""X_l = (m/m₀)^(−a_l) W_l, with ReLU between the layers and without biases."""
    abc, m = random_exponents(rng), WIDTH
    weights = [rng.standard_normal(shape) for shape in [(m, P), (m, m), (m, m), (K, m)]]
    for base in BASES:
        h = network_of(abc, weights, base)
        for l, (layer, W) in enumerate(zip(h.layers, weights, strict=True)):
            yield equal(f"m₀ = {base}: X_{l + 1}", layer.W, powers(abc.a[l], base) * W, rtol=rounding(50))
            yield equal(f"m₀ = {base}: no bias", layer.b, np.zeros(len(W)))
        u = rng.standard_normal(9)
        yield equal(f"m₀ = {base}: ReLU", h.activation.value(u), np.where(u > 0, u, 0.0))


def readout_multiplier_left_out(abc, weights, base=1):
    good = mup_training.network_of(abc, weights, base)
    return good._replace(layers=(*good.layers[:-1], good.layers[-1]._replace(W=weights[-1])))


def readout_multiplier_twice(abc, weights, base=1):
    good = mup_training.network_of(abc, weights, base)
    k = (len(weights[0]) / base) ** -abc.a[-1]
    return good._replace(layers=(*good.layers[:-1], good.layers[-1]._replace(W=k**2 * weights[-1])))


networks_multiply_their_weights.mutants({
    "readout multiplier twice: in the weights and on the outputs": shipped(
        readout_multiplier_twice, project="GPT-NeoX", thread="#956"
    ),
    "first layer 1 % too large": lambda abc, weights, base=1: mup_training.network_of(
        abc, [1.01 * weights[0], *weights[1:]], base
    ),
    "readout multiplier left out of the network": shipped(
        readout_multiplier_left_out, project="nanoGPT-mup", version="b2a5e60", thread="#7"
    ),
    "base width forgotten in the network": lambda abc, weights, base=1: mup_training.network_of(abc, weights),
    "network without ReLU": lambda abc, weights, base=1: mup_training.network_of(abc, weights, base)._replace(
        activation=identity
    ),
})
