"""Dirac-GAN: slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018."""

from collections.abc import Callable, Iterator
from functools import partial

import autograd
import autograd.numpy as np
import numpy

from refimpl.minimax import dirac_gan, dirac_gan_penalty
from refimpl.minimax.dirac_gan import standard_slope, wasserstein_slope
from verify.claims import claim
from verify.evidence import EPS, Evidence, equal, rounding
from verify.probes import batched

SLIDE = "Difficulties of GAN training"
SOURCE = "Mescheder, Geiger & Nowozin 2018"

LOSSES: dict[str, tuple[Callable, Callable]] = {
    "standard": (lambda t: -np.logaddexp(0, -t), standard_slope),
    "Wasserstein": (lambda t: t, wasserstein_slope),
}


def loss_field(f: Callable, z: numpy.ndarray, gamma: float = 0.0) -> numpy.ndarray:
    """(−∂L/∂θ, ∂L/∂ψ) of L = f(θψ) + f(0) − (γ/2)ψ², by automatic differentiation."""

    def loss(z: numpy.ndarray) -> float:
        return np.sum(f(z[:, 0] * z[:, 1]) - gamma / 2 * z[:, 1] ** 2)

    return autograd.grad(loss)(z) * [-1, 1]


STEEPEST = 500.0  # largest |θψ|: f' ≥ e⁻⁵⁰⁰ is a normal number, of full relative accuracy


def points(rng: numpy.random.Generator) -> numpy.ndarray:
    """Generic points of sizes from 10⁻³ to 3000, θ so small where ψ is large that |θψ| ≤ 500."""
    theta, psi = (rng.standard_normal((400, 2)) * 10 ** rng.uniform(-3, 3.5, (400, 1))).T
    return numpy.stack([theta / numpy.maximum(1, numpy.abs(theta * psi) / STEEPEST), psi], axis=-1)


def exponential_error(expected: numpy.ndarray, t: numpy.ndarray) -> numpy.ndarray:
    """Rounding of what is proportional to f'(t): a relative error ε(1 + |t|) of the exponential, a dozen operations."""
    return rounding(16, expected * (1 + numpy.abs(t)))


def field_tolerance(f: Callable, z: numpy.ndarray) -> numpy.ndarray:
    """Rounding of z f'(θψ), relative in both coordinates."""
    return exponential_error(loss_field(f, z), z[:, :1] * z[:, 1:])


def slopes_at_zero(rng: numpy.random.Generator) -> list[tuple[Callable, float]]:
    """Slopes f' of both losses, and c + t with a small and a large c of opposite signs; their values f'(0)."""
    small, large = 10 ** rng.uniform([-2, 0.5], [-0.5, 2]) * rng.permutation([-1, 1])
    given = [(partial(numpy.add, c), float(c)) for c in (small, large)]
    return [(standard_slope, 0.5), (wasserstein_slope, 1.0), *given]


def jacobian_at_equilibrium(step: Callable) -> numpy.ndarray:
    """Jacobian at 0 of a map with step(0) = 0, from points so near that the quadratic term is below rounding."""
    delta = 2.0**-200
    return numpy.transpose(step(delta * numpy.eye(2))) / delta


def same_spectrum(eigenvalues: numpy.ndarray, maps: list[Callable]) -> Iterator[Evidence]:
    """Eigenvalues (n, 2) against Jacobians of n maps, by sum and product, which rounding does not amplify."""
    J = numpy.array([jacobian_at_equilibrium(one) for one in maps])
    size = 1 + numpy.abs(J).max((-1, -2))
    trace, determinant = numpy.trace(J, axis1=-2, axis2=-1), numpy.linalg.det(J)
    yield equal("sum of the eigenvalues", eigenvalues.sum(-1), trace, atol=rounding(32, size))
    yield equal("their product", eigenvalues.prod(-1), determinant, atol=rounding(64, size**2))


def nearly_double(x: numpy.ndarray) -> numpy.ndarray:
    """How much e^{±2 arcosh x} amplifies the relative error of x: 1 + |arcosh x| + x/√|x² − 1|, at x = 1 1/√ε."""
    amplified = x / numpy.sqrt(numpy.abs(x**2 - 1) + EPS)
    return 1 + numpy.log1p(x) + amplified


