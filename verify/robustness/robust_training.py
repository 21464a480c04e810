"""Adversarial training, step by step: slide "Robustness examples in ML"."""

import autograd
import autograd.numpy as np

from refimpl.backpropagation import activations
from refimpl.backpropagation.layers import Layer, Network, flatten, sizes_of, unflatten
from refimpl.backpropagation.mlp import forward
from refimpl.robustness import robust_training as training
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.networks.hessian import loss
from verify.probes import unchanged
from verify.robustness.adversarial import SLIDE

MADRY = "Madry et al. 2018"
P, K = 4, 3
SHAPES = [(5, P), (K, 5)]


def objective(x, a, y):
    """Mean cross-entropy of a small network of tanh whose parameters stand layer by layer in x, by NumPy alone."""
    W = np.concatenate([x[: 5 * P], x[5 * P + 5 : 5 * P + 5 + 5 * K]])
    return loss(W, SHAPES, "tanh", a, y, [x[5 * P : 5 * P + 5], x[-K:]])


def problem(rng, n=12):
    """A small network whose outputs have the mean 0, so that many answers are close, inputs in [0, 1] and labels."""
    first, last = (Layer(rng.standard_normal(s), rng.standard_normal(s[0])) for s in SHAPES)
    h, a = Network((first, last), activations.tanh), rng.uniform(0, 1, (n, P))
    centred = last._replace(b=last.b - forward(h, a).mean(axis=0))
    return h._replace(layers=(first, centred)), a, rng.integers(0, K, n)


def attacked(x, a, y, eps, num_steps, norm):
    """The attack by displacements, with automatic differentiation's gradients."""
    z = a
    for _ in range(num_steps if eps else 0):
        g = autograd.grad(objective, 1)(x, z, y)
        if norm == "inf":
            moved = np.clip(z - a + 2.5 * eps / num_steps * np.sign(g), -eps, eps)
        else:
            moved = z - a + 2.5 * eps / num_steps * g / np.linalg.norm(g, axis=1, keepdims=True)
            moved = moved / np.maximum(1, np.linalg.norm(moved, axis=1, keepdims=True) / eps)
        z = np.clip(a + moved, 0, 1)
    return z


@claim("R03", slide=SLIDE, source=f"{MADRY}, Section 2.1; automatic differentiation")
def attacks_climb_the_loss_within_ball_and_pixels(
    rng, *, input_gradient=training.input_gradient, attack=training.attack, withstands=training.withstands
):
    r"""The gradient in inputs is automatic differentiation's; k steps of 2.5ε/k each; pixels stay in [0, 1]."""
    h, a, y = problem(rng, 40)
    x = flatten(h.layers)
    gradient = autograd.grad(objective, 1)(x, a, y)
    yield equal("∇ₐL", input_gradient(h, y)(a), gradient, atol=rounding(256))
    for norm, eps in (("inf", 0.2), ("2", 0.5), (2, 0.3), (np.inf, 0.0)):
        for num_steps in (1, 4):
            expected = attacked(x, a, y, eps, num_steps, "2" if norm in ("2", 2) else "inf")
            yield equal(f"ℓ{norm}, {num_steps} steps", attack(h, a, y, eps, num_steps, norm), expected, atol=1e-9)
            right = np.argmax(np.asarray(forward(h, expected)), axis=1) == y
            yield equal(f"ℓ{norm}, {num_steps} steps: right", withstands(h, a, y, eps, num_steps, norm), right)
    yield equal("by default", attack(h, a, y, 0.1), attacked(x, a, y, 0.1, 20, "inf"), atol=1e-9)
    yield equal("by default, ℓ₂", attack(h, a, y, 0.5, norm=2), attacked(x, a, y, 0.5, 20, "2"), atol=1e-9)
    right = np.argmax(np.asarray(forward(h, attacked(x, a, y, 0.1, 20, "inf"))), axis=1) == y
    yield equal("by default: right", withstands(h, a, y, 0.1), right)
    yield from unchanged("attack", lambda a: attack(h, a, y, 0.1), a)


attacks_climb_the_loss_within_ball_and_pixels.mutants(
    {
        "labels of a neighbour": lambda h, labels: training.input_gradient(h, np.roll(labels, 1)),
        "downhill": lambda h, labels: lambda a: -training.input_gradient(h, labels)(a),
        "sum in place of the mean": lambda h, labels: lambda a: len(a) * training.input_gradient(h, labels)(a),
        "stale: at the first inputs seen": lambda h, labels: lambda a: training.input_gradient(h, labels)(np.round(a)),
    },
    replaces="input_gradient",
)


def attack_with(change):
    """The attack with other arguments."""
    return lambda h, a, labels, eps, num_steps=20, norm="inf": training.attack(
        *change(h, a, labels, eps, num_steps, norm)
    )


def unchanged_answers(h, a, labels, eps, num_steps=20, norm="inf"):
    """Which answers the attack does not change."""
    worst = training.attack(h, a, labels, eps, num_steps, norm)
    return forward(h, worst).argmax(axis=1) == forward(h, a).argmax(axis=1)


