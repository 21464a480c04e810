"""How updates grow with the width: slide "μ-transfer: Zero-shot hyperparameter transfer with μP".

|·| is read entry by entry, as a root mean square: the norm of the m entries of ΔX_l h⁽ˡ⁻¹⁾ together grows like √m.
"""

from itertools import product

import numpy as np

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network
from refimpl.networks import coordinate_check, mup, mup_training
from verify.claims import claim
from verify.evidence import equal, rate, rounding
from verify.networks.mup_symmetry import gradient_in_products

SLIDE = "μ-transfer: Zero-shot hyperparameter transfer with μP"
P, K, N, L = 16, 32, 24, 2
WIDTHS = (64, 128, 256, 512)
SEEDS = 12
ETA = {"sgd": 4.0, "adam": 0.05}


def problem(rng):
    """Inputs of norm 1 and random labels."""
    a = rng.standard_normal((N, P))
    return a / np.linalg.norm(a, axis=1, keepdims=True), rng.integers(0, K, N)


def sizes(abc, m, rng, data, optimizer="sgd", steps=1, train_step=None, by=None, random_weights=None):
    """Sizes of each step's updates (steps, L + 1), by hand unless `by` is given, and of the output at step 0."""
    train_step = train_step or mup_training.train_step
    state = mup_training.start((random_weights or mup_training.random_weights)(abc, P, m, K, rng), optimizer)
    before = network(abc, state)
    output, rows = np.sqrt(np.mean(mlp.forward(before, data[0]) ** 2)), []
    for _ in range(steps):
        state, _ = train_step(abc, state, *data, ETA[optimizer])
        after = network(abc, state)
        rows.append((by or by_hand)(before, after, data[0]))
        before = after
    return np.array(rows), output


def network(abc, state):
    """The network of a state."""
    return mup_training.network_of(abc, mup_training.parameters(state))


def by_hand(before, after, a):
    """Root mean squares of differences of W h, features h held as before."""
    rows = []
    for old, new in zip(before.layers, after.layers, strict=True):
        u, v = a @ old.W.T, a @ new.W.T
        rows.append(np.linalg.norm(v - u) / np.sqrt(u.size))
        a = np.where(u + old.b > 0, u + old.b, 0.0)
    return np.array(rows)


def sampled(rng, data, abc, optimizer="sgd", widths=WIDTHS, seeds=SEEDS, **settings):
    """Widths (n,), sizes (n, steps, L + 1) and outputs (n,) of independent networks."""
    m = np.repeat(widths, seeds)
    found = [sizes(abc, int(one), rng, data, optimizer, **settings) for one in m]
    return m, np.array([one for one, _ in found]), np.array([output for _, output in found])


@claim("N12", slide=SLIDE, source="Yang et al. 2022, Appendix D.1 (coordinate check)")
def updates_add_mean_squares(rng, *, update_sizes=coordinate_check.update_sizes):
    r"""|ΔX_l h⁽ˡ⁻¹⁾| is the root mean square over inputs and entries, with the features before the update."""
    shapes = [(7, P), (7, 7), (3, 7)]
    before, after = (
        Network(tuple(Layer(rng.standard_normal(s), rng.standard_normal(s[0])) for s in shapes), relu) for _ in range(2)
    )
    a = rng.standard_normal((N, P))
    yield equal("generic networks", update_sizes(before, after, a), by_hand(before, after, a), rtol=rounding(500))
    yield equal("no update", update_sizes(before, before, a), np.zeros(3))
    one = before._replace(layers=(*before.layers[:2], after.layers[2]))
    yield equal("readout alone", update_sizes(before, one, a)[:2], np.zeros(2))


def all_entries(before, a):
    """Numbers of entries over all inputs, layer by layer."""
    return np.array([len(a) * len(layer.W) for layer in before.layers])


def without_biases(h):
    return h._replace(layers=tuple(layer._replace(b=0 * layer.b) for layer in h.layers))


def changes_of_whole_preactivations(before, after, a):
    sizes, b = [], a
    for old, new in zip(before.layers, after.layers, strict=True):
        sizes.append(np.sqrt(np.mean((b @ new.W.T - a @ old.W.T) ** 2)))
        a, b = np.maximum(a @ old.W.T, 0), np.maximum(b @ new.W.T, 0)
    return np.array(sizes)