@claim("M01", slide=SLIDE, source=f"{SOURCE}, Lemma 2.3")
def field_follows_the_loss(
    rng, *, vector_field=dirac_gan.vector_field, standard_slope=standard_slope, wasserstein_slope=wasserstein_slope
):
    r"""v(θ, ψ) = (−ψ f'(θψ), θ f'(θψ)) is (−∂L/∂θ, ∂L/∂ψ) of the loss L = f(θψ) + f(0); f' to the last digits."""
    z, same = points(rng), rounding(16 * (1 + STEEPEST))
    t = numpy.append(0.0, rng.choice([-1, 1], 199) * STEEPEST * 10 ** rng.uniform(-5, 0, 199))
    for (name, (f, _)), slope in zip(LOSSES.items(), (standard_slope, wasserstein_slope), strict=True):
        expected = autograd.elementwise_grad(f)(t)
        yield from batched(f"{name} loss: f'", slope, t, rtol=same)
        yield equal(f"{name} loss: f'", slope(t), expected, atol=exponential_error(expected, t))
        yield from batched(f"{name} loss: v", partial(vector_field, f_prime=slope), z, rtol=same)
        yield equal(f"{name} loss", vector_field(z, slope), loss_field(f, z), atol=field_tolerance(f, z))


def both_players_descend(z, f_prime):
    slope = f_prime(z[..., :1] * z[..., 1:])
    return -z[..., ::-1] * slope


def overwrites_z(z, f_prime):
    z[...] = dirac_gan.vector_field(z, f_prime)
    return z


field_follows_the_loss.mutants(
    {
        "both players descend": both_players_descend,
        "the players swap their signs": lambda z, f_prime: -dirac_gan.vector_field(z, f_prime),
        "slope at 0 instead of at θψ": lambda z, f_prime: numpy.stack([-z[..., 1], z[..., 0]], axis=-1) * f_prime(0.0),
        "mirrored at a single point": lambda z, f_prime: (
            dirac_gan.vector_field(z, f_prime) * (-1 if z.ndim == 1 else 1)
        ),
        "overwrites z": overwrites_z,
    },
    replaces="vector_field",
)
field_follows_the_loss.mutants(
    {
        "slope of log(1 + e^t): the sign of the exponent": lambda t: numpy.exp(-numpy.logaddexp(0, -t)),
        "slope 1 % too large": lambda t: 1.01 * standard_slope(t),
        "½(1 − tanh ½t), 0 for large t": lambda t: (1 - numpy.tanh(t / 2)) / 2,
        "the other sign for a plain number": lambda t: standard_slope(-t if numpy.ndim(t) == 0 else t),
    },
    replaces="standard_slope",
)
field_follows_the_loss.mutants(
    {
        "Wasserstein slope ½, the standard GAN's at 0": lambda t: 0.5 + 0 * t,
        "one slope for all t": lambda t: 1.0,
    },
    replaces="wasserstein_slope",
)


@claim("M01", slide=SLIDE, source=f"{SOURCE}, Lemma 2.3")
def flow_circles_for_ever(rng, *, vector_field=dirac_gan.vector_field):
    r"""⟨z, v(z)⟩ = 0, so the flow keeps θ² + ψ²; ‖v‖ = |f'(θψ)| ‖z‖ > 0, so it stands still nowhere but at 0."""
    z = points(rng)
    for name, (_, f_prime) in LOSSES.items():
        v, slope = numpy.asarray(vector_field(z, f_prime)), f_prime(z.prod(-1))
        norm = numpy.hypot(*z.T)
        yield equal(f"{name} loss: ⟨z, v⟩", (z * v).sum(-1), numpy.zeros(len(z)), atol=rounding(4, norm**2 * slope))
        yield equal(f"{name} loss: ‖v‖", numpy.hypot(*v.T), norm * slope, rtol=rounding(16))


flow_circles_for_ever.mutants({
    "the players swap their parameters": lambda z, f_prime: z * [-1, 1] * f_prime(z[..., :1] * z[..., 1:]),
    "an R1 penalty of weight 0.01 left in": lambda z, f_prime: dirac_gan_penalty.penalized_field(z, f_prime, 0.01),
    "the discriminator learns 1 % faster": lambda z, f_prime: dirac_gan.vector_field(z, f_prime) * [1, 1.01],
})


