"""Optimizers that train the networks of "Application to 25 Gaussians", against closed forms of their recursions."""

import numpy as np

from refimpl.backpropagation import optimizers
from refimpl.backpropagation.optimizers import AdamState, RMSState
from verify.claims import claim, shipped
from verify.evidence import equal, rounding

SLIDE = "Application to 25 Gaussians: Algorithms matter"


def average(g, decay):
    """(1 − ρ) Σ ρ^{t−i} g_i over the rows of g, for each t."""
    t = np.arange(len(g))
    weights = np.tril(decay ** np.maximum(t[:, None] - t, 0))
    return (1 - decay) * np.tensordot(weights, g, axes=1)


@claim("M27", slide=SLIDE, source="Kingma & Ba 2015")
def adam_follows_its_averages(rng, *, adam_step=optimizers.adam_step):
    r"""x_t = x_0 − α Σ m̂/(√v̂ + ε) with m̂, v̂ the weighted means of all gradients so far and of their squares."""
    for shape, given in (((5,), (0.6, 0.95, 1e-3)), ((3, 5), ())):
        beta_1, beta_2, eps = given or (0.9, 0.999, 1e-8)
        g, alpha = rng.standard_normal((9, *shape)), 0.07
        state = AdamState(rng.standard_normal(shape), np.zeros(shape), np.zeros(shape), 0)
        x = [state.x]
        for g_t in g:
            state = adam_step(g_t, state, alpha, *given)
            x.append(state.x)
        one = np.ones((len(g), *[1] * len(shape)))
        m, v = (average(h, beta) / average(one, beta) for h, beta in ((g, beta_1), (g**2, beta_2)))
        steps = alpha * m / (np.sqrt(v) + eps)
        which = "given" if given else "default"
        yield equal(f"x_t, {which} β", np.array(x[1:]), x[0] - np.cumsum(steps, axis=0), atol=rounding(200, 3.0))
        yield equal(f"m_t, {which} β", state.m, average(g, beta_1)[-1], atol=rounding(50))
        yield equal(f"v_t, {which} β", state.v, average(g**2, beta_2)[-1], rtol=rounding(50))
        yield equal("number of steps", state.t, len(g))


def squares_shared_by_the_batch(g, state, alpha, beta_1=0.9, beta_2=0.999, eps=1e-8):
    new = optimizers.adam_step(g, state, alpha, beta_1, beta_2, eps)
    return new._replace(v=np.broadcast_to(new.v.mean(0), new.v.shape)) if np.ndim(g) > 1 else new


def no_bias_correction(g, state, alpha, beta_1=0.9, beta_2=0.999, eps=1e-8):
    new = optimizers.adam_step(g, state, alpha, beta_1, beta_2, eps)
    return new._replace(x=state.x - alpha * new.m / (np.sqrt(new.v) + eps))


def epsilon_under_the_root(g, state, alpha, beta_1=0.9, beta_2=0.999, eps=1e-8):
    new = optimizers.adam_step(g, state, alpha, beta_1, beta_2, eps)
    m, v = new.m / (1 - beta_1**new.t), new.v / (1 - beta_2**new.t)
    return new._replace(x=state.x - alpha * m / np.sqrt(v + eps))


def corrects_one_step_late(g, state, alpha, beta_1=0.9, beta_2=0.999, eps=1e-8):
    new = optimizers.adam_step(g, state._replace(t=max(state.t - 1, 0)), alpha, beta_1, beta_2, eps)
    return new._replace(t=state.t + 1)


adam_follows_its_averages.mutants({
    "default β₂ = 0.99": lambda g, state, alpha, beta_1=0.9, beta_2=0.99, eps=1e-08: optimizers.adam_step(
        g, state, alpha, beta_1, beta_2, eps
    ),
    "batches share the mean of their squares": squares_shared_by_the_batch,
    "no bias correction": no_bias_correction,
    "ε under the root": epsilon_under_the_root,
    "correction by t instead of t + 1": corrects_one_step_late,
    "β₁ and β₂ exchanged": lambda g, state, alpha, beta_1=0.9, beta_2=0.999, eps=1e-08: optimizers.adam_step(
        g, state, alpha, beta_2, beta_1, eps
    ),
    "ascends": lambda g, state, alpha, beta_1=0.9, beta_2=0.999, eps=1e-08: optimizers.adam_step(
        -g, state, alpha, beta_1, beta_2, eps
    ),
})


@claim("M27", slide=SLIDE, source="Li, Chen, Carlson & Carin 2016")
def langevin_noise_has_the_preconditioned_scale(rng, *, langevin_step=optimizers.langevin_step):
    r"""x_t − x_0 = −γ Σ g_i/(√v_i + ε) + √(2γτ) Σ z_i/√(√v_i + ε), v_i the weighted mean square so far."""
    for shape, given in (((5,), (0.8, 1e-2)), ((3, 5), ())):
        decay, eps = given or (0.99, 1e-5)
        g, z = rng.standard_normal((2, 9, *shape))
        gamma, tau = 0.07, 0.3
        state = RMSState(rng.standard_normal(shape), np.zeros(shape))
        x = [state.x]
        for g_t, z_t in zip(g, z, strict=True):
            state = langevin_step(g_t, state, gamma, tau, z_t, *given)
            x.append(state.x)
        size = np.sqrt(average(g**2, decay)) + eps
        steps = gamma * g / size - np.sqrt(2 * gamma * tau / size) * z
        error = rounding(200, 1 + np.abs(steps).sum(axis=0))
        which = "given" if given else "default"
        yield equal(f"x_t, {which} decay", np.array(x[1:]), x[0] - np.cumsum(steps, axis=0), atol=error)
        yield equal(f"mean square, {which} decay", state.v, average(g**2, decay)[-1], rtol=rounding(50))


