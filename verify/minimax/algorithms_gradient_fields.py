"""Where gradient descent ends: slide "Minimax is more difficult than just optimization"."""

import numpy as np

from refimpl.minimax import algorithms
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.minimax.spurious_attractors import SLIDE

SOURCE = "Hsieh, Mertikopoulos & Cevher 2021; descent lemma"


@claim("M31", slide=SLIDE, source=SOURCE)
def gradient_fields_lead_down(rng, *, trajectory=algorithms.trajectory):
    r"""V = ∇f: f(z⁺) ≤ f(z) − α(1 − αL/2)‖∇f‖², equal along the steepest direction of a quadratic f: no cycles."""
    for p in (1, 2, 6):
        Q, lam = np.linalg.qr(rng.standard_normal((p, p)))[0], rng.uniform(0.1, 2, p) * 10 ** rng.uniform(-2, 2)
        A, L = (Q * lam) @ Q.T, lam.max()
        z0 = np.concatenate([Q[:, [np.argmax(lam)]].T, rng.standard_normal((20, p))])
        for alpha in (rng.uniform(0.1, 0.9) / L, rng.uniform(1.1, 1.9) / L):
            z = np.asarray(trajectory("gda", lambda z, A=A: z @ A, z0, alpha, 8))
            f, slope = ((z @ A) * z).sum(-1) / 2, ((z @ A) ** 2).sum(-1)
            what = f"p = {p}, αL = {alpha * L:.2g}"
            error = rounding(256, f[0].max())
            promised = alpha * (1 - alpha * L / 2) * slope[:-1]
            yield at_most(f"{what}: f(z⁺) − f(z)", np.diff(f, axis=0), -promised, slack=error, tight=1e-6)
            steepest = -promised[:, 0]
            yield equal(f"{what}: along the steepest direction", np.diff(f, axis=0)[:, 0], steepest, atol=error)


def gda_with(V=lambda V: V, alpha=1.0):
    """Gradient descent on another field, or with other steps."""
    return lambda method, V_, z0, step, num_steps: algorithms.trajectory(method, V(V_), z0, alpha * step, num_steps)


gradient_fields_lead_down.mutants({
    "ascends": gda_with(V=lambda V: lambda z: -V(z)),
    "α 1 % too large": gda_with(alpha=1.01),
    "extragradient": lambda method, V, z0, alpha, num_steps: algorithms.trajectory("eg", V, z0, alpha, num_steps),
})


@claim("M31", slide=SLIDE, source=SOURCE)
def gradient_descent_ends_at_minima(rng, *, trajectory=algorithms.trajectory):
    r"""f = Σ cᵢ(uᵢ² − aᵢ²)², u = Qᵀx: from 300 starts descent ends at one of the four minima, never at a saddle."""
    Q = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    a, c = rng.uniform(0.7, 1.3, 2), rng.uniform(0.5, 1, 2)

    def V(z):
        u = z @ Q
        return (4 * c * (u**2 - a**2) * u) @ Q.T

    z0 = rng.uniform(-1.5, 1.5, (300, 2))
    z = np.asarray(trajectory("gda", V, z0, 0.02, 3000))
    u = z @ Q
    yield equal("last states: |uᵢ|", np.abs(u[-1]), a + np.zeros((300, 2)), atol=1e-9)
    f = (c * (u**2 - a**2) ** 2).sum(-1)
    yield at_most("f(z⁺) − f(z)", np.diff(f, axis=0), 0.0, slack=rounding(64), resolution=1e-9)
    yield equal("each of the four minima is found", len(np.unique(np.sign(u[-1]), axis=0)), 4)


gradient_descent_ends_at_minima.mutants({
    "the second player ascends": gda_with(V=lambda V: lambda z: V(z) * [1, -1]),
    "turned by a right angle: no gradient": gda_with(V=lambda V: lambda z: V(z)[..., ::-1] * [1, -1]),
    "V shifted by 10⁻³": gda_with(V=lambda V: lambda z: V(z) + 1e-3),
    "stops at half of the way": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, alpha / 100, num_steps
    ),
})
