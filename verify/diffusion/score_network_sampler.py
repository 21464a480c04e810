"""What linear score networks sample, whose laws are known."""

import copy
from itertools import pairwise

import numpy as np
import scipy

from refimpl.backpropagation.activations import identity
from refimpl.backpropagation.layers import Layer, Network
from refimpl.diffusion.score_network import ScoreNetwork
from refimpl.diffusion.score_network_sampler import sample_network
from refimpl.diffusion.sde import sub_vp, vp
from verify.claims import claim
from verify.evidence import distribution, equal

SLIDE = "Joint training of the score network"


@claim("D16", slide=SLIDE, source="Ho & Salimans 2022, Algorithm 2; recursions of affine maps")
def linear_networks_sample_known_gaussians(rng, *, sample_network=sample_network):
    r"""With F linear each reverse step is affine: the samples' law is N(m, v), guided or not, label by label.

    Large biases put m many standard deviations from 0, where a percent of it, or of w, is seen.
    """
    for process, told in ((vp(), [0.2]), (sub_vp(), [])):
        slope, time, w = rng.uniform(-0.5, 0.5), rng.uniform(20, 40), rng.uniform(0.3, 1.5)
        shifts = rng.uniform(20, 40, 3) * rng.choice([-1, 1], 3)
        W = np.array([[slope, time, *shifts]])
        h = ScoreNetwork(Network((Layer(W, np.zeros(1)),), identity), process, 0, 3)
        y, num_steps, end = np.repeat([2, 0, -1], 3000), 8, (told or [1e-3])[0]
        a = sample_network(h, len(y), num_steps, rng, y, w, *told)
        yield equal(f"{process.name}: samples that repeat others", len(a) - len(np.unique(a)), 0)
        times = np.linspace(1, end, num_steps + 1)
        for label in (2, 0, -1):
            m, v = 0.0, process.kernel(1.0)[1] ** 2
            for t, t_next in pairwise(times):
                dt = t - t_next
                (scale, std), beta, g2 = process.kernel(t), 0.1 + 19.9 * t, process.diffusion(t) ** 2
                c = np.hypot(scale, std)
                shift = (time * t + (1 + w) * (shifts[label] if label >= 0 else 0.0)) * scale / (c * std)
                pull = slope / c * scale / (c * std) - 1 / c**2
                m, v = m + (beta / 2 * m + g2 * (pull * m + shift)) * dt, v * (1 + (beta / 2 + g2 * pull) * dt) ** 2
                v += g2 * dt
            law = scipy.stats.norm(m, np.sqrt(v))
            yield distribution(f"{process.name}: label {label}", a[y == label, 0], law.cdf, delta=0.15)


linear_networks_sample_known_gaussians.mutants({
    "w for 1 + w": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(h, n, steps, rng, y, w - 1, end),
    "1 % too large": lambda h, n, steps, rng, y, w, end=1e-3: 1.01 * sample_network(h, n, steps, rng, y, w, end),
    "w 1 % too large": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(h, n, steps, rng, y, 1.01 * w, end),
    "no guidance": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(h, n, steps, rng, y, 0.0, end),
    "labels left out": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(h, n, steps, rng, 0 * y - 1, w, end),
    "stops at 1e-3": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(h, n, steps, rng, y, w),
    "stops at 1e-2 unless told": lambda h, n, steps, rng, y, w, end=1e-2: sample_network(h, n, steps, rng, y, w, end),
    "half the steps": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(h, n, steps // 2, rng, y, w, end),
    "the same noise for all blocks": lambda h, n, steps, rng, y, w, end=1e-3: np.concatenate([
        sample_network(h, n // 9, steps, copy.deepcopy(rng), part, w, end) for part in np.split(y, 9)
    ]),
    "the first block's labels for all": lambda h, n, steps, rng, y, w, end=1e-3: sample_network(
        h, n, steps, rng, np.resize(y[:256], n), w, end
    ),
})
