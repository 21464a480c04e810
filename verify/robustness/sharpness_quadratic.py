"""The worst perturbation of the parameters of a quadratic loss: slide "Robustness examples in ML"."""

import numpy as np

from refimpl.robustness import sharpness
from refimpl.robustness.sharpness import Maximum
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.robustness.sharpness import SLIDE


def largest_by_eigenvalue(H, g, eps):
    """The maximum on the sphere: its multiplier is the largest real eigenvalue of [[H, ggᵀ/ε²], [I, H]]."""
    values = np.linalg.eigvals(np.block([[H, np.outer(g, g) / eps**2], [np.eye(len(g)), H]]))
    mu = values[np.abs(values.imag) < 1e-6 * np.abs(values).max()].real.max()
    return (mu * eps**2 + g @ np.linalg.solve(mu * np.eye(len(g)) - H, g)) / 2


@claim("R02", slide=SLIDE, source="Adachi, Iwata, Nakatsukasa & Takeda 2017; Conn, Gould & Toint 2000, Section 7.3")
def the_worst_perturbation_of_a_quadratic_solves_a_trust_region_problem(
    rng, *, quadratic_maximum=sharpness.quadratic_maximum
):
    r"""max of ⟨g, η⟩ + ½ηᵀHη on ‖η‖₂ ≤ ε, H of any signs, against an eigenvalue of a 2d × 2d matrix.

    Inside the ball it is −½gᵀH⁻¹g (H negative definite). In the hard case g is orthogonal to the first eigenvectors,
    and part of η lies along these.
    """
    for shift in (-3.0, 0.0, 2.0):
        A, g, eps = rng.standard_normal((5, 5)), rng.standard_normal(5), rng.uniform(0.3, 1.0)
        H = (A + A.T) / 2 + shift * np.eye(5)
        inner = -np.linalg.solve(H, g)
        inside = np.linalg.eigvalsh(H)[-1] < 0 and np.linalg.norm(inner) < eps
        best = g @ inner / 2 if inside else largest_by_eigenvalue(H, g, eps)
        yield from judged(f"H + {shift}", quadratic_maximum(H, g, eps), H, g, eps, best)
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    H, c = (Q * [3.0, 3.0, 1.0, -2.0]) @ Q.T, np.array([0.0, 0.0, 1.5, -2.0])
    for eps in (0.9, 2.0):  # c/(3 − λ) = (¾, −⅖) has norm .85
        best = 1.5 * 0.75 / 2 + 2.0 * 0.4 / 2 + 3 * eps**2 / 2
        yield from judged("hard case", quadratic_maximum((H + H.T) / 2, Q @ c, eps), H, Q @ c, eps, best)
    H = -(Q * [1.0, 2.0, 3.0, 4.0]) @ Q.T
    best = (0.5**2 / 3 + 1.0 / 4) / 2
    found = quadratic_maximum((H + H.T) / 2, Q @ [0.0, 0.0, 0.5, 1.0], 3.0)
    yield from judged("inside", found, H, Q @ [0.0, 0.0, 0.5, 1.0], 3.0, best)
    yield equal("no loss at all", quadratic_maximum(np.zeros((2, 2)), np.zeros(2), 1.0).value, 0.0)
    yield equal("at a maximum", quadratic_maximum(-np.diag([1.0, 4.0]), np.zeros(2), 0.5).value, 0.0)
    found = quadratic_maximum(np.diag([1.0, 4.0]), np.zeros(2), 0.5)
    yield equal("at a minimum: ½λε² along the sharpest direction", np.abs([found.value, *found.eta]), [0.5, 0.0, 0.5])


def judged(what, found, H, g, eps, best):
    """The value is the best, is that of η, and η lies in the ball."""
    error = rounding(4096, 1 + abs(best))
    yield equal(f"{what}: value", found.value, best, atol=error)
    yield equal(f"{what}: value at η", g @ found.eta + found.eta @ H @ found.eta / 2, best, atol=error)
    yield at_most(f"{what}: ‖η‖", np.linalg.norm(found.eta), eps, slack=1e-12, resolution=4.0)


