"""A hand-differentiated transformer, as in the figure of "μ-transfer: transferability and empirical results"."""

import autograd
import autograd.numpy as np

from refimpl.files.checkpoints import leaves, rebuild
from refimpl.networks import mup, mup_transfer, transformer, transformer_training
from refimpl.networks.mup_transfer import Training
from refimpl.networks.transformer import Block, Transformer
from verify.claims import claim
from verify.evidence import equal, rate, rounding
from verify.networks.mup_transfer import SLIDE, optimum

NARROW, WIDE = 8, 32
RATES = 2.0 ** np.arange(-7.5, -1)
SEEDS = 24


def instance(rng, depth=2, m=6, v=7, T=5):
    """A random transformer with texts shorter than its positions, and targets."""
    shapes = [(m, m)] * 4 + [(9, m), (m, 9)]
    blocks = tuple(Block(*(0.5 * rng.standard_normal(s) for s in shapes)) for _ in range(depth))
    h = Transformer(rng.standard_normal((v, m)), rng.standard_normal((T, m)), blocks, rng.standard_normal((v, m)))
    return h, rng.integers(0, v, (4, T - 1)), rng.integers(0, v, (4, T - 1))


def normed(x):
    """Layer norm of one vector."""
    x = x - np.mean(x)
    return x / np.sqrt(np.dot(x, x) / len(x) + 1e-12)


def loss(h, tokens, targets, heads, scale):
    """The loss again, text by text, position by position and head by head, as automatic differentiation reads it."""
    total, d = 0.0, h.tokens.shape[1] // heads
    for text, target in zip(tokens, targets, strict=True):
        x = [h.tokens[token] + h.positions[i] for i, token in enumerate(text)]
        for block in h.blocks:
            a = [normed(one) for one in x]
            q, k, v = ([np.dot(X, one) for one in a] for X in (block.Q, block.K, block.V))
            for i in range(len(x)):
                seen = []
                for head in range(heads):
                    s = slice(head * d, (head + 1) * d)
                    w = np.exp(np.array([scale * np.dot(q[i][s], k[j][s]) for j in range(i + 1)]))
                    seen.append(sum(w[j] * v[j][s] for j in range(i + 1)) / np.sum(w))
                x[i] = x[i] + np.dot(block.O, np.concatenate(seen))
            x = [y + np.dot(block.Z, np.maximum(np.dot(block.W, normed(y)), 0.0)) for y in x]
        for i, y in enumerate(target):
            u = np.dot(h.readout, normed(x[i]))
            total = total + np.log(np.sum(np.exp(u))) - u[y]
    return total / targets.size


@claim("N13", slide=SLIDE, source="Vaswani et al. 2017; chain rule")
def transformer_gradient_is_exact(rng, *, transformer_gradient=transformer.transformer_gradient):
    r"""Loss and gradient in every matrix are those of a loop over texts, positions and heads, differentiated."""
    for heads, scale, depth in ((1, 0.3, 1), (2, 1.1, 2), (3, 0.7, 1)):
        h, tokens, targets = instance(rng, depth)
        rebuilt = lambda *parts: loss(rebuild(h, list(parts)), tokens, targets, heads, scale)  # noqa: B023, E731
        parts = leaves(h)
        expected = autograd.grad(rebuilt, tuple(range(len(parts))))(*parts)
        value, gradient = transformer_gradient(h, tokens, targets, heads, scale)
        size = 1 + max(np.abs(one).max() for one in expected)
        yield equal(f"{heads} heads: loss", value, rebuilt(*parts), atol=rounding(1e4, value))
        names = ["tokens", "positions", *Block._fields * depth, "readout"]
        for name, measured, one in zip(names, leaves(gradient), expected, strict=True):
            yield equal(f"{heads} heads: {name}", measured, one, atol=rounding(1e5, size))


def another_eps(h, tokens, targets, heads, scale):
    kept, transformer.EPS = transformer.EPS, 1e-5
    try:
        return transformer.transformer_gradient(h, tokens, targets, heads, scale)
    finally:
        transformer.EPS = kept


