"""The best learning rate over widths: slide "μ-transfer: transferability and empirical results".

The loss here is the mean over a short training from its first step on, so that a rate at which training explodes and
then recovers pays for the explosion. Its last losses alone have a second minimum there, under SP with SGD.
"""

import numpy as np

from refimpl.data import digits
from refimpl.networks import mup, mup_training, mup_transfer
from refimpl.networks.mup_transfer import Training
from verify.claims import claim
from verify.evidence import equal, rounding, sign
from verify.networks.mup import ETA, reference, tolerance

SLIDE = "μ-transfer: transferability and empirical results"
NARROW, WIDE, L = 32, 256, 2
RATES = {"sgd": 2.0 ** np.arange(-4, 2), "adam": 2.0 ** np.arange(-9, -2)}
SEEDS = 3


@claim("N13", slide=SLIDE, source="definition")
def losses_are_those_of_the_steps(rng, *, training_losses=mup_transfer.training_losses):
    r"""Step by step the losses of a training on digits are those of the reference, which trains X_l by autograd.

    Digits are 14 × 14 means of four pixels, of norm 1.
    """
    images, labels = digits.load()
    square = images.reshape(-1, 28, 28)
    a = sum(square[:, i::2, j::2] for i in (0, 1) for j in (0, 1)).reshape(-1, 196)
    a = a / np.sqrt(np.sum(a**2, axis=1, keepdims=True))
    for optimizer, make in (("sgd", mup.abc_standard), ("adam", mup.abc_standard), ("sgd", mup.abc_ntk)):
        depth, m, base, seed = int(rng.integers(1, 4)), 12, 3, int(rng.integers(2**32))
        abc, (of_weights, of_batches) = make(depth), np.random.default_rng(seed).spawn(2)
        weights = mup_training.random_weights(abc, 196, m, 10, of_weights, base)
        numbers = [of_batches.integers(0, 10_000, 8) for _ in range(5)]
        k = (m / base) ** -abc.a
        X = [s * W for s, W in zip(k, weights, strict=True)]
        expected = reference(X, k**2, [(a[i], labels[i]) for i in numbers], optimizer)[:, -2]
        measured = training_losses(Training(abc, optimizer, ETA[optimizer], m, base, 5, 8, seed))
        yield equal(f"{optimizer}, L = {depth}", measured, expected, atol=tolerance(expected))


@claim("N13", slide=SLIDE, source="definition", coarse="infinity and NaN have no neighbours")
def losses_after_an_explosion_are_infinite(rng, *, training_losses=mup_transfer.training_losses):
    r"""A training that leaves the finite numbers has infinite losses from there on, and never NaN."""
    huge = [Training(mup.abc_standard(2), "sgd", 1e200, 12, 3, 6, 8, int(s)) for s in rng.integers(2**32, size=10)]
    exploded = np.array([training_losses(one) for one in huge])
    ended = np.isposinf(exploded)
    yield equal("neither finite nor ∞", int(np.sum(~ended & ~np.isfinite(exploded))), 0)
    yield equal("finite after ∞", int(np.sum(ended[:, :-1] & ~ended[:, 1:])), 0)
    yield sign("of 10 explosions end at ∞", int(ended[:, -1].sum()))


def nan_after_an_explosion(training):
    losses = mup_transfer.training_losses(training)
    return np.where(np.isinf(losses), np.nan, losses)


