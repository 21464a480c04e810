"""Adversarial risk of linear models and its gradient: slide "Robustness examples in ML" and the one before it."""

import itertools

import autograd
import autograd.numpy as np

from refimpl.robustness import adversarial, duality, linear_models
from refimpl.robustness.linear_models import hinge, logistic
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.robustness.adversarial import NORMS, SLIDE, step_with
from verify.robustness.adversarial_projected import loop_with

LOSSES = {"logistic": lambda m: np.log1p(np.exp(-m)), "hinge": lambda m: np.maximum(0.0, 1.0 - m)}
P, N = 4, 12


def corners(norm):
    """Points of the unit ball among which a linear function has its maximum."""
    return (
        np.array(list(itertools.product([-1.0, 1.0], repeat=P)))
        if norm == "inf"
        else np.concatenate([np.eye(P), -np.eye(P)])
    )


def margins(x, a, b, eps, norm):
    """The least margins: over all corners, or for ℓ₂ by Cauchy and Schwarz."""
    if norm == "2":
        return b * np.dot(a, x) - eps * np.sqrt(np.sum(x * x))
    return np.min(b[:, None] * np.dot(a[:, None] + eps * corners(norm), x), axis=1)


def instance(rng):
    """Weights, inputs, labels and a radius."""
    x, a = rng.standard_normal(P), rng.standard_normal((N, P))
    return x, a, rng.choice([-1.0, 1.0], N), rng.uniform(0.05, 0.4)


@claim(
    "R01",
    slide="Recall: from empirical risk minimization to minimax optimization",
    source="Madry et al. 2018; Hölder's inequality",
)
def the_worst_risk_of_a_linear_model_is_exact(
    rng,
    *,
    robust_margins=linear_models.robust_margins,
    worst_inputs=linear_models.worst_inputs,
    adversarial_risk=linear_models.adversarial_risk,
):
    r"""max over ‖η‖ ≤ ε of ℓ(b⟨x, a + η⟩) is ℓ(b⟨x, a⟩ − ε‖x‖_*): −ε‖x‖₁ for ℓ∞, −ε‖x‖₂ for ℓ₂, −ε‖x‖_∞ for ℓ₁.

    Against all corners of the ball (ℓ∞, ℓ₁); random points of it, of all three, do no worse. ε = 0 is empirical risk.
    """
    x, a, b, eps = instance(rng)
    error = rounding(64, 8 + np.abs(x).sum())
    directions = rng.standard_normal((300, P))
    for norm, number in NORMS.items():
        least = margins(x, a, b, eps, norm)
        yield equal(f"ℓ{norm}: margins", robust_margins(x, a, b, eps, number), least, atol=error)
        worst = np.asarray(worst_inputs(x, a, b, eps, norm))
        yield equal(f"ℓ{norm}: margins of the worst inputs", b * (worst @ x), least, atol=error)
        yield equal(f"ℓ{norm}: ‖η‖", np.linalg.norm(worst - a, number, axis=-1), eps, atol=error)
        other = a[:, None] + eps * directions / np.linalg.norm(directions, number, axis=-1)[:, None]
        yield at_least(f"ℓ{norm}: others", (b * (other @ x).T).min(0), least, slack=error, resolution=4 * eps)
        for loss in (logistic, hinge):
            mean = LOSSES[loss.name](least).mean()
            yield equal(f"ℓ{norm}, {loss.name}", adversarial_risk(loss, x, a, b, eps, norm), mean, atol=error)
            clean = LOSSES[loss.name](b * (a @ x)).mean()
            yield equal(f"{loss.name}: empirical risk", adversarial_risk(loss, x, a, b, 0.0, norm), clean, atol=error)
    yield equal("by default", robust_margins(x, a, b, eps), margins(x, a, b, eps, "inf"), atol=error)
    yield equal("by default", worst_inputs(x, a, b, eps), a - eps * b[:, None] * np.sign(x), atol=error)
    far = adversarial_risk(logistic, 1e3 * x, a, b, 9.0)
    yield equal("margins beyond exp", far, -robust_margins(1e3 * x, a, b, 9.0).mean(), rtol=1e-12)


def margins_with(change):
    """Least margins with other arguments."""
    return lambda x, a, b, eps, norm="inf": linear_models.robust_margins(*change(x, a, b, eps, norm))


def inputs_with(change):
    """Worst inputs with other arguments."""
    return lambda x, a, b, eps, norm="inf": linear_models.worst_inputs(*change(x, a, b, eps, norm))