def keys_and_queries_exchanged(h, tokens, targets, heads, scale):
    swapped = h._replace(blocks=tuple(block._replace(Q=block.K, K=block.Q) for block in h.blocks))
    value, g = transformer.transformer_gradient(swapped, tokens, targets, heads, scale)
    return value, g._replace(blocks=tuple(block._replace(Q=block.K, K=block.Q) for block in g.blocks))


def sum_of_the_losses(h, tokens, targets, heads, scale):
    value, g = transformer.transformer_gradient(h, tokens, targets, heads, scale)
    return value, rebuild(g, [targets.size * one for one in leaves(g)])


def repeated_tokens_not_added(h, tokens, targets, heads, scale):
    value, g = transformer.transformer_gradient(h, tokens, targets, heads, scale)
    counts = np.bincount(tokens.ravel(), minlength=len(h.tokens))
    return value, g._replace(tokens=g.tokens / np.maximum(counts, 1)[:, None])


def positions_from_end(h, tokens, targets, heads, scale):
    value, g = transformer.transformer_gradient(h._replace(positions=h.positions[::-1]), tokens, targets, heads, scale)
    return value, g._replace(positions=g.positions[::-1])


def gradient_in_positions_too_small(h, tokens, targets, heads, scale):
    value, g = transformer.transformer_gradient(h, tokens, targets, heads, scale)
    return value, g._replace(positions=0.99 * g.positions)


transformer_gradient_is_exact.mutants({
    "scale 1 % too large": lambda h, tokens, targets, heads, scale: transformer.transformer_gradient(
        h, tokens, targets, heads, 1.01 * scale
    ),
    "layer norm with another ε": another_eps,
    "one head in place of several": lambda h, tokens, targets, heads, scale: transformer.transformer_gradient(
        h, tokens, targets, 1, scale
    ),
    "keys and queries exchanged": keys_and_queries_exchanged,
    "sum in place of the mean": sum_of_the_losses,
    "gradient of repeated tokens not added up": repeated_tokens_not_added,
    "positions from the end": positions_from_end,
    "targets not shifted: the text itself": lambda h, tokens, targets, heads, scale: transformer.transformer_gradient(
        h, tokens, tokens, heads, scale
    ),
    "gradient in the positions 1 % too small": gradient_in_positions_too_small,
})


@claim("N13", slide=SLIDE, source="Yang et al. 2022, Definition 4.1 and Table 8")
def transformer_losses_are_those_of_the_steps(rng, *, transformer_losses=transformer_training.transformer_losses):
    r"""Step by step the losses are those of gradient descent in X by automatic differentiation, layer by layer scaled.

    Embeddings are the first layer, the readout is the last; attention is scaled by d₀^(−½) (m/m₀)^(−α), d₀ = m₀/4.
    """
    m, base, eta, text = 8, 4, 0.1, transformer_training.text()
    for alpha in (0.5, 1.0):
        abc, seed = mup.ABC(*rng.uniform(-0.5, 0.5, (3, 3))), int(rng.integers(2**32))
        of_weights, of_batches = np.random.default_rng(seed).spawn(2)
        tree = transformer_training.random_transformer(abc, m, of_weights, base)
        a, c = ([e[0], e[0], *[e[1]] * len(Block._fields), e[2]] for e in (abc.a, abc.c))
        k, rates = ((m / base) ** -np.array(e) for e in (a, c))
        X, expected = [s * W for s, W in zip(k, leaves(tree), strict=True)], []
        for _ in range(3):
            i = of_batches.integers(0, len(text) - 16, (2, 1)) + np.arange(16)
            of = lambda *parts: loss(rebuild(tree, list(parts)), text[i], text[i + 1], 4, 2.0**-alpha)  # noqa: B023, E731
            expected.append(of(*X))
            g = autograd.grad(of, tuple(range(len(X))))(*X)
            X = [W - eta * s**2 * r * d for W, s, r, d in zip(X, k, rates, g, strict=True)]
        measured = transformer_losses(Training(abc, "sgd", eta, m, base, 3, 2, seed), alpha)
        yield equal(f"α = {alpha}", measured, expected, rtol=rounding(1e7))


