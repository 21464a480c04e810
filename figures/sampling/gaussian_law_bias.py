"""How LMC approaches a Gaussian target, and where it stops."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.sampling.gaussian_law import lmc_covariance, lmc_mean, lmc_stationary_covariance
from refimpl.sampling.log_sobolev_rates import lsi_lmc_bound
from refimpl.sampling.metrics import gaussian_kl, gaussian_w2

SLIDE = "Langevin Monte Carlo"
ROWS = ("S03", "S04", "S05")
CAPTION = (
    "Exact distances of the law of Langevin Monte Carlo after k steps from the target N(0, A⁻¹), A with eigenvalues "
    "1 and 4, from N((3, 3), I/4), for three step sizes. Each curve falls until the bias is left: grey lines, at "
    "W₂² = Σ (1/l)((1 − ηl/2)^(−1/2) − 1)² and KL = ½ Σ (r − 1 − log r), r = 1/(1 − ηl/2). A tenth of the step takes "
    "ten times as long and leaves a tenth of W₂, a hundredth of KL. Thin line with dots: the bound "
    "e^(−aηk) KL₀ + 8ηpL²/a for the smallest step."
)
ALT = (
    "Two panels on doubly logarithmic scales, KL on the left and Wasserstein distance on the right, against the "
    "iteration k. Three curves, for step sizes 0.1, 0.01 and 0.001, stay level, fall steeply one after the other, and "
    "become level again on horizontal grey lines that are lower the smaller the step. Left, a thin dotted line, the "
    "bound for the smallest step, lies far above its curve."
)

ETAS = (0.1, 0.01, 0.001)
EIGENVALUES = np.array([1.0, 4.0])


class Data(NamedTuple):
    """Iterations k (n,); KL and W₂ (3, n), their floors (3,), and the bound of KL (n,) for the smallest step."""

    k: Array
    kl: Array
    w2: Array
    kl_floor: Array
    w2_floor: Array
    bound: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact laws; the same at every quality."""
    A, m = np.diag(EIGENVALUES), np.zeros(2)
    target, start, m0 = np.diag(1 / EIGENVALUES), np.eye(2) / 4, np.array([3.0, 3.0])
    k = np.unique(np.geomspace(1, 30_000, 160).astype(int))
    laws = [[(lmc_mean(A, e, n, m0, m), lmc_covariance(A, e, n, start)) for n in k.tolist()] for e in ETAS]
    kl, w2 = (np.array([[d(*law, m, target) for law in row] for row in laws]) for d in (gaussian_kl, gaussian_w2))
    ends = [lmc_stationary_covariance(A, e) for e in ETAS]
    kl_floor, w2_floor = (np.array([d(m, C, m, target) for C in ends]) for d in (gaussian_kl, gaussian_w2))
    kl0 = gaussian_kl(m0, start, m, target)
    bound = np.array([lsi_lmc_bound(kl0, EIGENVALUES[0], EIGENVALUES[1], 2, ETAS[-1], n) for n in k.tolist()])
    return Data(k, kl, w2, kl_floor, w2_floor, bound)


def draw(data: Data) -> Figure:
    """KL on the left, W₂ on the right."""
    figure = Figure(figsize=(10, 4.6))
    left, right = figure.subplots(1, 2)
    _draw_distance(left, data.k, data.kl, data.kl_floor)
    left.plot(data.k, data.bound, color="black", linestyle=(0, (1, 2)), linewidth=1, marker=".", markevery=12)
    left.set(ylabel=r"KL$(\rho_k \,\|\, \pi)$")
    _draw_distance(right, data.k, data.w2, data.w2_floor)
    right.set(ylabel=r"$W_2(\rho_k, \pi)$")
    right.legend(loc="upper right")
    left.set_title("Kullback-Leibler divergence", loc="left")
    right.set_title("Wasserstein distance", loc="left")
    return figure


def _draw_distance(axes: Axes, k: Array, distance: Array, floor: Array) -> None:
    for eta, curve, end, style in zip(ETAS, distance, floor, ("-", "--", "-."), strict=True):
        axes.axhline(end, color="0.6", linewidth=3.5, alpha=0.6)
        axes.loglog(k, curve, linestyle=style, label=rf"$\eta = {eta}$")
    axes.set(xlabel="iteration $k$")
