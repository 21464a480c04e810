"""Classifier-free guidance: what it samples, and the tilted law that it does not."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.calculus.mixtures import mixture_log_density
from refimpl.diffusion.guidance import classifier_free_score, guided_diffusion_law, guided_flow_law, tilted_law
from refimpl.diffusion.tweedie import mixture_score

SLIDE = "Modern tricks to generate appealing images"
ROWS = ("D22",)
CAPTION = (
    "Left: a class (two modes, one amid other data) is sampled by the probability flow from much noise with the exact "
    "scores (1 + w)s_c − w s_u. At w = 0 the flow gives the class (shaded). As w grows it leaves the mode amid other "
    "data and narrows; the tilted law p_c^(1+w) p_u^(−w)/Z does neither so soon. Right: end variances in the one "
    "case where all are known in closed form, condition N(m, 1), all data N(0, 2): at w = 1 the flow ends at 1/2, the "
    "reverse SDE at 7/12, the tilted law has 2/3."
)
ALT = (
    "Four panels. In the first three, for w equal to 0, 1 and 4, the class is a grey shape with equal bumps at 0.5 and "
    "2.5, and a thin line shows the density of all data, which has a further bump at minus 1. The solid curve of the "
    "guided flow covers the grey shape at w equal to 0; at 1 its left bump has shrunk and the right one grown; at 4 a "
    "tall narrow bump near 3 is left. The dashed tilted density keeps both bumps at all three. Fourth panel: three "
    "curves fall from variance 1 at w equal to 0: the flow's lowest, then the SDE's, then the tilted law's."
)

WANTED = (np.array([0.5, 0.5]), np.array([[0.5], [2.5]]), np.array([[[0.16]], [[0.16]]]))
OTHERS = (np.array([1.0]), np.array([[-1.0]]), np.array([[[0.64]]]))
ALL = (
    np.append(WANTED[0], OTHERS[0]) / 2,
    *(np.concatenate(pair) for pair in zip(WANTED[1:], OTHERS[1:], strict=True)),
)
STRENGTHS = (0.0, 1.0, 4.0)
NOISE = 1e8


class Data(NamedTuple):
    """Points (n,), densities of the class and of all data (n,); strengths (k,) with the densities (k, n) that the flow
    and the tilted law have; then strengths (m,) and variances (3, m) by flow, SDE and tilted law in the Gaussian case.
    """

    x: Array
    wanted: Array
    everything: Array
    w: Array
    flow: Array
    tilted: Array
    strengths: Array
    variances: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact densities, on a finer grid at full quality."""
    x = np.linspace(-3, 5, 401 if quality == "draft" else 1601)
    log_c, log_u = (mixture_log_density(x[:, None], *law) for law in (WANTED, ALL))
    tilted = np.stack([np.exp((1 + w) * log_c - w * log_u) for w in STRENGTHS])
    strengths = np.linspace(0, 6, 61)
    laws = (guided_flow_law, guided_diffusion_law, tilted_law)
    return Data(
        x=x,
        wanted=np.exp(log_c),
        everything=np.exp(log_u),
        w=np.array(STRENGTHS),
        flow=np.stack([_end_density(x, w) for w in STRENGTHS]),
        tilted=tilted / scipy.integrate.trapezoid(tilted, x)[:, None],
        strengths=strengths,
        variances=np.array([[law(0.0, 1.0, 2.0, w).variance for w in strengths] for law in laws]),
    )


def _end_density(x: Array, w: float) -> Array:
    """Density at which the flow from N(0, s) ends: each point is followed back to the noise, s = NOISE."""
    guided = classifier_free_score(_noised_score(WANTED), _noised_score(ALL), w)

    def slope(u: float, a: Array) -> Array:
        return -guided(a[:, None], np.expm1(u))[:, 0] / 2 * np.exp(u)

    start = scipy.integrate.solve_ivp(slope, (0.0, np.log1p(NOISE)), x, rtol=1e-9, atol=1e-9).y[:, -1]
    return scipy.stats.norm(0, np.sqrt(NOISE)).pdf(start) * np.gradient(start, x)


def _noised_score(law: tuple[Array, Array, Array]) -> Callable[[Array, float], Array]:
    """Score of a mixture under noise of variance s, as a function of (a, s)."""
    weights, means, covariances = law
    return lambda a, s: mixture_score(a, weights, means, covariances + s * np.eye(1))


def draw(data: Data) -> Figure:
    """A panel for each strength, and the variances."""
    figure = Figure(figsize=(12, 3.9))
    *panels, right = figure.subplots(1, len(data.w) + 1)
    for axes, w, flow, tilted in zip(panels, data.w, data.flow, data.tilted, strict=True):
        _draw_laws(axes, data, flow, tilted)
        axes.set(title=f"$w = {w:g}$", xlabel="$a$", ylim=(0, 1.75))
    panels[0].set_ylabel("density")
    panels[0].legend(loc="upper left")
    for variances, name in zip(data.variances, ("flow", "SDE", "tilted law"), strict=True):
        right.plot(data.strengths, variances, label=name)
    right.plot([1, 1, 1], [1 / 2, 7 / 12, 2 / 3], "o", color="black", markersize=4)
    right.set(title="Gaussian case", xlabel="strength $w$", ylabel="end variance", ylim=(0, 1.05))
    right.legend()
    return figure


def _draw_laws(axes: Axes, data: Data, flow: Array, tilted: Array) -> None:
    axes.fill_between(data.x, data.wanted, color="0.8", label="class $p_c$")
    axes.plot(data.x, data.everything, color="0.4", linewidth=1, linestyle="-", label="all data $p_u$")
    axes.plot(data.x, flow, color="C0", linestyle="-", label="guided flow")
    axes.plot(data.x, tilted, color="C1", linestyle="--", label="tilted law")
