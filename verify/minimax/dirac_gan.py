"""Dirac-GAN: slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018."""

from collections.abc import Callable, Iterator
from functools import partial

import autograd
import autograd.numpy as np
import numpy

from refimpl.minimax import dirac_gan
from refimpl.minimax.dirac_gan import standard_slope, wasserstein_slope
from verify.claims import claim
from verify.evidence import Evidence, equal, rounding

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


def points(rng: numpy.random.Generator) -> numpy.ndarray:
    """Generic points of sizes from 10⁻² to 30."""
    return rng.standard_normal((400, 2)) * 10 ** rng.uniform(-2, 1.5, (400, 1))


def field_tolerance(z: numpy.ndarray) -> numpy.ndarray:
    """Rounding of z f'(θψ): a relative error ε(1 + |θψ|) of the exponential, a dozen operations."""
    return rounding(16, z[:, ::-1] * (1 + numpy.abs(z[:, :1] * z[:, 1:])))


def jacobian_at_equilibrium(step: Callable) -> numpy.ndarray:
    """Jacobian at 0 of a map with step(0) = 0, from points so near that the quadratic term is below rounding."""
    delta = 2.0**-30
    return numpy.transpose(step(delta * numpy.eye(2))) / delta


def same_spectrum(what: str, eigenvalues: numpy.ndarray, J: numpy.ndarray) -> Iterator[Evidence]:
    """Eigenvalues (n, 2) against Jacobians (n, 2, 2), by sum and product, which rounding does not amplify."""
    size = 1 + numpy.abs(J).max((-1, -2))
    trace, determinant = numpy.trace(J, axis1=-2, axis2=-1), numpy.linalg.det(J)
    yield equal(f"{what}: sum of the eigenvalues", eigenvalues.sum(-1), trace, atol=rounding(32, size))
    yield equal(f"{what}: their product", eigenvalues.prod(-1), determinant, atol=rounding(64, size**2))


@claim("M01", slide=SLIDE, source=f"{SOURCE}, Lemma 2.3")
def field_follows_the_loss(
    rng, *, vector_field=dirac_gan.vector_field, standard_slope=standard_slope, wasserstein_slope=wasserstein_slope
):
    r"""v(θ, ψ) = (−ψ f'(θψ), θ f'(θψ)) is (−∂L/∂θ, ∂L/∂ψ) of the loss L = f(θψ) + f(0)."""
    z = points(rng)
    for (name, (f, _)), slope in zip(LOSSES.items(), (standard_slope, wasserstein_slope), strict=True):
        yield equal(f"{name} loss", vector_field(z, slope), loss_field(f, z), atol=field_tolerance(z))


@field_follows_the_loss.mutant("both players descend", replaces="vector_field")
def _(z, f_prime):
    slope = f_prime(z[..., :1] * z[..., 1:])
    return -z[..., ::-1] * slope


@field_follows_the_loss.mutant("the players swap their signs", replaces="vector_field")
def _(z, f_prime):
    return -dirac_gan.vector_field(z, f_prime)


@field_follows_the_loss.mutant("slope at 0 instead of at θψ", replaces="vector_field")
def _(z, f_prime):
    return numpy.stack([-z[..., 1], z[..., 0]], axis=-1) * f_prime(0.0)


@field_follows_the_loss.mutant("slope of log(1 + e^t): the sign of the exponent", replaces="standard_slope")
def _(t):
    return numpy.exp(-numpy.logaddexp(0, -t))


@field_follows_the_loss.mutant("slope 1 % too large", replaces="standard_slope")
def _(t):
    return 1.01 * standard_slope(t)


@field_follows_the_loss.mutant("Wasserstein slope ½, the standard GAN's at 0", replaces="wasserstein_slope")
def _(t):
    return 0.5 + 0 * t


@claim("M01", slide=SLIDE, source=f"{SOURCE}, Lemma 2.3")
def flow_circles_for_ever(rng, *, vector_field=dirac_gan.vector_field):
    r"""⟨z, v(z)⟩ = 0, so the flow keeps θ² + ψ²; ‖v‖ = |f'(θψ)| ‖z‖ > 0, so it stands still nowhere but at 0."""
    z = points(rng)
    for name, (_, f_prime) in LOSSES.items():
        v, slope = numpy.asarray(vector_field(z, f_prime)), f_prime(z.prod(-1))
        norm = numpy.hypot(*z.T)
        yield equal(f"{name} loss: ⟨z, v⟩", (z * v).sum(-1), numpy.zeros(len(z)), atol=rounding(4, norm**2 * slope))
        yield equal(f"{name} loss: ‖v‖", numpy.hypot(*v.T), norm * slope, rtol=rounding(16))