def readout_as_a_hidden_layer(training, attention):
    abc = training.abc._replace(a=np.append(training.abc.a[:2], training.abc.a[1]))
    return transformer_training.transformer_losses(training._replace(abc=abc), attention)


transformer_losses_are_those_of_the_steps.mutants({
    "attention by 1/√d always": lambda training, attention: transformer_training.transformer_losses(training, 0.5),
    "twice the base width": lambda training, attention: transformer_training.transformer_losses(
        training._replace(base=2 * training.base), attention
    ),
    "the readout scaled as a hidden layer": readout_as_a_hidden_layer,
    "last step first": lambda training, attention: transformer_training.transformer_losses(training, attention)[
        ::-1
    ].copy(),
    "rate 1 % too large": lambda training, attention: transformer_training.transformer_losses(
        training._replace(eta=1.01 * training.eta), attention
    ),
})


def best_rates(transformer_losses, best_rate, abc, attention, m, seeds):
    """η* of each seed by the mean of its losses; infinity where no minimum stands inside the grid."""
    trainings = [[Training(abc, "adam", float(eta), m, NARROW, 20, 4, seed) for eta in RATES] for seed in seeds]
    losses = [[np.mean(transformer_losses(one, attention)) for one in row] for row in trainings]
    return 2.0 ** np.array([optimum(best_rate, RATES, np.array(row)) for row in losses])


@claim("N13", slide=SLIDE, source="Yang et al. 2022 (Tensor Programs V), Sections 3 and 7")
def best_rate_of_a_transformer_transfers(
    rng,
    *,
    abc_mup=mup.abc_mup,
    transformer_losses=transformer_training.transformer_losses,
    best_rate=mup_transfer.best_rate,
):
    r"""From width 8 to 32, with Adam, η* does not move under μP, and falls like 1/m under SP: 24 seeds a width.

    Attention is scaled by 1/d under μP and by 1/√d under SP; at the base width both are one training.
    """
    settings = {"μP": (abc_mup(2, "adam"), 1.0), "SP": (mup.abc_standard(2), 0.5)}
    seeds = [[int(seed) for seed in rng.integers(2**32, size=SEEDS)] for _ in range(3)]
    one = [Training(abc, "adam", 0.05, NARROW, NARROW, 20, 4, seeds[0][0]) for abc, _ in settings.values()]
    both = [transformer_losses(*pair) for pair in zip(one, (1.0, 0.5), strict=True)]
    yield equal("μP at the base width is SP", both[0], both[1])
    narrow = best_rates(transformer_losses, best_rate, *settings["SP"], NARROW, seeds[0])
    m = np.repeat([NARROW, WIDE], SEEDS)
    for (name, setting), given, order in zip(settings.items(), seeds[1:], (0.0, -1.0), strict=True):
        wide = best_rates(transformer_losses, best_rate, *setting, WIDE, given)
        yield rate(f"{name}: η* in m", m, np.append(narrow, wide), order)


def attention_without_the_base(training, attention):
    eta = training.eta * training.base ** (attention - 0.5)
    return transformer_training.transformer_losses(training._replace(eta=eta), attention)


best_rate_of_a_transformer_transfers.mutants(
    {"standard parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_standard(num_hidden)}, replaces="abc_mup"
)
best_rate_of_a_transformer_transfers.mutants(
    {
        "a base width of its own for each": lambda training, attention: transformer_training.transformer_losses(
            training._replace(base=training.m), attention
        ),
        "attention not relative to the base": attention_without_the_base,
    },
    replaces="transformer_losses",
)
best_rate_of_a_transformer_transfers.mutants(
    {"the rate of the greatest loss": lambda rates, losses: float(rates[np.argmax(losses)])}, replaces="best_rate"
)