@claim("M02", slide=SLIDE, source=f"{SOURCE}, Lemma 2.4")
def simultaneous_descent_spirals_out(rng, *, simultaneous_step=dirac_gan.simultaneous_step):
    r"""z⁺ = z + h(−∂L/∂θ, ∂L/∂ψ), hence ‖z⁺‖² = (1 + h² f'(θψ)²) ‖z‖²: the norm grows from every z ≠ 0, at every h."""
    z, h = points(rng), 10 ** rng.uniform(-3, 3, 10)
    for name, (f, f_prime) in LOSSES.items():
        step, error = partial(simultaneous_step, h=0.1, f_prime=f_prime), rounding(16 * (1 + STEEPEST), z).max()
        yield from batched(f"{name} loss: z⁺", step, z, atol=error)
        z_next = numpy.array([simultaneous_step(z, h_i, f_prime) for h_i in h])
        v, slope, h_i = loss_field(f, z), f_prime(z.prod(-1)), h[:, None, None]
        yield equal(f"{name} loss: z⁺", z_next, z + h_i * v, atol=rounding(4, z) + h_i * field_tolerance(f, z))
        growth = (z_next**2).sum(-1) / (z**2).sum(-1)
        yield equal(f"{name} loss: ‖z⁺‖²/‖z‖²", growth, 1 + (h[:, None] * slope) ** 2, rtol=rounding(64))


def clips_steps(z, h, f_prime):
    v = dirac_gan.vector_field(z, f_prime)
    return z + h * v * numpy.minimum(1, 1000 / numpy.maximum(numpy.hypot(v[..., :1], v[..., 1:]), 1e-300))


def alternates_at_a_single_point(z, h, f_prime):
    step = dirac_gan.alternating_step if z.ndim == 1 else dirac_gan.simultaneous_step
    return step(z, h, f_prime)


simultaneous_descent_spirals_out.mutants({
    "steps backwards": lambda z, h, f_prime: z - h * dirac_gan.vector_field(z, f_prime),
    "alternates": lambda z, h, f_prime: dirac_gan.alternating_step(z, h, f_prime),
    "learning rate 1 % too small": lambda z, h, f_prime: z + 0.99 * h * dirac_gan.vector_field(z, f_prime),
    "steps clipped to length 1000": clips_steps,
    "alternates at a single point": alternates_at_a_single_point,
})


@claim("M02", slide=SLIDE, source=f"{SOURCE}, Lemma 2.4")
def simultaneous_eigenvalues_leave_the_circle(
    rng,
    *,
    simultaneous_eigenvalues=dirac_gan.simultaneous_eigenvalues,
    simultaneous_step=dirac_gan.simultaneous_step,
):
    r"""λ = 1 ± i h f'(0) are the eigenvalues of the step's Jacobian at 0; |λ| = √(1 + h² f'(0)²) > 1."""
    cases = [(f_prime, slope, h) for f_prime, slope in slopes_at_zero(rng) for h in 10 ** rng.uniform(-3, 3, 30)]
    steps = [partial(simultaneous_step, h=h_i, f_prime=f_prime) for f_prime, _, h_i in cases]
    eigenvalues = numpy.array([simultaneous_eigenvalues(h_i, c) for _, c, h_i in cases])
    yield from same_spectrum(eigenvalues, steps)
    modulus = numpy.hypot(1, [c * h for _, c, h in cases])
    yield equal("|λ|", numpy.abs(eigenvalues), modulus[:, None] + [0.0, 0.0], rtol=rounding(8))


simultaneous_eigenvalues_leave_the_circle.mutants(
    {
        "real instead of imaginary part": lambda h, slope: numpy.array([1 + h * slope, 1 - h * slope]),
        "slope squared": lambda h, slope: dirac_gan.simultaneous_eigenvalues(h, slope**2),
        "one eigenvalue twice": lambda h, slope: numpy.array([1 + 1j * h * slope] * 2),
    },
    replaces="simultaneous_eigenvalues",
)
simultaneous_eigenvalues_leave_the_circle.mutants(
    {"the step alternates": lambda z, h, f_prime: dirac_gan.alternating_step(z, h, f_prime)},
    replaces="simultaneous_step",
)
