"""The table of complexities, drawn, with what Gaussians really need."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.sampling.complexity import complexity_table, steps_on_gaussian

SLIDE = "Langevin Monte Carlo"
ROWS = ("S06",)
CAPTION = (
    "Steps that suffice for a sample ε-close to π according to the table, with constants and logarithms taken as 1, "
    "for p = 10, L = 10 (C_P = 1); and, thick, the exact number of steps of LMC with its best step size on a Gaussian "
    "with eigenvalues 1 and L (for TV an upper bound). The rows hold for far wider classes of targets than this one: "
    "a Gaussian needs √(Lp)/ε steps in W₂, L√p/ε in TV and L√(p/ε) in KL, up to logarithms."
)
ALT = (
    "Three panels, for the distances W2, TV and KL, on doubly logarithmic scales: number of steps against epsilon from "
    "0.3 down to 0.003. Straight lines, one a row of the table, rise to the left, most steeply with the sixth power in "
    "W2; far below all of them the thick line of the exact number rises gently."
)

P, L = 10, 10.0
DISTANCES = ("W₂", "TV", "KL")


class Data(NamedTuple):
    """Distances ε (n,), bounds (rows, n) of the table's rows, and exact numbers of steps (3, n) for W₂, TV, KL."""

    eps: Array
    bounds: Array
    exact: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Numbers of steps over ε; drafts have fewer points."""
    eps = np.geomspace(0.003, 0.3, 25 if quality == "full" else 9)
    l = np.repeat([1.0, L], P // 2)
    eta = np.geomspace(1e-5, 1, 120 if quality == "full" else 60) / L
    exact = [[min(steps_on_gaussian(l, h, e, distance) for h in eta) for e in eps] for distance in DISTANCES]
    return Data(eps, np.array([[row.steps(P, L, e) for e in eps] for row in complexity_table()]), np.array(exact))


def draw(data: Data) -> Figure:
    """One panel a distance."""
    figure = Figure(figsize=(11, 5.2))
    panels = figure.subplots(1, 3, sharey=True)
    for axes, distance, exact in zip(panels, DISTANCES, data.exact, strict=True):
        for row, bound in zip(complexity_table(), data.bounds, strict=True):
            if row.distance == distance:
                same = [line for line in axes.get_lines() if np.array_equal(line.get_ydata(), bound)]
                number = row.reference.split()[0]
                if same:
                    same[0].set_label(f"{same[0].get_label().split(':')[0]}, {number}: {row.formula}")
                else:
                    axes.loglog(data.eps, bound, label=f"{number}: {row.formula}")
        axes.loglog(data.eps, exact, color="black", linestyle="-", linewidth=4, label="exact, on a Gaussian")
        axes.set(xlabel="distance ε")
        axes.set_title(distance, loc="left")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=9)
    panels[0].set_ylabel("number of steps")
    return figure