def at(H, g, eta):
    """A perturbation with its value."""
    return Maximum(float(g @ eta + eta @ H @ eta / 2), eta)


def stretched_to_the_sphere(H, g, eps):
    """The true perturbation, made as long as the ball allows."""
    eta = sharpness.quadratic_maximum(H, g, eps).eta
    return at(H, g, eps * eta / max(np.linalg.norm(eta), 1e-300))


def hard_case_forgotten(H, g, eps):
    """The true perturbation without its part along the first eigenvectors, where the gradient has none."""
    l, Q = np.linalg.eigh(H)
    first = Q[:, l > l[-1] - 1e-9]
    eta = sharpness.quadratic_maximum(H, g, eps).eta
    return at(H, g, eta - first @ (first.T @ eta) * (np.abs(g @ Q[:, -1]) < 1e-9))


def larger(found):
    """The same perturbation with another value."""
    return found._replace(value=1.01 * found.value)


the_worst_perturbation_of_a_quadratic_solves_a_trust_region_problem.mutants({
    "SAM's step": lambda H, g, eps: at(H, g, sharpness.sam_perturbation(g, eps)),
    "the minimum": lambda H, g, eps: at(H, g, sharpness.quadratic_maximum(-H, -g, eps).eta),
    "the Hessian twice": lambda H, g, eps: sharpness.quadratic_maximum(2 * H, g, eps),
    "always on the sphere": stretched_to_the_sphere,
    "hard case forgotten": hard_case_forgotten,
    "along the sharpest direction": lambda H, g, eps: at(H, g, eps * np.linalg.eigh(H)[1][:, -1]),
    "radius 1 % too large": lambda H, g, eps: sharpness.quadratic_maximum(H, g, 1.01 * eps),
    "value 1 % too large": lambda H, g, eps: larger(sharpness.quadratic_maximum(H, g, eps)),
    "the wrong sign of η": lambda H, g, eps: sharpness.quadratic_maximum(H, -g, eps),
})


@claim("R02", slide=SLIDE, source="expansion of the multiplier in ε")
def sams_one_step_misses_the_worst_loss_by_the_cube_of_the_radius(
    rng, *, quadratic_maximum=sharpness.quadratic_maximum, sam_perturbation=sharpness.sam_perturbation
):
    r"""On ⟨g, η⟩ + ½ηᵀHη SAM's η falls short by ε³‖PHs‖²/(2‖g‖) to first order, s = g/‖g‖ and P = I − ssᵀ.

    So its perturbation is the worst one to order ε, and its loss to order ε².
    """
    H, g, eps = np.diag([1.0, 4.0, -2.0]), rng.choice([-1.0, 1.0], 3) * rng.uniform(1, 2, 3), 1e-3
    s, eta = g / np.linalg.norm(g), sam_perturbation(g, eps)
    short = quadratic_maximum(H, g, eps).value - g @ eta - eta @ H @ eta / 2
    aside = H @ s - (s @ H @ s) * s
    yield equal("shortfall / ε³", short / eps**3, aside @ aside / (2 * np.linalg.norm(g)), rtol=0.02)


sams_one_step_misses_the_worst_loss_by_the_cube_of_the_radius.mutants(
    {
        "SAM's step": lambda H, g, eps: at(H, g, sharpness.sam_perturbation(g, eps)),
        "radius 1 % too large": lambda H, g, eps: sharpness.quadratic_maximum(H, g, 1.01 * eps),
    },
    replaces="quadratic_maximum",
)
sams_one_step_misses_the_worst_loss_by_the_cube_of_the_radius.mutants(
    {
        "1 % too short": lambda g, eps: 0.99 * sharpness.sam_perturbation(g, eps),
        "sign of g": lambda g, eps: eps * np.sign(g) / np.sqrt(len(g)),
    },
    replaces="sam_perturbation",
)
