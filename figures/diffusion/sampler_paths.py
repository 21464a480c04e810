"""Forward to noise and back: paths of the SDE, of its reverse and of the probability flow."""

import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.calculus.mixtures import mixture_log_density
from refimpl.diffusion.marginals import marginal, marginal_score
from refimpl.diffusion.probability_flow import heun_step
from refimpl.diffusion.sampler import reverse_step
from refimpl.diffusion.sde import vp

SLIDE = "Reverse diffusion"
ROWS = ("D12", "D13")
CAPTION = (
    "The VP SDE on the line, data from two Gaussians. Shading: the exact density p_t(a), each time scaled to its own "
    "maximum. Left: forward paths, from data (t = 0) to noise (t = 1). Middle: paths of the reverse SDE with the "
    "exact score, which start as noise and end as data; time runs back to the right. Right: the probability flow from "
    "the same starts, without noise. All three have the densities p_t. The curves at the rim are p₀ and p₁, with the "
    "histogram of what the paths of each panel end in."
)
ALT = (
    "Three wide panels over a shaded density that has two bands near a = -1.5 and a = 1 at the data's end and one "
    "broad band around 0 at the end of noise. Left: ragged forward paths leave the two bands and mix. Middle: ragged "
    "reverse paths start in the broad band and sort themselves into the two bands. Right: smooth curves that do not "
    "cross part into the two bands. Histograms at the rims agree with the densities drawn over them."
)

MIXTURE = (np.array([0.4, 0.6]), np.array([[-1.5], [1.0]]), np.array([[[0.04]], [[0.06]]]))
END = 1e-3


class Data(NamedTuple):
    """Times (s,), places (n,), densities (s, n); paths (s, m) forward, reverse and of the flow by falling times; where
    many paths end (3, k)."""

    times: Array
    places: Array
    densities: Array
    forward: Array
    reverse: Array
    flow: Array
    ends: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """400 steps; where 4000 paths (full) or 1000 end, a dozen of them to be drawn."""
    sde, count, shown = vp(), 4000 if quality == "full" else 1000, 12
    times, places = np.linspace(END, 1, 401), np.linspace(-3.5, 3.5, 281)
    score = marginal_score(sde, *MIXTURE)
    densities = [np.exp(mixture_log_density(places[:, None], *marginal(sde, t, *MIXTURE))) for t in times]
    component = rng.choice(2, size=count, p=MIXTURE[0])
    data = MIXTURE[1][component] + np.sqrt(MIXTURE[2][component, 0]) * rng.standard_normal((count, 1))
    noise = rng.standard_normal((count, 1))
    forward, reverse, flow = [data], [noise], [noise]
    for t, t_next in itertools.pairwise(times):
        (scale, std), (scale_next, std_next) = sde.kernel(t), sde.kernel(t_next)
        kept = scale_next / scale
        forward.append(kept * forward[-1] + np.sqrt(std_next**2 - (kept * std) ** 2) * rng.standard_normal((count, 1)))
    for t, t_next in itertools.pairwise(times[::-1]):
        reverse.append(reverse_step(sde, score, reverse[-1], t, t_next - t, rng.standard_normal((count, 1))))
        flow.append(heun_step(sde, score, flow[-1], t, t_next - t))
    runs = [np.concatenate(run, axis=1).T for run in (forward, reverse, flow)]
    ends = np.array([run[-1] for run in runs])
    return Data(times, places, np.array(densities), *(run[:, :shown] for run in runs), ends)


def draw(data: Data) -> Figure:
    """Forward, reverse, flow; at the right rim of each, where its paths end."""
    figure = Figure(figsize=(13, 4.6))
    axes = figure.subplots(1, 6, sharey=True, width_ratios=[5, 1] * 3)
    back = data.times[::-1]
    panels = [
        ("forward SDE", data.times, data.forward, data.densities),
        ("reverse SDE", back, data.reverse, data.densities[::-1]),
        ("probability flow", back, data.flow, data.densities[::-1]),
    ]
    for k, (title, times, paths, densities) in enumerate(panels):
        wide, rim = axes[2 * k : 2 * k + 2]
        shade = (densities / densities.max(axis=1, keepdims=True)).T
        wide.pcolormesh(times, data.places, shade, cmap="Greys", vmax=2, shading="gouraud", rasterized=True)
        wide.plot(times, paths, "-", linewidth=0.8)
        wide.set(title=title, xlabel="time $t$", xlim=(times[0], times[-1]), ylim=data.places[[0, -1]])
        wide.grid(False)
        bins = np.linspace(*data.places[[0, -1]], 57)
        rim.hist(data.ends[k], bins, density=True, orientation="horizontal", color="0.75")
        rim.plot(densities[-1], data.places, "-", color="black", linewidth=1.2)
        rim.set(xticks=[], title=f"$p_{{{round(times[-1])}}}$")
        rim.grid(False)
    axes[0].set_ylabel("$a_t$")
    return figure
