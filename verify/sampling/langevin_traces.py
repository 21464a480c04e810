"""States of chains along the way: slide "Iterative refinement like in optimization: MCMC"."""

import numpy as np

from refimpl.sampling import langevin
from verify.claims import claim
from verify.evidence import equal, mean
from verify.sampling.langevin import SLIDE, chains


@claim("S03", slide=SLIDE, source="Gaussian laws under affine maps; covariances at two times")
def traces_hold_the_chain_at_every_kept_step(rng, *, lmc_trace=langevin.lmc_trace):
    r"""Row j is the chain after j·every steps: gradient steps without noise; on N(0, I) the exact law of three rows."""
    a0, cold = rng.uniform(0.2, 1, (6, 2)), 1e-30
    for k, every in [(12, 1), (12, 4), (13, 4), (7, 7)]:
        path = [a0]
        for _ in range(k):
            path.append(path[-1] - 0.1 * path[-1] ** 2)
        given = a0.copy()
        trace = lmc_trace(lambda a: 0.1 / cold * a**2, given, cold, k, rng, every=every)
        yield equal(f"{k} steps, every {every}th", trace, np.array(path)[::every][: k // every + 1], atol=1e-13)
        yield equal("the start is left alone", given, a0)
    yield equal("every step where nothing is said", lmc_trace(np.zeros_like, a0, 0.1, 3, rng).shape[0], 4)
    yield equal("no steps", lmc_trace(np.zeros_like, a0, 0.1, 0, rng), a0[None])
    n, eta = 200_000, rng.uniform(0.3, 0.6)
    a = np.asarray(lmc_trace(lambda a: a, np.zeros((n, 1)), eta, 6, rng, every=2))[1:, :, 0]
    variance = 2 * eta * np.array([sum((1 - eta) ** (2 * j) for j in range(2 * i)) for i in (1, 2, 3)])
    for i in range(3):
        yield mean(f"E e^(−x²/2), row {i + 1}", np.exp(-(a[i] ** 2) / variance[i] / 2), np.sqrt(0.5), delta=0.02)
    fresh = (a[2] - (1 - eta) ** 4 * a[0]) / np.sqrt(variance[2] - (1 - eta) ** 8 * variance[0])
    yield mean("E e^(−x²/2), row 3 given row 1", np.exp(-(fresh**2) / 2), np.sqrt(0.5), delta=0.02)
    both = (fresh + a[0] / np.sqrt(variance[0])) / np.sqrt(2)
    yield mean("E e^(−x²/2), with row 1", np.exp(-(both**2) / 2), np.sqrt(0.5), delta=0.02)


def traced(keep, restart=False, noise=1.0, default=1):
    """A trace by a plain loop, to be spoilt: keep(path, every), where `every` is `default` when nothing is said."""

    def trace(grad_f, a0, eta, num_steps, rng, every=default):
        path = [a0]
        for _ in range(num_steps):
            z = rng.standard_normal(a0.shape)
            path.append(langevin.lmc_step(grad_f, path[-1], eta, noise * z))
        if restart:
            path = [a0] + [chains(grad_f, a0, eta, k, rng) for k in range(1, num_steps + 1)]
        return np.array(keep(path, every))

    return trace


traces_hold_the_chain_at_every_kept_step.mutants({
    "the start left out": traced(lambda path, every: path[every::every]),
    "one step late": traced(lambda path, every: [path[0], *path[every - 1 :: every]][: (len(path) - 1) // every + 1]),
    "every state": traced(lambda path, every: path),
    "the last state too": traced(lambda path, every: path[::every] + path[-1:]),
    "backwards": traced(lambda path, every: path[::every][::-1]),
    "the last state for all": traced(lambda path, every: [path[0]] + [path[-1]] * ((len(path) - 1) // every)),
    "each row a new run": traced(lambda path, every: path[::every], restart=True),
    "noise 3 % too large": traced(lambda path, every: path[::every], noise=1.03),
    "every 10th where nothing is said": traced(lambda path, every: path[::every], default=10),
})
