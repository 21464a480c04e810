"""The rate table on linear fields, of bilinear and of quadratic games.

Slide "Comparison of convergence rates for smooth convex-concave minimax".
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from refimpl.minimax import algorithms, linear_rates
from verify.claims import claim
from verify.evidence import Evidence, equal, rate, rounding
from verify.minimax._rate_table import EG, OGDA, PPM, RFBS, SLIDE, WRONG, Method, first, mode, orbit
from verify.probes import batched


def bilinear(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues −iσ of the fields of games with singular values 1 and 1/√κ; κ itself, over three decades."""
    kappa = np.geomspace(4, 4500, 16) * rng.uniform(0.95, 1.05, 16)
    return -1j * np.stack([np.ones(16), kappa**-0.5], axis=-1), kappa


def strongly_monotone(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues μ − iσ of Φ = μx²/2 + σxy − μy²/2, μ = 1/κ, in two planes: of modulus 1, and with σ = μ; κ itself."""
    kappa = np.geomspace(6, 6600, 16) * rng.uniform(0.95, 1.05, 16)
    mu = 1 / kappa
    return np.stack([mu - 1j * np.sqrt(1 - mu**2), mu - 1j * mu], axis=-1), kappa


def complex_field(nu: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """V on points whose planes are complex variables ζ: V(ζ) = νζ."""
    return lambda z: (np.ascontiguousarray(z).view(complex) * nu).view(float)


def condition_rates(method: Method, step: Callable, games: Callable, rng: np.random.Generator) -> Iterator[Evidence]:
    """N until both planes are within ε: ∝ κ at one ε, ∝ log 1/ε at one κ, and as the recursion is solved."""
    nu, kappa = games(rng)
    yield from counted(method, step, nu, 0.3, rng, "κ", kappa)
    eps = np.geomspace(0.1, 1e-10, 16)
    yield from counted(method, step, nu[4] + 0 * nu, eps, rng, "log 1/ε", np.log(1 / eps))


def counted(
    method: Method, step: Callable, nu: np.ndarray, eps: Any, rng: np.random.Generator, what: str, x: np.ndarray
) -> Iterator[Evidence]:
    """Iterations to accuracy ε on points whose planes are complex variables ζ, V(ζ) = νζ; their exponent in x."""
    name, alpha = method.name.upper(), method.alpha * rng.uniform(0.95, 1)
    longest = int(linear_rates.iterations(linear_rates.contraction(method.name, nu, alpha).max(), np.min(eps) / 2))
    zeta = rng.uniform(0.9, 1.1, nu.shape) * np.exp(2j * np.pi * rng.random(nu.shape))
    z = orbit(method, step, complex_field(nu), zeta.view(float), alpha, longest)
    N = first(np.abs(z.view(complex)).max(axis=-1) <= eps)
    solved = np.abs(zeta * mode(method, alpha * nu, np.arange(longest + 1)[:, None, None])).max(axis=-1)
    yield rate(f"{name}: iterations against {what}", x, N, 1.0)
    yield equal(f"{name}: their number", N, first(solved <= eps), atol=1)


@claim("M12", slide=SLIDE, source=PPM.source)
def proximal_point_on_strongly_monotone_games(rng, *, ppm_step=algorithms.ppm_step):
    r"""PP, strongly convex-strongly concave, α a share of 1/L: N ∝ κ log 1/ε, κ = L/μ."""
    yield from condition_rates(PPM, ppm_step, strongly_monotone, rng)


proximal_point_on_strongly_monotone_games.mutants(WRONG["ppm"])


@claim("M12", slide=SLIDE, source=PPM.source)
def proximal_point_on_bilinear_games(rng, *, ppm_step=algorithms.ppm_step):
    r"""PP, bilinear, α a share of 1/L: N ∝ κ log 1/ε, κ = (σmax/σmin)²."""
    yield from condition_rates(PPM, ppm_step, bilinear, rng)


proximal_point_on_bilinear_games.mutants(WRONG["ppm"])


@claim("M12", slide=SLIDE, source=EG.source)
def extragradient_on_strongly_monotone_games(rng, *, eg_step=algorithms.eg_step):
    r"""EG, strongly convex-strongly concave, α a share of 1/L: N ∝ κ log 1/ε, κ = L/μ."""
    yield from condition_rates(EG, eg_step, strongly_monotone, rng)


extragradient_on_strongly_monotone_games.mutants(WRONG["eg"])


@claim("M12", slide=SLIDE, source=EG.source)
def extragradient_on_bilinear_games(rng, *, eg_step=algorithms.eg_step):
    r"""EG, bilinear, α a share of 1/L: N ∝ κ log 1/ε, κ = (σmax/σmin)²."""
    yield from condition_rates(EG, eg_step, bilinear, rng)


extragradient_on_bilinear_games.mutants(WRONG["eg"])


@claim("M12", slide=SLIDE, source=OGDA.source)
def optimistic_on_strongly_monotone_games(rng, *, ogda_step=algorithms.ogda_step):
    r"""OGDA, strongly convex-strongly concave, α a share of 1/L: N ∝ κ log 1/ε, κ = L/μ."""
    yield from condition_rates(OGDA, ogda_step, strongly_monotone, rng)


optimistic_on_strongly_monotone_games.mutants(WRONG["ogda"])


@claim("M12", slide=SLIDE, source=OGDA.source)
def optimistic_on_bilinear_games(rng, *, ogda_step=algorithms.ogda_step):
    r"""OGDA, bilinear, α a share of 1/L: N ∝ κ log 1/ε, κ = (σmax/σmin)²."""
    yield from condition_rates(OGDA, ogda_step, bilinear, rng)


optimistic_on_bilinear_games.mutants(WRONG["ogda"])


@claim("M12", slide=SLIDE, source=RFBS.source)
def reflected_on_strongly_monotone_games(rng, *, rfbs_step=algorithms.rfbs_step):
    r"""RFBS, beyond the slide, strongly convex-strongly concave, α a share of 1/L: N ∝ κ log 1/ε, κ = L/μ."""
    yield from condition_rates(RFBS, rfbs_step, strongly_monotone, rng)


reflected_on_strongly_monotone_games.mutants(WRONG["rfbs"])


@claim("M12", slide=SLIDE, source=RFBS.source)
def reflected_on_bilinear_games(rng, *, rfbs_step=algorithms.rfbs_step):
    r"""RFBS, beyond the slide, bilinear, α a share of 1/L: N ∝ κ log 1/ε, κ = (σmax/σmin)²."""
    yield from condition_rates(RFBS, rfbs_step, bilinear, rng)


reflected_on_bilinear_games.mutants(WRONG["rfbs"])


@claim("M12", slide=SLIDE, source=PPM.source)
def proximal_point_needs_no_condition_number(rng, *, ppm_step=algorithms.ppm_step):
    r"""PP's κ is that of α ∝ 1/L: with α = 1/σmin or 1/μ, which it may take, N(ε) does not depend on κ."""
    for what, (nu, kappa) in (("bilinear", bilinear(rng)), ("strongly monotone", strongly_monotone(rng))):
        alpha = 1 / np.abs(nu[:, 1])
        z0 = np.exp(2j * np.pi * rng.random((16, 2)))
        paths = [
            orbit(PPM, ppm_step, complex_field(m), z.view(float), a, 100) for m, z, a in zip(nu, z0, alpha, strict=True)
        ]
        size = np.abs(np.moveaxis(paths, 0, 1).view(complex))
        yield rate(f"{what}: iterations against κ", kappa, first(size.max(axis=-1) <= 1e-6), 0.0)
        expected = np.abs(1 + alpha * nu[:, 1]) ** -np.arange(101.0)[:, None]
        yield equal(f"{what}: the slower mode", size[..., 1], expected, rtol=rounding(4000))


proximal_point_needs_no_condition_number.mutants(WRONG["ppm"])


@claim("M12", slide=SLIDE, source="Mokhtari, Ozdaglar & Pattathil 2020")
def contraction_is_the_largest_eigenvalue_of_a_step(
    rng, *, contraction=linear_rates.contraction, iterations=linear_rates.iterations
):
    r"""A mode ν shrinks per step by the spectral radius of the map (z, z₋) ↦ (z⁺, z); N steps of it make ε."""
    modes = rng.uniform(-1, 2, 60) + 1j * rng.uniform(-2, 2, 60)
    for name, nu, alpha in (
        ("α < 1", modes, rng.uniform(0.1, 0.9)),
        ("α > 1", modes, rng.uniform(1, 2)),
        ("real ν", modes.real, rng.uniform(0.1, 0.9)),
    ):
        for method, expected in spectral_radii(nu, alpha).items():
            yield equal(f"{method.upper()}, {name}", contraction(method, nu, alpha), expected, rtol=1e-9)
            yield from batched(
                f"{method.upper()}, {name}",
                lambda nu, method=method, alpha=alpha: contraction(method, nu, alpha),
                nu,
                rtol=rounding(16),
            )
    factor, N = rng.uniform(0.5, 0.999, 20), np.append(rng.uniform(1, 50, 19), 0.0)
    measured = [iterations(f, f**n) for f, n in zip(factor, N, strict=True)]
    yield equal("steps until ε", measured, N, atol=rounding(8, N + 1 / np.abs(np.log(factor))))


def spectral_radii(nu, alpha):
    """Of the map (z, z₋) ↦ (z⁺, z) of every method on V(ζ) = νζ as a matrix of real numbers."""
    J = np.moveaxis(np.array([[nu.real, -nu.imag], [nu.imag, nu.real]]), -1, 0)
    I, a = np.eye(2) + 0 * J, alpha * J
    second = np.concatenate([np.concatenate([I - 2 * a, a], -1), np.concatenate([I, 0 * a], -1)], -2)
    maps = {"gda": I - a, "ppm": np.linalg.inv(I + a), "eg": I - a + a @ a, "ogda": second, "rfbs": second}
    return {method: np.abs(np.linalg.eigvals(M)).max(-1) for method, M in maps.items()}


def smaller_root(method, nu, alpha):
    if method not in ("ogda", "rfbs"):
        return linear_rates.contraction(method, nu, alpha)
    return alpha * np.abs(nu) / linear_rates.contraction(method, nu, alpha)


def extragradient_with_the_modulus(method, nu, alpha):
    return (
        np.abs(1 - alpha * nu + np.abs(alpha * nu) ** 2)
        if method == "eg"
        else linear_rates.contraction(method, nu, alpha)
    )


contraction_is_the_largest_eigenvalue_of_a_step.mutants(
    {
        "the smaller root": smaller_root,
        "EG with + α²|ν|²": extragradient_with_the_modulus,
        "takes real ν for iσ": lambda method, nu, alpha: linear_rates.contraction(
            method, nu if np.iscomplexobj(nu) else 1j * nu, alpha
        ),
        "α at most 1": lambda method, nu, alpha: linear_rates.contraction(method, nu, min(alpha, 1.0)),
        "single numbers as arrays (1,)": lambda method, nu, alpha: np.atleast_1d(
            linear_rates.contraction(method, nu, alpha)
        ),
        "ν 1 % too large": lambda method, nu, alpha: linear_rates.contraction(method, 1.01 * nu, alpha),
    },
    replaces="contraction",
)
contraction_is_the_largest_eigenvalue_of_a_step.mutants(
    {
        "at least one step": lambda factor, eps: max(linear_rates.iterations(factor, eps), 1.0),
        "squared distances: half as many": lambda factor, eps: linear_rates.iterations(factor, eps) / 2,
        "1 − ρ for log 1/ρ": lambda factor, eps: np.log(1 / eps) / (1 - factor),
    },
    replaces="iterations",
)
