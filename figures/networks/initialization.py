"""Six initialisations: how much a network's output answers to its input."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.networks.initialization import scales
from refimpl.networks.perturbation_stability import stability

SLIDE = "Robustness in deep learning: initialization in deep ReLU NNs"
ROWS = ("N01", "N02")
CAPTION = (
    "Perturbation stability P/ε at initialisation, exactly, for inputs of size p = 784 and E et al.'s β_c = 1. LeCun, "
    "He and NTK forget the width; Xavier does until m reaches p, and then falls like 1/√m, as its first layer shrinks. "
    "The middle weights of mean-field and E et al. do not shrink with the width: beyond two layers both explode, by √m "
    "a layer. LeCun and Xavier lose a factor √½ a layer, He and NTK nothing but what narrow layers cost."
)
ALT = (
    "Two panels, for depths 2 and 6, with logarithmic axes: P/ε against the width m from 1 to a million, a curve for "
    "each of six initialisations. At depth 2, E et al. rises like the root of m, mean-field falls like it, Xavier "
    "falls from m = 1000 on, the others are level. At depth 6, E et al. and mean-field rise by fifteen and eight "
    "orders of magnitude; the others stay as they were."
)

P = 784
DEPTHS = (2, 6)
LABELS = {"lecun": "LeCun", "he": "He", "ntk": "NTK", "xavier": "Xavier", "mean_field": "mean-field", "e": "E et al."}


class Data(NamedTuple):
    """Widths m (n,), and P/ε (2, 6, n) by DEPTHS and by LABELS."""

    m: Array
    stability: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact values; drafts have fewer widths."""
    m = np.unique(np.geomspace(1, 10**6, 200 if quality == "full" else 40).astype(int))
    values = [[[stability(scales(name, P, w, 1.0), P, w, L) for w in m.tolist()] for name in LABELS] for L in DEPTHS]
    return Data(m, np.array(values))


def draw(data: Data) -> Figure:
    """A panel for each depth."""
    figure = Figure(figsize=(10, 4.8))
    panels = figure.subplots(1, 2)
    for axes, L, values in zip(panels, DEPTHS, data.stability, strict=True):
        for label, curve in zip(LABELS.values(), values, strict=True):
            axes.loglog(data.m, curve, label=label)
        axes.set(xlabel="width $m$")
        axes.set_title(f"$L = {L}$", loc="left")
    panels[0].set(ylabel=r"$P/\varepsilon$")
    panels[1].legend(loc="upper left")
    return figure
