"""One jump from much noise misses; many small denoising steps arrive."""

import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.diffusion.denoising_growing_noise import MEANS, VARIANCES, WEIGHTS
from refimpl.arguments.arrays import Array
from refimpl.calculus.mixtures import mixture_log_density
from refimpl.diffusion.denoising import ancestral_denoise, denoise
from refimpl.diffusion.tweedie import ancestral_denoising_step, mixture_score, tweedie_denoiser

SLIDE = "The answer: Diffusion models"
ROWS = ("D11",)
CAPTION = (
    "Data from the mixture of three Gaussians whose noisy densities the figure “noising” shows. Above: from a point x "
    "with noise of standard deviation t to less noise t⁺. Blue: the exact law of X + t⁺Z′ given x, from which a step "
    "has to draw; red line: the denoiser's answer D + (t⁺²/t²)(x − D), the best guess. The first panel jumps from t = "
    "4 to 0: the answer falls where there are no data. The others are every fourth of 16 stochastic steps: each law "
    "is nearly a Gaussian around the red line (mind the scales). Below: Wasserstein distance W₁ to the data against "
    "the number of denoising steps from 4 to 0. Stochastic steps are followed on samples, which cannot tell distances "
    "below about 0.01 (0.003 at full quality)."
)
ALT = (
    "Above, five panels. In the first, the blue law has three peaks and the red line stands in the gap between them. "
    "In the other four, at falling noise, the blue law is a single bump with the red line in its middle, ever "
    "narrower, around one of the data's peaks. Below, a double logarithmic plot: W1 falls from 1.1 with one step "
    "along a line of slope minus one to a few hundredths at 64 steps, for deterministic and stochastic steps alike."
)

TOP, END = 4.0, 0.05


class Data(NamedTuple):
    """Points (n,); of each panel the noise before and after (k, 2), the law after (k, n), x and the red line (k,);
    numbers of steps (s,), and W₁ after so many deterministic and stochastic steps (s,)."""

    grid: Array
    noise: Array
    laws: Array
    x: Array
    answers: Array
    counts: Array
    deterministic: Array
    stochastic: Array


def denoiser(x: Array, sigma: float) -> Array:
    """The exact one, of points (..., 1)."""
    law = WEIGHTS, MEANS[:, None], (VARIANCES + sigma**2)[:, None, None]
    return tweedie_denoiser(x, lambda y: mixture_score(y, *law), sigma)


def levels(num_steps: int) -> Array:
    """Noise levels from 4 by equal factors to 0.05, then 0."""
    return np.append(np.geomspace(TOP, END, num_steps) if num_steps > 1 else [TOP], 0.0)


def conditional_density(grid: Array, x: float, t: float, t_next: float) -> Array:
    """Density of X + t⁺Z′ given that X + tZ = x, where tZ = t⁺Z′ + noise."""
    v, between = VARIANCES + t_next**2, t**2 - t_next**2
    joint = np.log(WEIGHTS) - (x - MEANS) ** 2 / (2 * (v + between)) - np.log(v + between) / 2
    weights = np.exp(joint - joint.max())
    means, variances = MEANS + v / (v + between) * (x - MEANS), v * between / (v + between)
    mixture = weights / weights.sum(), means[:, None], variances[:, None, None]
    return np.exp(mixture_log_density(grid[:, None], *mixture))


def data(quality: str, rng: np.random.Generator) -> Data:
    """16 stochastic steps of one point; 300,000 samples (full) or 30,000 for each number of steps."""
    grid = np.linspace(-8, 8, 6401)
    x, path = np.array([-1.0]), []
    for t, t_next in itertools.pairwise(levels(16)):
        path.append((t, t_next, x[0]))
        x = ancestral_denoising_step(denoiser, x, t, t_next, rng.standard_normal(1))
    shown = [(TOP, 0.0, -1.0), *path[1::4]]
    answers = [ancestral_denoising_step(denoiser, np.array([x]), t, s, np.zeros(1))[0] for t, s, x in shown]
    laws = [conditional_density(grid, x, t, s) for t, s, x in shown]
    counts = np.array([1, 2, 4, 8, 16, 32, 64])
    n = 3 * 10**5 if quality == "full" else 3 * 10**4
    target = _quantiles((np.arange(n) + 0.5) / n)
    start = _quantiles((np.arange(n) + 0.5) / n, TOP)[:, None]
    smooth = [np.abs(np.sort(denoise(denoiser, start, levels(k))[:, 0]) - target).mean() for k in counts]
    noisy = [np.abs(np.sort(ancestral_denoise(denoiser, start, levels(k), rng)[:, 0]) - target).mean() for k in counts]
    pairs = np.array([pair[:2] for pair in shown])
    return Data(
        grid,
        pairs,
        np.array(laws),
        np.array([pair[2] for pair in shown]),
        np.array(answers),
        counts,
        np.array(smooth),
        np.array(noisy),
    )


def _quantiles(u: Array, t: float = 0.0) -> Array:
    """Quantiles of X + tZ, from its density on a fine grid."""
    x = np.linspace(-4 - 6 * t, 4 + 6 * t, 40001)
    law = WEIGHTS, MEANS[:, None], (VARIANCES + t**2)[:, None, None]
    below = np.cumsum(np.exp(mixture_log_density(x[:, None], *law)))
    return np.interp(u, below / below[-1], x)


def draw(data: Data) -> Figure:
    """The steps above, the distances below."""
    figure = Figure(figsize=(13, 6.4))
    grid = figure.add_gridspec(2, len(data.x))
    for k, (t, t_next) in enumerate(data.noise):
        _draw_step(figure.add_subplot(grid[0, k]), data, k)
        figure.axes[-1].set_title(("one shot\n" if k == 0 else "a small step\n") + f"$t = {t:.2g}$ to {t_next:.2g}")
    axes = figure.add_subplot(grid[1, 1:4])
    axes.loglog(data.counts, data.deterministic, "o-", color="C0", label="deterministic steps")
    axes.loglog(data.counts, data.stochastic, "s--", color="C1", label="stochastic steps")
    slope = data.deterministic[4] * data.counts[4] / data.counts
    axes.loglog(data.counts[2:], slope[2:], ":", color="black", label="$1/n$")
    axes.set(xlabel="number of steps $n$", ylabel="$W_1$ to the data", title="Distance from the data")
    axes.legend()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_step(axes: Axes, data: Data, k: int) -> None:
    axes.fill_between(data.grid, data.laws[k], color="C0", alpha=0.3, linewidth=0)
    axes.plot(data.grid, data.laws[k], "-", color="C0", linewidth=1.2, label="law to draw from, given $x$")
    axes.axvline(data.answers[k], color="red", linestyle="-", linewidth=2.2, label="denoiser's answer")
    axes.plot(data.x[k], 0, "v", color="black", markersize=8, clip_on=False, zorder=5, label="$x$ before the step")
    mass = data.laws[k] / data.laws[k].sum()
    mean = mass @ data.grid
    width = 4 * np.sqrt(mass @ (data.grid - mean) ** 2)
    axes.set(xlabel="$x$", yticks=[], xlim=(mean - width, mean + width), ylim=(0, None))