@flow_circles_for_ever.mutant("the players swap their parameters")
def _(z, f_prime):
    return z * [-1, 1] * f_prime(z[..., :1] * z[..., 1:])


@flow_circles_for_ever.mutant("an R1 penalty of weight 0.01 left in")
def _(z, f_prime):
    return dirac_gan.penalized_field(z, f_prime, 0.01)


@flow_circles_for_ever.mutant("the discriminator learns 1 % faster")
def _(z, f_prime):
    return dirac_gan.vector_field(z, f_prime) * [1, 1.01]


@claim("M02", slide=SLIDE, source=f"{SOURCE}, Lemma 2.4")
def simultaneous_descent_spirals_out(rng, *, simultaneous_step=dirac_gan.simultaneous_step):
    r"""z⁺ = z + h(−∂L/∂θ, ∂L/∂ψ), hence ‖z⁺‖² = (1 + h² f'(θψ)²) ‖z‖²: the norm grows from every z ≠ 0, at every h."""
    z, h = points(rng), 10 ** rng.uniform(-3, 1.5, 10)
    for name, (f, f_prime) in LOSSES.items():
        z_next = numpy.array([simultaneous_step(z, h_i, f_prime) for h_i in h])
        v, slope, h_i = loss_field(f, z), f_prime(z.prod(-1)), h[:, None, None]
        yield equal(f"{name} loss: z⁺", z_next, z + h_i * v, atol=rounding(4, z) + h_i * field_tolerance(z))
        growth = (z_next**2).sum(-1) / (z**2).sum(-1)
        yield equal(f"{name} loss: ‖z⁺‖²/‖z‖²", growth, 1 + (h[:, None] * slope) ** 2, rtol=rounding(64))


@simultaneous_descent_spirals_out.mutant("steps backwards")
def _(z, h, f_prime):
    return z - h * dirac_gan.vector_field(z, f_prime)


@simultaneous_descent_spirals_out.mutant("alternates")
def _(z, h, f_prime):
    return dirac_gan.alternating_step(z, h, f_prime)


@simultaneous_descent_spirals_out.mutant("learning rate 1 % too small")
def _(z, h, f_prime):
    return z + 0.99 * h * dirac_gan.vector_field(z, f_prime)


@claim("M02", slide=SLIDE, source=f"{SOURCE}, Lemma 2.4")
def simultaneous_eigenvalues_leave_the_circle(
    rng,
    *,
    simultaneous_eigenvalues=dirac_gan.simultaneous_eigenvalues,
    simultaneous_step=dirac_gan.simultaneous_step,
):
    r"""λ = 1 ± i h f'(0) are the eigenvalues of the step's Jacobian at 0; |λ| = √(1 + h² f'(0)²) > 1."""
    h = 10 ** rng.uniform(-2, 1, 30)
    for name, (_, f_prime) in LOSSES.items():
        slope = float(f_prime(0.0))
        J = numpy.array([jacobian_at_equilibrium(partial(simultaneous_step, h=h_i, f_prime=f_prime)) for h_i in h])
        eigenvalues = numpy.array([simultaneous_eigenvalues(h_i, slope) for h_i in h])
        yield from same_spectrum(f"{name} loss", eigenvalues, J)
        modulus = numpy.sqrt(1 + h**2 * slope**2)
        yield equal(f"{name} loss: |λ|", numpy.abs(eigenvalues), modulus[:, None] + [0.0, 0.0], rtol=rounding(8))


@simultaneous_eigenvalues_leave_the_circle.mutant("real instead of imaginary part", replaces="simultaneous_eigenvalues")
def _(h, slope):
    return numpy.array([1 + h * slope, 1 - h * slope])


@simultaneous_eigenvalues_leave_the_circle.mutant("slope squared", replaces="simultaneous_eigenvalues")
def _(h, slope):
    return dirac_gan.simultaneous_eigenvalues(h, slope**2)


@simultaneous_eigenvalues_leave_the_circle.mutant("one eigenvalue twice", replaces="simultaneous_eigenvalues")
def _(h, slope):
    return numpy.array([1 + 1j * h * slope] * 2)