losses_after_an_explosion_are_infinite.mutants({"NaN after an explosion": nan_after_an_explosion})
losses_are_those_of_the_steps.mutants({
    "last step first": lambda training: mup_transfer.training_losses(training)[::-1].copy(),
    "half the width": lambda training: mup_transfer.training_losses(training._replace(m=training.m // 2)),
    "losses after the steps": lambda training: mup_transfer.training_losses(
        training._replace(steps=training.steps + 1)
    )[1:],
    "rate 1 % too large": lambda training: mup_transfer.training_losses(training._replace(eta=1.01 * training.eta)),
    "the same batch at each step": lambda training: np.repeat(
        mup_transfer.training_losses(training._replace(steps=1)), training.steps
    ),
})


def curve(training_losses, abc, optimizer, m, seeds):
    """Mean losses over the learning rates."""
    trainings = [
        [Training(abc, optimizer, float(eta), m, NARROW, 40, 32, seed) for seed in seeds] for eta in RATES[optimizer]
    ]
    return np.array([np.mean([np.mean(training_losses(one)) for one in row]) for row in trainings])


@claim(
    "N13",
    slide=SLIDE,
    source="Yang et al. 2022 (Tensor Programs V), Section 4",
    coarse="drifts of three seeds differ by a tenth, and the claim states on which side of a mark they are",
)
def best_rate_transfers_under_maximal_updates(
    rng,
    *,
    abc_mup=mup.abc_mup,
    abc_standard=mup.abc_standard,
    training_losses=mup_transfer.training_losses,
    best_rate=mup_transfer.best_rate,
):
    r"""From width 32 to 256 log₂ η* moves by less than .35 a doubling under μP; under SP it falls by more than that.

    With SGD and with Adam, on digits, three seeds, the minimum inside the grid. At the base width 32 both are one
    training, loss by loss. SP's exponent is −1 in the limit; the halfway mark would be ½. Over eight seeds the drifts
    have means and deviations 0.10 ± 0.08 (SGD) and 0.08 ± 0.07 (Adam) under μP, −0.66 ± 0.08 and −0.92 ± 0.11 under SP.
    So the mark is five deviations of a mean of three away, or more. An interval sure to 1e-12 would take 24 seeds.
    """
    for optimizer in ("sgd", "adam"):
        seeds = [int(seed) for seed in rng.integers(2**32, size=SEEDS)]
        abc = {"μP": abc_mup(L, optimizer), "SP": abc_standard(L)}
        losses = {
            (name, m): curve(training_losses, abc[name], optimizer, m, seeds) for name in abc for m in (NARROW, WIDE)
        }
        yield equal(f"{optimizer}: μP at the base width is SP", losses["μP", NARROW], losses["SP", NARROW])
        doublings, rates = np.log2(WIDE / NARROW), RATES[optimizer]
        drifts = {name: drift(best_rate, rates, losses[name, NARROW], losses[name, WIDE], doublings) for name in abc}
        yield sign(f"{optimizer}, μP: 0.35 less the drift of log₂ η* a doubling", 0.35 - abs(drifts["μP"]))
        yield sign(f"{optimizer}, SP: 0.35 and the drift of log₂ η* a doubling", 0.35 + drifts["SP"], -1)
        wider = losses["μP", WIDE].min() - losses["μP", NARROW].min()
        yield sign(f"{optimizer}, μP: least loss, wide less narrow", wider, -1)


def drift(best_rate, rates, narrow, wide, doublings):
    """Change of log₂ η* for each doubling of the width, from losses at the least width and at the largest."""
    return (optimum(best_rate, rates, wide) - optimum(best_rate, rates, narrow)) / doublings


def optimum(best_rate, rates, losses):
    """log₂ η*; infinity where no minimum stands inside the grid."""
    try:
        return np.log2(best_rate(rates, losses))
    except ValueError:
        return np.inf


best_rate_transfers_under_maximal_updates.mutants(
    {
        "standard parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_standard(num_hidden),
        "the printed exponents under Adam": lambda num_hidden, optimizer="sgd": mup.abc_mup(num_hidden),
        "neural-tangent parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_ntk(num_hidden),
    },
    replaces="abc_mup",
)
best_rate_transfers_under_maximal_updates.mutants(
    {"rate divided by m": lambda num_hidden: mup.abc_standard(num_hidden)._replace(c=1.0)}, replaces="abc_standard"
)
best_rate_transfers_under_maximal_updates.mutants(
    {
        "no base width": lambda training: mup_transfer.training_losses(training._replace(base=1)),
        "a base width of its own for each": lambda training: mup_transfer.training_losses(
            training._replace(base=training.m)
        ),
        "another batch order at each width": lambda training: mup_transfer.training_losses(
            training._replace(seed=training.seed + int(training.abc.a[-1] * 2) + 1)
        ),
    },
    replaces="training_losses",
)
best_rate_transfers_under_maximal_updates.mutants(
    {"the rate of the greatest loss": lambda rates, losses: float(rates[np.argmax(losses)])}, replaces="best_rate"
)


@claim("N13", slide=SLIDE, source="a parabola's vertex")
def vertex_of_a_parabola_is_the_best_rate(rng, *, best_rate=mup_transfer.best_rate):
    r"""Where log(loss) is a parabola in log₂ η its vertex is found, wherever between the points it lies."""
    for _ in range(20):
        step, first, n = rng.uniform(0.2, 2), rng.uniform(-12, 3), int(rng.integers(3, 9))
        x = first + step * np.arange(n)
        vertex = rng.uniform(x[1] - step / 2, x[-2] + step / 2)
        losses = np.exp(rng.uniform(0.1, 2) * (x - vertex) ** 2 + rng.uniform(-3, 3))
        error = rounding(1e5, 1 + np.abs(x).max())
        yield equal("log₂ η*", np.log2(best_rate(2**x, losses)), vertex, atol=error)
    x, y = np.arange(5.0), np.array([3.0, 2.5, 1.0, 2.0, np.inf])
    below, least, above = np.log(y[1:4])
    at = 2 + 0.5 * (below - above) / (below - 2 * least + above)
    yield equal("divergence beyond the neighbours", np.log2(best_rate(2**x, y)), at, atol=rounding(50))


@claim("N13", slide=SLIDE, source="definition", coarse="it counts refusals: an edge is refused or not")
def minima_at_the_edge_are_refused(rng, *, best_rate=mup_transfer.best_rate):
    r"""A least loss at an end of the grid, or beside an infinite one, is no minimum: it raises a ValueError."""
    refused = 0
    for losses in ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 1.0, np.inf]):
        try:
            best_rate([1.0, 2.0, 4.0], losses)
        except ValueError:
            refused += 1
    yield equal("minima at the edge that are refused", refused, 3)


