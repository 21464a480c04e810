"""Attacks on small ReLU networks beside the exact worst case and its gradient: slide "Robustness examples in ML"."""

import numpy as np

from refimpl.backpropagation.layers import flatten, sizes_of, unflatten
from refimpl.backpropagation.mlp import backward, forward, vjp
from refimpl.robustness import adversarial, worst_case_milp
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.robustness.adversarial import SLIDE, step_with
from verify.robustness.adversarial_projected import loop_with
from verify.robustness.worst_case_milp import at_point, best_corner, random_network


@claim("R01", slide=SLIDE, source="Madry et al. 2018; Tjeng, Xiao & Tedrake 2019; products of norms")
def attacks_fall_short_of_the_worst_case_and_the_lipschitz_bound_overshoots(
    rng, *, fgsm=adversarial.fgsm, pgd=adversarial.pgd, exact=worst_case_milp.worst_case
):
    r"""On ReLU networks h(PGD) ≥ min h(a + η) ≥ h(a) − ε Π‖W_l‖: attacks fall short of the worst, the bound overshoots.

    Each is attained on some networks and not on all; over thirty of them PGD finds most of the margin that can be lost.
    """
    lost = {"FGSM": [], "PGD": [], "exact": [], "bound": []}
    for _ in range(30):
        h, a, eps = random_network(rng, 3, 6, 1), rng.standard_normal(3), rng.uniform(0.2, 1.0)
        grad = lambda z, h=h: -vjp(h, z, np.ones((*z.shape[:-1], 1)))  # noqa: E731
        at = {
            "FGSM": fgsm(grad, a, eps),
            "PGD": pgd(grad, a, eps, eps / 8, 40),
            "exact": exact(h, a, eps).a,
        }
        for name, z in at.items():
            yield at_most(f"{name}: ‖η‖", np.abs(z - a).max(), eps, slack=rounding(16, 8), resolution=1.0)
            lost[name].append((forward(h, a) - forward(h, z))[0])
        lost["bound"].append(eps * np.prod([np.linalg.norm(W, np.inf) for W, _ in h.layers]))
    lost = {name: np.array(values) for name, values in lost.items()}
    yield at_most("exact: margin lost", lost["exact"], lost["bound"], slack=1e-9, tight=0.9)
    for name in ("FGSM", "PGD"):
        yield at_most(f"{name}: margin lost", lost[name], lost["exact"], slack=1e-4, tight=1e-6)
        share = lost[name].sum() / lost["exact"].sum()
        yield at_least(f"{name}: share of the exact margin lost", share, 0.5, resolution=0.5)


attacks_fall_short_of_the_worst_case_and_the_lipschitz_bound_overshoots.mutants(
    {
        "descends": step_with(lambda grad, a, norm: -np.sign(grad(a))),
        "twice as long": step_with(lambda grad, a, norm: np.sign(grad(a)), lambda eps, a: 2 * eps),
    },
    replaces="fgsm",
)

attacks_fall_short_of_the_worst_case_and_the_lipschitz_bound_overshoots.mutants(
    {
        "around the previous iterate": loop_with(centre=lambda a, z: z),
        "descends": loop_with(direction=lambda grad, z, a, norm: -np.sign(grad(z))),
        "radius 1 % too large": loop_with(radius=lambda eps: 1.01 * eps),
    },
    replaces="pgd",
)


attacks_fall_short_of_the_worst_case_and_the_lipschitz_bound_overshoots.mutants(
    {"the best of the corners only": best_corner}, replaces="exact"
)


@claim("R01", slide=SLIDE, source="Danskin 1967; Madry et al. 2018, Appendix A")
def the_gradient_of_the_worst_case_is_that_at_the_worst_input(rng, *, exact=worst_case_milp.worst_case):
    r"""∂ₓ min_η h_x(a + η) = ∇ₓh_x(a + η*) by backpropagation at η*, against differences of the minimum itself.

    Measured where Danskin's theorem applies: the worst input is the same for all those x, and no neuron is near its
    kink there.
    """
    slopes, clean, measured = [], [], []
    for _ in range(200):
        h, a, eps = random_network(rng, 2, 4, 1), rng.standard_normal(2), rng.uniform(0.3, 0.8)
        z = exact(h, a, eps).a
        x, shape, v = flatten(h.layers), sizes_of(h.layers), rng.standard_normal(len(flatten(h.layers)))
        ends = [exact(h._replace(layers=unflatten(x + s * v, shape)), a, eps) for s in (1e-5, -1e-5)]
        if np.abs(next(at_point(h, z))).min() < 0.01 or np.ptp([z, *(end.a for end in ends)], axis=0).max() > 1e-9:
            continue
        slopes.append(flatten(backward(h, z, np.ones(1)).layers) @ v)
        clean.append(flatten(backward(h, a, np.ones(1)).layers) @ v)
        measured.append((ends[0].value - ends[1].value) / 2e-5)
        if len(slopes) == 12:
            break
    yield equal("networks on which the theorem applies", len(slopes), 12)
    yield equal("directional derivatives", slopes, measured, atol=1e-6)
    yield at_least("the clean gradient is another", np.ptp(np.subtract(clean, measured)), 0.1, resolution=1e3)


def changed(change):
    """The exact worst case, changed."""
    return lambda h, a, eps, bounds=None: change(worst_case_milp.worst_case(h, a, eps, bounds), h, a)


the_gradient_of_the_worst_case_is_that_at_the_worst_input.mutants({
    "the clean input": changed(lambda found, h, a: found._replace(a=a)),
    "the opposite input": changed(lambda found, h, a: found._replace(a=2 * a - found.a)),
    "value 1 % too large": changed(lambda found, h, a: found._replace(value=1.01 * found.value)),
    "value of the clean input": changed(lambda found, h, a: found._replace(value=float(forward(h, a)[0]))),
})