@simultaneous_eigenvalues_leave_the_circle.mutant("the step alternates", replaces="simultaneous_step")
def _(z, h, f_prime):
    return dirac_gan.alternating_step(z, h, f_prime)


ROUNDS = [(1, 1), (2, 1), (1, 3), (3, 2)]


@claim("M03", slide=SLIDE, source=f"{SOURCE}, Lemma 2.5")
def alternating_descent_takes_turns(rng, *, alternating_step=dirac_gan.alternating_step):
    r"""AltGD: n_g steps down the loss in θ at the old ψ, then n_d steps up in ψ at the new θ."""
    z, h = rng.uniform(-3, 3, (400, 2)), rng.uniform(0.01, 0.5)
    for name, (f, f_prime) in LOSSES.items():
        for n_g, n_d in ROUNDS:
            expected = z
            for player in [0] * n_g + [1] * n_d:
                expected = expected + h * loss_field(f, expected) * numpy.eye(2)[player]
            measured = alternating_step(z, h, f_prime, n_g, n_d)
            yield equal(f"{name} loss, n_g = {n_g}, n_d = {n_d}", measured, expected, atol=rounding(256, 4.0))


@alternating_descent_takes_turns.mutant("the discriminator first")
def _(z, h, f_prime, n_g=1, n_d=1):
    swap = [1, -1]
    return dirac_gan.alternating_step(z[..., ::-1] * swap, h, f_prime, n_d, n_g)[..., ::-1] * [-1, 1]


@alternating_descent_takes_turns.mutant("simultaneous when n_g = n_d = 1")
def _(z, h, f_prime, n_g=1, n_d=1):
    if n_g == n_d == 1:
        return dirac_gan.simultaneous_step(z, h, f_prime)
    return dirac_gan.alternating_step(z, h, f_prime, n_g, n_d)


@alternating_descent_takes_turns.mutant("n_g and n_d exchanged")
def _(z, h, f_prime, n_g=1, n_d=1):
    return dirac_gan.alternating_step(z, h, f_prime, n_d, n_g)


@alternating_descent_takes_turns.mutant("one long step in place of n_g short ones")
def _(z, h, f_prime, n_g=1, n_d=1):
    theta, psi = z[..., 0], z[..., 1]
    theta = theta - n_g * h * psi * f_prime(theta * psi)
    for _ in range(n_d):
        psi = psi + h * theta * f_prime(theta * psi)
    return numpy.stack([theta, psi], axis=-1)


@claim("M03", slide=SLIDE, source=f"{SOURCE}, Lemma 2.5")
def alternating_eigenvalues_stay_on_the_circle_up_to_two(
    rng, *, alternating_eigenvalues=dirac_gan.alternating_eigenvalues, alternating_step=dirac_gan.alternating_step
):
    r"""λ = e^{±2i arcsin(α/2)} for α = √(n_g n_d) h f'(0) ≤ 2, and −e^{±2 arcosh(α/2)}, one outside, for α > 2."""
    for n_g, n_d in ROUNDS:
        alpha = numpy.concatenate([rng.uniform(0.01, 1.99, 20), [2.0], rng.uniform(2.01, 6, 20)])
        for name, (_, f_prime) in LOSSES.items():
            what, slope = f"{name} loss, n_g = {n_g}, n_d = {n_d}", float(f_prime(0.0))
            h = alpha / (numpy.sqrt(n_g * n_d) * slope)
            rounds = [partial(alternating_step, h=h_i, f_prime=f_prime, n_g=n_g, n_d=n_d) for h_i in h]
            J = numpy.array([jacobian_at_equilibrium(step) for step in rounds])
            eigenvalues = numpy.array([alternating_eigenvalues(h_i, slope, n_g, n_d) for h_i in h])
            yield from same_spectrum(what, eigenvalues, J)
            largest = numpy.exp(2 * numpy.arccosh(numpy.maximum(alpha / 2, 1)))
            amplified = 1 / numpy.sqrt(numpy.abs(alpha - 2) + 1e-15)
            tolerance = rounding(64, largest * numpy.minimum(amplified, 1e8))
            yield equal(f"{what}: |λ|", numpy.abs(eigenvalues).max(-1), largest, atol=tolerance)


