"""Where descent, SAM and the exact worst perturbation lead among minima of all sharpnesses."""

import autograd
import autograd.numpy as np

from refimpl.backpropagation.optimizers import sgd_step
from refimpl.robustness import landscapes, sharpness
from refimpl.sampling.targets import gaussian_mixture
from verify.claims import claim, shipped
from verify.evidence import at_least, at_most, equal, rounding
from verify.probes import batched
from verify.robustness.sharpness import SAM, SLIDE, spoilt_step, there


@claim("R02", slide=SLIDE, source="definition")
def minima_of_all_sharpnesses(rng, *, landscape=landscapes.factorization):
    r"""f = ½(x₁x₂ − 1)², with gradient and trace of the Hessian by automatic differentiation; minima on x₁x₂ = 1."""
    x, valley = rng.uniform(-2, 2, (10, 2)), landscape()
    yield equal("f", valley.f(x), (x[:, 0] * x[:, 1] - 1) ** 2 / 2, atol=rounding(64))
    for point in x:
        yield equal("∇f", valley.grad_f(point), autograd.grad(valley.f)(point), atol=rounding(64, 20))
        trace = np.trace(autograd.hessian(lambda x: (x[0] * x[1] - 1) ** 2 / 2)(point))
        yield equal("tr ∇²f", valley.trace(point), trace, atol=rounding(64, 20))
    u = rng.uniform(0.3, 3, 10)
    yield equal("∇f on the curve", valley.grad_f(np.stack([u, 1 / u], -1)), np.zeros((10, 2)), atol=rounding(16, 4))
    for function in (valley.f, valley.grad_f, valley.trace):
        yield from batched("values", function, x)


def with_parts(**parts):
    """The landscape with other functions."""
    return lambda: landscapes.factorization()._replace(**parts)


VALLEY = landscapes.factorization()
minima_of_all_sharpnesses.mutants({
    "½ left out": with_parts(f=lambda x: 2 * VALLEY.f(x)),
    "gradient of its coordinates swapped": with_parts(grad_f=lambda x: VALLEY.grad_f(x)[..., ::-1]),
    "gradient twice as large": with_parts(grad_f=lambda x: 2 * VALLEY.grad_f(x)),
    "trace of the Gauss-Newton matrix off the curve": with_parts(
        trace=lambda x: VALLEY.trace(x) * x[..., 0] * x[..., 1]
    ),
    "trace halved": with_parts(trace=lambda x: VALLEY.trace(x) / 2),
})


@claim("R02", slide=SLIDE, source=f"{SAM}; Wen, Ma & Li 2023 (drift along a curve of minima)")
def sam_walks_to_the_flattest_minimum(rng, *, landscape=landscapes.factorization, sam_step=sharpness.sam_step):
    r"""On f = ½(x₁x₂ − 1)² descent keeps x₁² − x₂², however sharp; under SAM that falls as e^(−2αε²k), to the flattest.

    To leading order in ε and α, from minima of trace 2.7 to 4.3. The flattest has trace 2; SAM ends there, up to order
    ε + α.
    """
    valley, alpha, eps = landscape(), 0.01, 0.1
    u = rng.uniform(1.5, 2.0, 8)
    start = np.stack([u, 1 / u], -1) * rng.uniform(0.95, 1.05, (8, 1))
    x = z = start
    keeps = start[:, 0] ** 2 - start[:, 1] ** 2
    for k in range(1, 20001):
        x = sam_step(valley.grad_f, x, eps, alpha)
        z = sgd_step(valley.grad_f(z), z, alpha) if k <= 3000 else z
        if k == 5000:
            decay = (x[:, 0] ** 2 - x[:, 1] ** 2) / keeps
            yield equal("SAM: x₁² − x₂² after αε²k = ½", decay, np.exp(-1.0), rtol=0.06)
    yield equal("descent: x₁² − x₂²", z[:, 0] ** 2 - z[:, 1] ** 2, keeps, rtol=0.01)
    yield equal("descent: x₁x₂", z.prod(-1), 1.0, atol=1e-9)
    yield equal("SAM: trace of the Hessian", valley.trace(x), 2.0, atol=0.1)
    yield at_most("SAM: trace beside that of descent", valley.trace(x), valley.trace(z), tight=0.9)


sam_walks_to_the_flattest_minimum.mutants(
    {
        "gradient at x: plain descent": shipped(
            spoilt_step(lambda grad_f, x, eta: grad_f(x)), project="google-research/sam", thread="#14"
        ),
        "perturbed downhill": spoilt_step(lambda grad_f, x, eta: grad_f(x - eta)),
        "perturbed twice as far": spoilt_step(lambda grad_f, x, eta: grad_f(x + 2 * eta)),
        "perturbed 10 % too far": spoilt_step(lambda grad_f, x, eta: grad_f(x + 1.1 * eta)),
        "not normalised": spoilt_step(there, eta=lambda g, eps: eps * g),
        "divided by ‖g‖²": spoilt_step(there, eta=lambda g, eps: eps * g / ((g * g).sum(-1, keepdims=True) + 1e-2)),
        "descends from x + η": spoilt_step(there, start=lambda x, eta: x + eta),
        "mean of both gradients": spoilt_step(lambda grad_f, x, eta: (grad_f(x) + grad_f(x + eta)) / 2),
    },
    replaces="sam_step",
)
sam_walks_to_the_flattest_minimum.mutants(
    {
        "gradient twice as large": with_parts(grad_f=lambda x: 2 * VALLEY.grad_f(x)),
        "trace halved": with_parts(trace=lambda x: VALLEY.trace(x) / 2),
    },
    replaces="landscape",
)