attacks_climb_the_loss_within_ball_and_pixels.mutants(
    {
        "radius 1 % too large": attack_with(lambda h, a, y, eps, k, norm: (h, a, y, 1.01 * eps, k, norm)),
        "one step more": attack_with(lambda h, a, y, eps, k, norm: (h, a, y, eps, k + 1, norm)),
        "sign whatever the norm": attack_with(lambda h, a, y, eps, k, norm: (h, a, y, eps, k, "inf")),
        "labels of a neighbour": attack_with(lambda h, a, y, eps, k, norm: (h, a, np.roll(y, 1), eps, k, norm)),
        "inputs rounded first": attack_with(lambda h, a, y, eps, k, norm: (h, np.round(a, 2), y, eps, k, norm)),
        "another number of steps by default": lambda h, a, labels, eps, num_steps=10, norm="inf": training.attack(
            h, a, labels, eps, num_steps, norm
        ),
    },
    replaces="attack",
)
attacks_climb_the_loss_within_ball_and_pixels.mutants(
    {
        "without an attack": lambda h, a, labels, eps, num_steps=20, norm="inf": training.withstands(h, a, labels, 0.0),
        "those that fall": lambda h, a, labels, eps, num_steps=20, norm="inf": (
            ~training.withstands(h, a, labels, eps, num_steps, norm)
        ),
        "the answer unchanged, right or wrong": unchanged_answers,
    },
    replaces="withstands",
)


@claim("R03", slide=SLIDE, source=f"{MADRY}; Danskin 1967; Kingma & Ba 2015")
def adversarial_training_descends_at_the_attacked_batch(rng, *, train=training.adversarial_training):
    r"""Parameters after k steps of Adam, each on a batch attacked anew at the present ones; ε = 0 is plain Adam."""
    h, a, y = problem(rng, 20)
    seed, steps = int(rng.integers(2**32)), 4
    for eps, options in (
        (0.1, {"step": 0.05, "batch": 6, "num_steps": 3, "norm": "2"}),
        (0.2, {"batch": 7, "step": 0.1}),
        (0.0, {"batch": 5, "step": 0.1}),
        (0.05, {}),
    ):
        found = train(h, a, y, eps, np.random.default_rng(seed), steps, **options)
        draw, alpha, batch = np.random.default_rng(seed), options.get("step", 2e-3), options.get("batch", 100)
        x = flatten(h.layers)
        m = v = np.zeros_like(x)
        for t in range(1, steps + 1):
            i = draw.integers(len(y), size=batch)
            z = attacked(x, a[i], y[i], eps, options.get("num_steps", 5), options.get("norm", "inf"))
            g = autograd.grad(objective)(x, z, y[i])
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            x = x - alpha * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        yield equal(f"ε = {eps}, {options}", flatten(found.layers), x, atol=1e-6)
    yield from unchanged("training", lambda *parts: train(*as_problem(h, *parts), 0.1, rng, 2), flatten(h.layers), a)


def as_problem(h, x, a):
    """The network with other parameters, inputs and labels 0."""
    return h._replace(layers=unflatten(x, sizes_of(h.layers))), a, np.zeros(len(a), int)


def training_with(**changes):
    """Adversarial training with some arguments changed."""

    def adversarial_training(h, a, labels, eps, rng, steps, step=2e-3, batch=100, num_steps=5, norm="inf"):
        given = {"labels": labels, "eps": eps, "steps": steps, "step": step, "batch": batch, "num_steps": num_steps}
        given |= {"norm": norm}
        given |= {name: change(given[name]) for name, change in changes.items()}
        return training.adversarial_training(h, a, rng=rng, **given)

    return adversarial_training


def on_inputs(change):
    """Plain training on inputs that were attacked once."""

    def adversarial_training(h, a, labels, eps, rng, steps, step=2e-3, batch=100, num_steps=5, norm="inf"):
        moved = change(a, training.attack(h, a, labels, eps, num_steps, norm))
        return training.adversarial_training(h, moved, labels, 0.0, rng, steps, step, batch)

    return adversarial_training


adversarial_training_descends_at_the_attacked_batch.mutants({
    "at clean batches: plain training": training_with(eps=lambda eps: 0.0),
    "inputs attacked once, before training": on_inputs(lambda a, worst: worst),
    "trained to please the attack: min over η": on_inputs(lambda a, worst: np.clip(2 * a - worst, 0, 1)),
    "radius 1 % too large": training_with(eps=lambda eps: 1.01 * eps),
    "one step more": training_with(steps=lambda steps: steps + 1),
    "steps 1 % longer": training_with(step=lambda step: 1.01 * step),
    "an attack of one step": training_with(num_steps=lambda num_steps: 1),
    "attacked by signs always": training_with(norm=lambda norm: "inf"),
    "labels of a neighbour": training_with(labels=lambda labels: np.roll(labels, 1)),
    "another batch by default": training_with(batch=lambda batch: 64 if batch == 100 else batch),
})