def of_dual(norm):
    """ℓ₁ for ℓ∞ and the other way round."""
    return {"inf": "1", "1": "inf"}.get(str(norm), norm)


def of_one_attack(loss, x, a, b, eps, norm="inf"):
    """The mean loss under one perturbation for all inputs, the one that hurts the commoner label."""
    shift = eps * np.sign(b.sum() or 1.0) * duality.dual_norm(x, norm)
    return loss.value(b * (a @ x - shift)).mean()


def hinge_at_0(loss, x, a, b, eps, norm="inf"):
    """The risk with max(0, −m) for the hinge."""
    m = linear_models.robust_margins(x, a, b, eps, norm)
    return np.maximum(0, -m).mean() if loss.name == "hinge" else loss.value(m).mean()


the_worst_risk_of_a_linear_model_is_exact.mutants(
    {
        "norm and dual norm swapped": margins_with(lambda x, a, b, eps, norm: (x, a, b, eps, of_dual(norm))),
        "Euclidean always": margins_with(lambda x, a, b, eps, norm: (x, a, b, eps, 2)),
        "the attack helps": lambda x, a, b, eps, norm="inf": b * (a @ x) + eps * duality.dual_norm(x, norm),
        "label on the attack's cost": lambda x, a, b, eps, norm="inf": b * (a @ x - eps * duality.dual_norm(x, norm)),
        "radius 1 % too large": margins_with(lambda x, a, b, eps, norm: (x, a, b, 1.01 * eps, norm)),
        "twice the radius": margins_with(lambda x, a, b, eps, norm: (x, a, b, 2 * eps, norm)),
        "another default": lambda x, a, b, eps, norm="2": linear_models.robust_margins(x, a, b, eps, norm),
    },
    replaces="robust_margins",
)
the_worst_risk_of_a_linear_model_is_exact.mutants(
    {
        "norm and dual norm swapped": inputs_with(lambda x, a, b, eps, norm: (x, a, b, eps, of_dual(norm))),
        "Euclidean always": inputs_with(lambda x, a, b, eps, norm: (x, a, b, eps, 2)),
        "the attack helps": inputs_with(lambda x, a, b, eps, norm: (-x, a, b, eps, norm)),
        "label left out of the attack": inputs_with(lambda x, a, b, eps, norm: (x, a, b * b, eps, norm)),
        "radius 1 % too large": inputs_with(lambda x, a, b, eps, norm: (x, a, b, 1.01 * eps, norm)),
        "twice the radius": inputs_with(lambda x, a, b, eps, norm: (x, a, b, 2 * eps, norm)),
        "another default": lambda x, a, b, eps, norm="2": linear_models.worst_inputs(x, a, b, eps, norm),
    },
    replaces="worst_inputs",
)
the_worst_risk_of_a_linear_model_is_exact.mutants(
    {
        "sum in place of the mean": lambda loss, x, a, b, eps, norm="inf": (
            len(a) * linear_models.adversarial_risk(loss, x, a, b, eps, norm)
        ),
        "one worst input for all: max of the mean": of_one_attack,
        "loss of the mean margin": lambda loss, x, a, b, eps, norm="inf": loss.value(
            linear_models.robust_margins(x, a, b, eps, norm).mean()
        ),
        "exponential that overflows": lambda loss, x, a, b, eps, norm="inf": LOSSES[loss.name](
            linear_models.robust_margins(x, a, b, eps, norm)
        ).mean(),
        "hinge at 0": hinge_at_0,
        "attack left out": lambda loss, x, a, b, eps, norm="inf": linear_models.adversarial_risk(
            loss, x, a, b, 0.0, norm
        ),
    },
    replaces="adversarial_risk",
)


@claim("R01", slide=SLIDE, source="Danskin 1967; Madry et al. 2018, Appendix A")
def the_gradient_of_the_worst_risk_is_that_at_the_worst_inputs(
    rng, *, adversarial_gradient=linear_models.adversarial_gradient
):
    r"""∇ₓ max_η L(x, η) = ∇ₓL(x, η*): against automatic differentiation of the maximum over all corners of the ball.

    A step against it lowers the worst risk; it is not the gradient at the clean inputs.
    """
    x, a, b, eps = instance(rng)
    for norm, number in NORMS.items():
        for loss in (logistic, hinge):
            risk = lambda x, norm=norm, loss=loss: np.mean(LOSSES[loss.name](margins(x, a, b, eps, norm)))  # noqa: E731
            expected = autograd.grad(risk)(x)
            found = np.asarray(adversarial_gradient(loss, x, a, b, eps, number))
            yield equal(f"ℓ{norm}, {loss.name}", found, expected, atol=rounding(256, 8.0))
            lower = risk(x - 1e-4 * found) - risk(x) + 0.5e-4 * (found @ found)
            yield at_most(f"ℓ{norm}, {loss.name}: descent", lower, 0.0, slack=1e-7, resolution=1.0)
    default = adversarial_gradient(logistic, x, a, b, eps)
    yield equal("by default", default, adversarial_gradient(logistic, x, a, b, eps, "inf"))
    clean = autograd.grad(lambda x: np.mean(LOSSES["logistic"](b * np.dot(a, x))))(x)
    yield equal("ε = 0", adversarial_gradient(logistic, x, a, b, 0.0), clean, atol=rounding(64, 4.0))


