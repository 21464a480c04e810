"""Chains on the posterior of a real logistic regression, with what diagnostics say of them."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.sampling.diagnostics import effective_sample_size, split_rhat
from refimpl.sampling.langevin import lmc_trace
from refimpl.sampling.metropolis import mala
from refimpl.sampling.posterior import digit_regression, logistic_regression

SLIDE = "Iterative refinement like in optimization: MCMC"
ROWS = ("S01", "S04")
CAPTION = (
    "Posterior of the three weights of a logistic regression, handwritten threes against eights on two principal "
    "components, in its narrowest direction, scaled to the width of a long reference run of MALA (grey). Left: 16 "
    "chains of LMC with η = 1/l and η = 1/(20 l), l the curvature in that direction, and of MALA with η = 1/l, for as "
    "many gradients each. The long step's law is too wide, though its chains mix best: effective sample size (ESS, in "
    "percent of all states) and split R̂ see how well chains mix, not what they converge to. Right: autocorrelations."
)
ALT = (
    "Left, a grey histogram of bell shape with three lines over it: the line of LMC with the long step is lower and "
    "wider, those of LMC with the short step and of MALA follow the histogram; the legend gives effective sample "
    "sizes and values of R-hat near 1. Right, three curves that fall from 1 to 0 with the lag: LMC with the long step "
    "at once, MALA soon, LMC with the short step slowly."
)

RUNS = {r"LMC, $\eta = 1/l$": 1.0, r"LMC, $\eta = 1/(20\,l)$": 0.05, r"MALA, $\eta = 1/l$": 1.0}
EDGES = np.linspace(-4.5, 4.5, 46)
LAGS = 80


class Data(NamedTuple):
    """Heights of histograms, of the reference (45,) and the runs (3, 45); ESS/states, R̂ (3,), correlations (3, 80)."""

    reference: Array
    heights: Array
    ess: Array
    rhat: Array
    correlations: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """All images, or 300 in a draft; the narrowest direction is that of the reference run."""
    D, y = digit_regression()
    chosen = np.arange(len(y)) if quality == "full" else rng.choice(len(y), 300, replace=False)
    target = logistic_regression(D[chosen], y[chosen])
    num_steps = 10_000 if quality == "full" else 4000
    eta = 2 / (1 + np.linalg.norm(D[chosen], 2) ** 2 / 4)
    a = mala(target.f, target.grad_f, np.zeros((32, 3)), eta, 2 * num_steps, rng, every=4).a[num_steps // 8 :]
    points = a.reshape(-1, 3)
    variances, directions = np.linalg.eigh(np.cov(points.T))
    start = points[rng.choice(len(points), 16, replace=False)]
    traces = []
    for name, share in RUNS.items():
        step = share * variances[0]
        run = mala(target.f, target.grad_f, start, step, num_steps, rng).a if "MALA" in name else None
        traces.append(lmc_trace(target.grad_f, start, step, num_steps, rng) if run is None else run)
    reference, *xs = (((b - points.mean(0)) @ directions[:, 0] / np.sqrt(variances[0])) for b in (a, *traces))
    return Data(
        np.histogram(reference, EDGES, density=True)[0],
        np.array([np.histogram(x, EDGES, density=True)[0] for x in xs]),
        np.array([effective_sample_size(x[..., None])[0] / x.size for x in xs]),
        np.array([split_rhat(x[..., None])[0] for x in xs]),
        np.array([autocorrelations(x) for x in xs]),
    )


def autocorrelations(x: Array) -> Array:
    """Of chains (t, n), at lags 0, 1, …"""
    z = x - x.mean()
    return np.array([(z[s:] * z[: len(z) - s]).mean() for s in range(LAGS)]) / (z**2).mean()


def draw(data: Data) -> Figure:
    """Histograms on the left, autocorrelations on the right."""
    figure = Figure(figsize=(10, 4.8))
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    left.stairs(data.reference, EDGES, fill=True, color="0.8", label="reference, a long run of MALA")
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    for i, (name, style) in enumerate(zip(RUNS, ("-", "--", "-."), strict=True)):
        label = f"{name}: ESS {100 * data.ess[i]:.0f} %, $\\hat R$ = {data.rhat[i]:.3f}"
        left.plot(middles, data.heights[i], linestyle=style, label=label)
        right.plot(data.correlations[i], linestyle=style, label=name)
    left.set(xlabel="narrowest direction of the weights, in standard deviations", ylabel="density", ylim=(0, 0.62))
    left.legend(loc="upper center", fontsize=9)
    left.set_title("Law of the states", loc="left")
    right.axhline(0, color="0.6", linewidth=0.8)
    right.set(xlabel="lag in steps", ylabel="autocorrelation")
    right.legend(loc="upper right")
    right.set_title("Memory of the chains", loc="left")
    return figure