def noise_not_preconditioned(g, state, gamma, temperature, z, decay=0.99, eps=1e-5):
    new = optimizers.langevin_step(g, state, gamma, 0.0, z, decay, eps)
    return new._replace(x=new.x + np.sqrt(2 * gamma * temperature) * z)


def preconditioner_one_step_late(g, state, gamma, temperature, z, decay=0.99, eps=1e-5):
    G = 1 / (np.sqrt(state.v) + eps)
    new = optimizers.langevin_step(g, state, gamma, temperature, z, decay, eps)
    return new._replace(x=state.x - gamma * G * g + np.sqrt(2 * gamma * temperature * G) * z)


langevin_noise_has_the_preconditioned_scale.mutants({
    "default ε = 10⁻⁸": lambda g, state, gamma, temperature, z, decay=0.99, eps=1e-08: optimizers.langevin_step(
        g, state, gamma, temperature, z, decay, eps
    ),
    "noise scaled by the step instead of its root": shipped(
        lambda g, state, gamma, temperature, z, decay=0.99, eps=1e-05: optimizers.langevin_step(
            g, state, gamma, temperature, np.sqrt(gamma) * z, decay, eps
        ),
        project="google-research/ibc",
        version="db89ddb",
        thread="#6",
    ),
    "temperature in place of its root": shipped(
        lambda g, state, gamma, temperature, z, decay=0.99, eps=1e-05: optimizers.langevin_step(
            g, state, gamma, temperature, np.sqrt(temperature) * z, decay, eps
        ),
        project="SGMCMCJax",
        version="0.2.13, baoab",
    ),
    "√γ for √(2γ)": lambda g, state, gamma, temperature, z, decay=0.99, eps=1e-05: optimizers.langevin_step(
        g, state, gamma, temperature / 2, z, decay, eps
    ),
    "noise not preconditioned": noise_not_preconditioned,
    "preconditioner of the step before": preconditioner_one_step_late,
    "decay 1 % too small": lambda g, state, gamma, temperature, z, decay=0.99, eps=1e-05: optimizers.langevin_step(
        g, state, gamma, temperature, z, 0.99 * decay, eps
    ),
})


@claim("M27", slide=SLIDE, source="definition")
def gradient_descent_descends(rng, *, sgd_step=optimizers.sgd_step):
    r"""On ½xᵀdiag(s)x, n steps of constant size multiply each coordinate by (1 − αs)ⁿ."""
    s, x0, alpha, n = rng.uniform(0.5, 2, 5), rng.standard_normal(5), 0.3, 8
    x = x0
    for _ in range(n):
        x = sgd_step(s * x, x, alpha)
    yield equal("x_n", x, x0 * (1 - alpha * s) ** n, rtol=rounding(200))


gradient_descent_descends.mutants({
    "ascends": lambda g, x, alpha: x + alpha * g,
    "step 1 % too long": lambda g, x, alpha: x - 1.01 * alpha * g,
    "sign of the gradient": lambda g, x, alpha: x - alpha * np.sign(g),
})


@claim("M27", slide=SLIDE, source="closed forms of a first step")
def optimizers_start_without_memory(rng, *, adam_start=optimizers.adam_start, rms_start=optimizers.rms_start):
    r"""A first step of Adam moves each coordinate by α g/(|g| + ε), whatever the β; its mean square is (1 − ρ)g²."""
    for shape in ((5,), (3, 5)):
        x, g = rng.standard_normal((2, *shape))
        state = adam_start(x)
        yield equal(f"{shape}, Adam: parameters", state.x, x)
        for beta_1, beta_2 in rng.uniform(0.1, 0.9, (3, 2)):
            new = optimizers.adam_step(g, state, 0.07, beta_1, beta_2, 1e-3)
            expected = x - 0.07 * g / (np.abs(g) + 1e-3)
            yield equal(f"{shape}, Adam: x₁", new.x, expected, atol=rounding(32, 1 + np.abs(x)))
            yield equal(f"{shape}, Adam: steps", new.t, 1)
        state = rms_start(x)
        new = optimizers.langevin_step(g, state, 0.07, 0.0, 0 * g, 0.8)
        yield equal(f"{shape}, Langevin: parameters", state.x, x)
        yield equal(f"{shape}, Langevin: mean square", new.v, 0.2 * g**2, rtol=rounding(8))


optimizers_start_without_memory.mutants(
    {
        "one step taken already": lambda x: optimizers.adam_start(x)._replace(t=1),
        "mean of the gradient starts at the parameters": lambda x: optimizers.adam_start(x)._replace(m=x),
        "mean square starts at 10⁻²": lambda x: optimizers.adam_start(x)._replace(v=0 * x + 1e-2),
    },
    replaces="adam_start",
)
optimizers_start_without_memory.mutants(
    {"mean square starts at 1, as in TensorFlow's RMSprop": lambda x: RMSState(x, np.ones_like(x))},
    replaces="rms_start",
)