@claim("R02", slide=SLIDE, source=f"{SAM}; expansion in ε")
def the_flattest_minimum_has_the_least_worst_loss(rng, *, landscape=landscapes.factorization):
    r"""On f = ½(x₁x₂ − 1)² the max of f(x + η) over ‖η‖ ≤ ε, by angles, is ½ε² tr ∇²f + O(ε³) at the minima."""
    valley, eps, u = landscape(), 0.1, rng.uniform(1.5, 2.0, 8)
    worst = worst_loss(valley, np.stack([u, 1 / u], -1), eps)
    yield equal("max f(x + η)", worst, eps**2 * (u**2 + u**-2) / 2, rtol=3 * eps)
    flattest = worst_loss(valley, np.ones(2), eps)
    yield at_least("max f(x + η), sharp minima beside the flattest", worst, flattest, resolution=1.0)


def worst_loss(valley, x, eps):
    """max f(x + η) over a circle of η: f is subharmonic, so this is the maximum over the ball."""
    t = np.linspace(0, 2 * np.pi, 2001)
    return valley.f(x[..., None, :] + eps * np.stack([np.cos(t), np.sin(t)], -1)).max(-1)


the_flattest_minimum_has_the_least_worst_loss.mutants({"½ left out": with_parts(f=lambda x: 2 * VALLEY.f(x))})


def wells():
    """−log of two Gaussians: a sharp well at (−1.5, 0), the deeper, and a flat one at (1.5, 0)."""
    return gaussian_mixture([0.2, 0.8], [[-1.5, 0.0], [1.5, 0.0]], [np.eye(2) / 16, np.eye(2)])


@claim("R02", slide=SLIDE, source=f"definition of SAM; {SAM}, Algorithm 1")
def sam_may_rest_where_the_perturbed_point_is_the_sharp_minimum(rng, *, sam_step=sharpness.sam_step):
    r"""Of two wells the worst loss on ‖η‖ ≤ 1 prefers the flat one, the loss the sharp one; SAM may find neither.

    It leaves the sharp well and comes to a point on the slope, at the distance ε, where x + η is the sharp minimum. As
    ∇f vanishes at x + η, SAM stays. But f still descends, and the worst loss is 5.6, against 2.6 at the flat minimum.
    """
    _, f, grad_f, _ = wells()
    eps, alpha = 1.0, 0.02
    sharp, flat = (descent(grad_f, np.array([side, 0.0])) for side in (-1.5, 1.5))
    yield at_most("loss: sharp beside flat", f(sharp), f(flat), tight=0.9)
    worst = {name: worst_on_ball(f, x, eps) for name, x in (("sharp", sharp), ("flat", flat))}
    yield at_most("worst loss: flat beside sharp", worst["flat"], worst["sharp"], tight=0.9)
    x = sharp + 0.1 * rng.standard_normal((50, 2))
    for _ in range(3000):
        x = sam_step(grad_f, x, eps, alpha)
    yield equal("where SAM rests", x, sharp + np.array([eps, 0.0]), atol=1e-9)
    yield at_least("‖∇f‖ there", np.linalg.norm(grad_f(x), axis=-1), 0.1, resolution=5.0)
    yield at_least("worst loss there", worst_on_ball(f, x[:1], eps), 2 * worst["flat"], resolution=1.0)


def descent(grad_f, x):
    """The minimum to which gradient descent leads."""
    for _ in range(4000):
        x = sgd_step(grad_f(x), x, 0.05)
    return x


def worst_on_ball(f, x, eps):
    """max f(x + η) over circles within the ball."""
    t, r = np.linspace(0, 2 * np.pi, 361), np.linspace(0, eps, 11)[:, None]
    ball = np.stack([r * np.cos(t), r * np.sin(t)], -1).reshape(-1, 2)
    return f(x[..., None, :] + ball).max(-1)


sam_may_rest_where_the_perturbed_point_is_the_sharp_minimum.mutants({
    "gradient at x: plain descent": spoilt_step(lambda grad_f, x, eta: grad_f(x)),
    "perturbed downhill": spoilt_step(lambda grad_f, x, eta: grad_f(x - eta)),
    "perturbed 1 % too far": spoilt_step(lambda grad_f, x, eta: grad_f(x + 1.01 * eta)),
    "perturbed half as far": spoilt_step(lambda grad_f, x, eta: grad_f(x + eta / 2)),
    "not normalised": spoilt_step(there, eta=lambda g, eps: eps * g),
    "mean of both gradients": spoilt_step(lambda grad_f, x, eta: (grad_f(x) + grad_f(x + eta)) / 2),
})
