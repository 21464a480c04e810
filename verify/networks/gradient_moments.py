"""The mean of ‖∇h‖ at initialisation: slide "average-case metric". The oracle is a Laplace transform."""

import numpy as np

from refimpl.networks import gradient_moments
from refimpl.networks.perturbation_stability import expected_squared_gradient
from verify.claims import claim
from verify.evidence import equal
from verify.networks.perturbation_stability_second_moment import random_scales

SLIDE = "Robustness in deep learning: average-case metric"


def laplace_norm(transform):
    """E√S of S ≥ 0 from t ↦ 1 − Ee^{−tS}: it is (1/2√π) ∫ t^{−3/2}(1 − Ee^{−tS}) dt; trapezoid rule in x, t = e^x."""
    x = np.linspace(-90, 70, 6401)
    return (np.exp(-x / 2) * transform(np.exp(x))).sum() * (x[1] - x[0]) / (2 * np.sqrt(np.pi))


def rectified_norm(m):
    """μ_m = E‖max(z, 0)‖ for z ~ N(0, I) in R^m."""
    return laplace_norm(lambda t: -np.expm1(m * np.log1p(np.expm1(-np.log1p(2 * t) / 2) / 2)))


@claim("N05", slide=SLIDE, source="Derived here")
def first_moment_of_the_gradient_is_known(rng, *, expected_gradient_norm=gradient_moments.expected_gradient_norm):
    r"""E‖∇h‖ = β_Lμ_m(βμ_m)^{L−2}β₁κ_p/(2α), μ_m and κ_p from Laplace transforms, for widths up to 10⁶."""
    for p, m, L in [(1, 1, 2), (2, 3, 4), (784, 10**6, 10), (10, 64, 6), (10**6, 999, 3), (3, 41, 2)]:
        scales = random_scales(rng)._replace(beta=(rng.uniform(0.5, 3) / m) ** 0.5)
        kappa, mu = laplace_norm(lambda t, p=p: -np.expm1(-p / 2 * np.log1p(2 * t))), rectified_norm(m)
        exact = scales.beta_L * mu * (scales.beta * mu) ** (L - 2) * scales.beta_1 * kappa / (2 * scales.alpha)
        yield equal(f"p, m, L = {p}, {m}, {L}", expected_gradient_norm(scales, p, m, L), exact, rtol=1e-10)


def first_moment(mu=gradient_moments._rectified_norm, kappa=gradient_moments.chi_mean, half=0.5, power=2):
    """E‖∇h‖ with other factors; `power` layers are not in the middle."""

    def expected(s, p, m, L):
        return half * s.beta_L * mu(m) * (s.beta * mu(m)) ** (L - power) * s.beta_1 * float(kappa(p)) / s.alpha

    return expected


first_moment_of_the_gradient_is_known.mutants({
    "the root of the second moment": lambda s, p, m, L: expected_squared_gradient(s, p, m, L) ** 0.5,
    "√(m/2) for μ_m": first_moment(mu=lambda m: np.sqrt(m / 2)),
    "μ_m to the order 1/m": first_moment(mu=lambda m: np.sqrt(m / 2) * (1 - 5 / (8 * m))),
    "κ at m/2 for μ_m": first_moment(mu=lambda m: gradient_moments.chi_mean(m / 2)),
    "κ_m for μ_m: every neuron fires": first_moment(mu=gradient_moments.chi_mean),
    "√p for κ_p": first_moment(kappa=np.sqrt),
    "κ_{p−1}": first_moment(kappa=lambda p: gradient_moments.chi_mean(p - 1)),
    "the last neuron always fires": first_moment(half=1.0),
    "1/√2 for its probability": first_moment(half=2**-0.5),
    "a layer too few": first_moment(power=3),
    "α² for α": lambda s, p, m, L: gradient_moments.expected_gradient_norm(s._replace(alpha=s.alpha**2), p, m, L),
})