@alternating_eigenvalues_stay_on_the_circle_up_to_two.mutant("α² for α", replaces="alternating_eigenvalues")
def _(h, slope, n_g=1, n_d=1):
    return dirac_gan.alternating_eigenvalues(n_g * n_d * h**2 * slope, slope)


@alternating_eigenvalues_stay_on_the_circle_up_to_two.mutant(
    "n_g n_d for √(n_g n_d)", replaces="alternating_eigenvalues"
)
def _(h, slope, n_g=1, n_d=1):
    return dirac_gan.alternating_eigenvalues(n_g * n_d * h, slope)


@alternating_eigenvalues_stay_on_the_circle_up_to_two.mutant("α²/2 1 % too large", replaces="alternating_eigenvalues")
def _(h, slope, n_g=1, n_d=1):
    return dirac_gan.alternating_eigenvalues(numpy.sqrt(1.01) * h, slope, n_g, n_d)


@alternating_eigenvalues_stay_on_the_circle_up_to_two.mutant("simultaneous steps", replaces="alternating_step")
def _(z, h, f_prime, n_g=1, n_d=1):
    return dirac_gan.simultaneous_step(z, h, f_prime)


@claim("M04", slide=SLIDE, source=f"{SOURCE}, Lemma 4.1 (beyond the lecture)")
def gradient_penalty_makes_it_converge(
    rng, *, penalized_field=dirac_gan.penalized_field, penalized_eigenvalues=dirac_gan.penalized_eigenvalues
):
    r"""With the penalty (γ/2)ψ²: λ = −γ/2 ± √(γ²/4 − f'(0)²), Re λ < 0, and no turning from γ = 2f'(0) on."""
    z = points(rng)
    for name, (f, f_prime) in LOSSES.items():
        slope = float(f_prime(0.0))
        gamma = slope * numpy.concatenate([rng.uniform(0.05, 1.95, 20), [2.0], rng.uniform(2.05, 20, 20)])
        for weight in gamma[::10]:
            tolerance = field_tolerance(z) + rounding(4, weight * z)
            v = penalized_field(z, f_prime, weight)
            yield equal(f"{name} loss, γ = {weight:.3g}: v_γ", v, loss_field(f, z, weight), atol=tolerance)
        fields = [partial(penalized_field, f_prime=f_prime, gamma=weight) for weight in gamma]
        J = numpy.array([jacobian_at_equilibrium(v) for v in fields])
        eigenvalues = numpy.array([penalized_eigenvalues(weight, slope) for weight in gamma])
        yield from same_spectrum(f"{name} loss", eigenvalues, J)
        root = numpy.sqrt(numpy.maximum(gamma**2 / 4 - slope**2, 0))
        slowest = -numpy.minimum(gamma / 2, slope**2 / numpy.maximum(gamma / 2 + root, slope))
        yield equal(f"{name} loss: Re λ < 0", eigenvalues.real.max(-1), slowest, atol=rounding(64, gamma))
        turning = numpy.sqrt(numpy.maximum(slope**2 - gamma**2 / 4, 0))
        yield equal(f"{name} loss: |Im λ|", numpy.abs(eigenvalues.imag).max(-1), turning, atol=rounding(64, gamma))


@gradient_penalty_makes_it_converge.mutant("penalty γψ², without the ½", replaces="penalized_field")
def _(z, f_prime, gamma):
    return dirac_gan.penalized_field(z, f_prime, 2 * gamma)


@gradient_penalty_makes_it_converge.mutant("the generator pays the penalty", replaces="penalized_field")
def _(z, f_prime, gamma):
    return dirac_gan.vector_field(z, f_prime) - gamma * z * [1, 0]


@gradient_penalty_makes_it_converge.mutant("penalty with the wrong sign", replaces="penalized_field")
def _(z, f_prime, gamma):
    return 2 * dirac_gan.vector_field(z, f_prime) - dirac_gan.penalized_field(z, f_prime, gamma)


@gradient_penalty_makes_it_converge.mutant("critical weight at f'(0)", replaces="penalized_eigenvalues")
def _(gamma, slope):
    root = numpy.sqrt(gamma**2 - slope**2 + 0j)
    return numpy.array([-gamma / 2 + root, -gamma / 2 - root])


@gradient_penalty_makes_it_converge.mutant("γ for γ/2 in the real part", replaces="penalized_eigenvalues")
def _(gamma, slope):
    return dirac_gan.penalized_eigenvalues(gamma, slope) - gamma / 2