def gradient_at(inputs, margin=None):
    """The gradient at other inputs, with slopes at other margins."""

    def gradient(loss, x, a, b, eps, norm="inf"):
        worst = inputs(x, a, b, eps, norm)
        m = b * (worst @ x) if margin is None else margin(x, a, b, eps, norm)
        return (loss.slope(m) * b) @ worst / len(a)

    return gradient


the_gradient_of_the_worst_risk_is_that_at_the_worst_inputs.mutants({
    "at the clean inputs": gradient_at(lambda x, a, b, eps, norm: a),
    "slopes at the clean margins": gradient_at(linear_models.worst_inputs, lambda x, a, b, eps, norm: b * (a @ x)),
    "clean inputs, slopes at the worst margins": gradient_at(
        lambda x, a, b, eps, norm: a, linear_models.robust_margins
    ),
    "the attack helps": gradient_at(lambda x, a, b, eps, norm: linear_models.worst_inputs(x, a, -b, eps, norm)),
    "attack differentiated: η counted twice": gradient_at(
        lambda x, a, b, eps, norm: linear_models.worst_inputs(x, a, b, 2 * eps, norm), linear_models.robust_margins
    ),
    "radius 1 % too large": gradient_at(
        lambda x, a, b, eps, norm: linear_models.worst_inputs(x, a, b, 1.01 * eps, norm),
        linear_models.robust_margins,
    ),
    "sign whatever the norm": gradient_at(lambda x, a, b, eps, norm: linear_models.worst_inputs(x, a, b, eps)),
    "sum": lambda loss, x, a, b, eps, norm="inf": len(a) * linear_models.adversarial_gradient(loss, x, a, b, eps, norm),
    "ascent": lambda loss, x, a, b, eps, norm="inf": -linear_models.adversarial_gradient(loss, x, a, b, eps, norm),
    "another default": lambda loss, x, a, b, eps, norm="2": linear_models.adversarial_gradient(
        loss, x, a, b, eps, norm
    ),
})


@claim("R01", slide=SLIDE, source="Goodfellow, Shlens & Szegedy 2015; Madry et al. 2018")
def attacks_attain_the_worst_risk_of_linear_models(rng, *, fgsm=adversarial.fgsm, pgd=adversarial.pgd):
    r"""FGSM (ℓ∞) and its ℓ₂ step reach the exact worst loss of a linear model, and PGD does when its steps reach ε."""
    x, a, b, eps = instance(rng)
    slope = lambda z: (-b / (1 + np.exp(b * (z @ x))))[:, None] * x  # noqa: E731
    for norm in ("inf", "2"):
        worst = LOSSES["logistic"](margins(x, a, b, eps, norm))
        for name, found in {
            "FGSM": fgsm(slope, a, eps, norm),
            "PGD": pgd(slope, a, eps, eps / 3, 10, norm),
        }.items():
            reached = LOSSES["logistic"](b * (np.asarray(found) @ x))
            yield equal(f"ℓ{norm}, {name}: loss", reached, worst, atol=rounding(256, 8.0))


attacks_attain_the_worst_risk_of_linear_models.mutants(
    {
        "descends": step_with(lambda grad, a, norm: -duality.steepest_direction(grad(a), norm)),
        "along the gradient itself": step_with(lambda grad, a, norm: grad(a)),
        "sign whatever the norm": step_with(lambda grad, a, norm: np.sign(grad(a))),
    },
    replaces="fgsm",
)

attacks_attain_the_worst_risk_of_linear_models.mutants(
    {
        "steps along the gradient itself": loop_with(direction=lambda grad, z, a, norm: grad(z)),
        "around the previous iterate": loop_with(centre=lambda a, z: z),
        "radius 1 % too small": loop_with(radius=lambda eps: 0.99 * eps),
    },
    replaces="pgd",
)