def best_point_of_the_grid(rates, losses):
    mup_transfer.best_rate(rates, losses)
    return float(rates[np.argmin(losses)])


def neighbours_exchanged(rates, losses):
    good, least = mup_transfer.best_rate(rates, losses), rates[np.argmin(losses)]
    return least**2 / good


def factor_half_missing(rates, losses):
    good, least = mup_transfer.best_rate(rates, losses), rates[np.argmin(losses)]
    return good**2 / least


def steps_as_doublings(rates, losses):
    powers = 2.0 ** np.arange(len(rates))
    return float(np.asarray(rates)[0] * mup_transfer.best_rate(powers, losses))


def edge_accepted(rates, losses):
    i = int(np.argmin(losses))
    return float(rates[i]) if i in (0, len(rates) - 1) else mup_transfer.best_rate(rates, losses)


vertex_of_a_parabola_is_the_best_rate.mutants({
    "best point of the grid": best_point_of_the_grid,
    "neighbours exchanged": neighbours_exchanged,
    "factor ½ missing": factor_half_missing,
    "steps of the grid taken as doublings": steps_as_doublings,
    "a parabola of the loss itself": lambda rates, losses: mup_transfer.best_rate(
        rates, np.exp(np.minimum(losses, 1e300) / np.min(losses))
    ),
})
minima_at_the_edge_are_refused.mutants({"the edge of the grid accepted": edge_accepted})


@claim(
    "N17",
    slide=SLIDE,
    source="Yang et al. 2022 (Tensor Programs V), Section 8",
    coarse="it states a sign only, not by how much wider networks are better",
)
def wider_is_better_under_maximal_updates(rng, *, abc_mup=mup.abc_mup, training_losses=mup_transfer.training_losses):
    r"""Under μP the mean loss of a short training on digits is less at width 256 than at 32, at one and the same rate.

    At the best rate and at half of it, with SGD and with Adam, mean of six seeds. At Adam's best rate the wide network
    is worse under SP.
    """
    for optimizer, rates in (("sgd", (0.25, 0.5)), ("adam", (2.0**-6, 2.0**-5))):
        seeds = [int(seed) for seed in rng.integers(2**32, size=6)]
        for eta in rates:
            narrow, wide = (
                np.mean([
                    training_losses(Training(abc_mup(L, optimizer), optimizer, eta, m, NARROW, 40, 32, seed))
                    for seed in seeds
                ])
                for m in (NARROW, WIDE)
            )
            yield sign(f"{optimizer}, η = {eta}: loss at width 32 less that at 256", narrow - wide)


wider_is_better_under_maximal_updates.mutants(
    {
        "standard parameterisation": lambda num_hidden, optimizer="sgd": mup.abc_standard(num_hidden),
    },
    replaces="abc_mup",
)
wider_is_better_under_maximal_updates.mutants(
    {
        "a base width of its own for each": lambda training: mup_transfer.training_losses(
            training._replace(base=training.m)
        ),
        "widths exchanged": lambda training: mup_transfer.training_losses(
            training._replace(m=NARROW * WIDE // training.m)
        ),
    },
    replaces="training_losses",
)
