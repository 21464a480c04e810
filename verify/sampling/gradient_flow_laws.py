"""Laws on the line, held by nodes and masses: slide "Iterative refinement … MCMC", remarks."""

import numpy as np
import scipy

from refimpl.sampling import gradient_flow
from verify.claims import claim
from verify.evidence import equal, rate
from verify.sampling.gradient_flow import SLIDE, uneven


@claim("S07", slide=SLIDE, source="masses between nodes; midpoint rule")
def laws_carry_the_mass_of_a_density(rng, *, law_of=gradient_flow.law_of):
    r"""m between two nodes ∝ the integral of the density: exactly where it is linear, to order 2 elsewhere."""
    x = np.sort(rng.uniform(0, 1, 9))
    law = law_of(lambda x: 3 + 4 * x, x)
    primitive = 3 * x + 2 * x**2
    yield equal("masses of a linear density", law.mass, np.diff(primitive) / (primitive[-1] - primitive[0]), atol=1e-14)
    yield equal("nodes", law.x, x)
    ns, errors = np.round(np.geomspace(50, 800, 10)).astype(int), []
    for n in ns:
        x = uneven(5, n + 1)
        exact = np.diff(scipy.special.ndtr(x))
        errors.append(np.abs(law_of(lambda x: np.exp(-(x**2) / 2), x).mass - exact / exact.sum()).sum())
    yield rate("error of a Gaussian's masses in n", ns, errors, -2.0)


def normalised(x, mass):
    return gradient_flow.Law(x, mass / mass.sum())


def nodes_in_the_middle(f, x):
    return gradient_flow.law_of(f, x)._replace(x=(x + np.roll(x, 1)) / 2)


def too_heavy(f, x):
    return gradient_flow.Law(x, 1.01 * gradient_flow.law_of(f, x).mass)


laws_carry_the_mass_of_a_density.mutants({
    "density at the left node": lambda f, x: normalised(x, np.diff(x) * f(x[:-1])),
    "even nodes assumed": lambda f, x: normalised(x, f((x[1:] + x[:-1]) / 2)),
    "not normalised": lambda f, x: gradient_flow.Law(x, np.diff(x) * f((x[1:] + x[:-1]) / 2)),
    "geometric mean of the ends": lambda f, x: normalised(x, np.diff(x) * np.sqrt(f(x[1:]) * f(x[:-1]))),
    "nodes moved to the middles": nodes_in_the_middle,
    "1 % too large": too_heavy,
})