updates_add_mean_squares.mutants({
    "norms instead of root mean squares": lambda before, after, a: (
        coordinate_check.update_sizes(before, after, a) * np.sqrt(all_entries(before, a))
    ),
    "mean squares, no root": lambda before, after, a: coordinate_check.update_sizes(before, after, a) ** 2,
    "features after the update": lambda before, after, a: coordinate_check.update_sizes(after, before, a),
    "features without their ReLU": lambda before, after, a: coordinate_check.update_sizes(
        before._replace(activation=relu._replace(value=lambda u: u)), after, a
    ),
    "features without biases": lambda before, after, a: coordinate_check.update_sizes(without_biases(before), after, a),
    "what the whole preactivation changes by": changes_of_whole_preactivations,
})


@claim("N12", slide=SLIDE, source="the slide; Yang & Hu 2021, Section 5")
def maximal_updates_keep_their_size(
    rng,
    *,
    abc_mup=mup.abc_mup,
    train_step=mup_training.train_step,
    update_sizes=coordinate_check.update_sizes,
    random_weights=mup_training.random_weights,
):
    r"""Under μP every layer's ΔX_l h⁽ˡ⁻¹⁾ has slope 0 in the width, at the first step and the third, with SGD and Adam.

    The output at step 0 falls like m^(−1/2). The last evidence spans the widths 64 to 8192.
    """
    data, given = problem(rng), {"train_step": train_step, "by": update_sizes, "random_weights": random_weights}
    for optimizer in ("adam", "sgd"):
        m, found, output = sampled(rng, data, abc_mup(L, optimizer), optimizer, steps=3, **given)
        for t, l in product((0, 2), range(L + 1)):
            yield rate(f"{optimizer}: step {t + 1}, layer {l + 1}", m, found[:, t, l], 0.0)
        yield rate(f"{optimizer}: output at step 0", m, output, -0.5)
    widest, more, outputs = sampled(rng, data, abc_mup(L), "sgd", (1024, 2048, 8192), 1, **given)
    m, found, output = np.append(m, widest), np.concatenate([found[:, 0], more[:, 0]]), np.append(output, outputs)
    for l in range(L + 1):
        yield rate(f"widths 64 to 8192, layer {l + 1}", m, found[:, l], 0.0)
    yield rate("widths 64 to 8192, output at step 0", m, output, -0.5)


def other_exponents(change):
    """μP whose exponents went through change(a, b): a pair."""

    def abc_mup(num_hidden, optimizer="sgd"):
        good = mup.abc_mup(num_hidden, optimizer)
        a, b = change(good.a, good.b)
        return good._replace(a=a, b=b)

    return abc_mup


maximal_updates_keep_their_size.mutants(
    {
        "standard parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_standard(num_hidden),
        "neural-tangent parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_ntk(num_hidden),
        "the printed exponents under Adam": lambda num_hidden, optimizer="sgd": mup.abc_mup(num_hidden),
        "input multiplier 1": other_exponents(lambda a, b: (np.append(0.0, a[1:]), np.append(0.0, b[1:]))),
        "readout multiplier 1": other_exponents(lambda a, b: (np.append(a[:-1], 0.0), b)),
        "readout started at 1/m⁴": other_exponents(lambda a, b: (a, np.append(b[:-1], b[-1] + 1))),
        "c = 1": lambda num_hidden, optimizer="sgd": mup.abc_mup(num_hidden, optimizer)._replace(c=1.0),
    },
    replaces="abc_mup",
)
maximal_updates_keep_their_size.mutants(
    {"the multiplier not in the gradient": gradient_in_products}, replaces="train_step"
)
maximal_updates_keep_their_size.mutants(
    {
        "sums of squares": lambda before, after, a: (
            coordinate_check.update_sizes(before, after, a) * np.sqrt(all_entries(before, a) / len(a))
        )
    },
    replaces="update_sizes",
)
maximal_updates_keep_their_size.mutants(
    {
        "starts of variance 1": lambda abc, p, m, num_outputs, rng, base=1: mup_training.random_weights(
            abc._replace(b=0 * abc.b), p, m, num_outputs, rng, base
        )
    },
    replaces="random_weights",
)
