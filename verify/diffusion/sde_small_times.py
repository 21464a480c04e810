"""The processes at small times: the digits that their noise keeps, and the σmin that VE's σ(t) starts from."""

import numpy as np

from refimpl.diffusion import sde
from verify.claims import claim, shipped
from verify.diffusion.sde import SLIDE, SOURCE, times_of
from verify.evidence import equal, rounding


@claim("D12", slide=SLIDE, source="Taylor's series of e^x")
def noise_keeps_its_digits_at_small_times(rng, *, vp=sde.vp, sub_vp=sde.sub_vp, ve=sde.ve):
    r"""t = 10⁻¹²…10⁻⁶: VP has std² = B − B²/2 + B³/6, sub-VP's its square, VE's σmin²(x + x²/2 + x³/6), x ∝ t.

    Where 1 − e^{−B} and σ² − σmin² are computed as written, all digits cancel.
    """
    t = 10.0 ** rng.uniform(-12, -6, 20)
    low, high = rng.uniform(0.1, 1), rng.uniform(2, 10)
    B = low * t + (high - low) / 2 * t**2
    variance, tolerance = B - B**2 / 2 + B**3 / 6, rounding(32)
    yield equal("VP: std²", vp(low, high).kernel(t)[1] ** 2, variance, rtol=tolerance)
    yield equal("sub-VP: std", sub_vp(low, high).kernel(t)[1], variance, rtol=tolerance)
    beta = low + (high - low) * t
    expected = beta * (2 * B - 2 * B**2 + 4 * B**3 / 3)
    yield equal("sub-VP: g²", sub_vp(low, high).diffusion(t) ** 2, expected, rtol=tolerance)
    x = 2 * t * np.log(high / low)
    yield equal("VE: std²", ve(low, high).kernel(t)[1] ** 2, low**2 * (x + x**2 / 2 + x**3 / 6), rtol=tolerance)


def std_from_the_scale(low, high):
    right = sde.vp(low, high)
    return right._replace(kernel=lambda t: (right.kernel(t)[0], np.sqrt(1 - right.kernel(t)[0] ** 2)))


def sub_vp_std_from_the_scale(low, high):
    right = sde.sub_vp(low, high)
    return right._replace(kernel=lambda t: (right.kernel(t)[0], 1 - right.kernel(t)[0] ** 2))


def diffusion_from_the_scale(low, high):
    right, beta_of = sde.sub_vp(low, high), sde.vp(low, high).diffusion
    return right._replace(diffusion=lambda t: beta_of(t) * np.sqrt(1 - right.kernel(t)[0] ** 4))


noise_keeps_its_digits_at_small_times.mutants({"√(1 − scale²)": std_from_the_scale}, replaces="vp")
noise_keeps_its_digits_at_small_times.mutants(
    {
        "1 − scale²": sub_vp_std_from_the_scale,
        "g² = β(1 − scale⁴)": diffusion_from_the_scale,
    },
    replaces="sub_vp",
)
noise_keeps_its_digits_at_small_times.mutants(
    {
        "√(σ² − σmin²)": lambda low, high: sde.ve(low, high)._replace(
            kernel=lambda t: (1.0, np.sqrt(sde.ve_sigma(t, low, high) ** 2 - low**2))
        ),
        "σ(t) for std": shipped(
            lambda low, high: sde.ve(low, high)._replace(kernel=lambda t: (1.0, sde.ve_sigma(t, low, high))),
            project="score_sde",
            version="VESDE",
        ),
    },
    replaces="ve",
)


@claim("D12", slide=SLIDE, source=SOURCE)
def ve_sigma_is_the_std_of_data_that_carry_sigma_min(rng, *, ve_sigma=sde.ve_sigma, ve=sde.ve):
    r"""σ(t) = σmin(σmax/σmin)^t is not the SDE's std: σ(t)² = std(t)² + σmin². For ½, 2 at t = ½: 1 and √¾."""
    low, high = rng.uniform(0.1, 1), rng.uniform(1.5, 10)
    times = np.concatenate([[0.0], times_of(rng)])
    sigma = np.array([ve_sigma(t, low, high) for t in times])
    std = np.array([ve(low, high).kernel(t)[1] for t in times])
    yield equal("σ(t)", sigma, low ** (1 - times) * high**times, rtol=rounding(64))
    yield equal("σ² − std²", sigma**2 - std**2, low**2, rtol=rounding(256, (high / low) ** 2))
    yield equal(
        "σ(t), σmin = .01 and σmax = 50 unless told", ve_sigma(times), 0.01 ** (1 - times) * 50**times, rtol=1e-13
    )
    both = [ve_sigma(0.5, 0.5, 2.0), ve(0.5, 2.0).kernel(0.5)[1]]
    yield equal("σmin = ½, σmax = 2, t = ½", both, [1.0, 0.75**0.5], rtol=1e-14)


ve_sigma_is_the_std_of_data_that_carry_sigma_min.mutants(
    {
        "the std itself": lambda t, sigma_min=0.01, sigma_max=50.0: sde.ve(sigma_min, sigma_max).kernel(t)[1],
        "linear in t": lambda t, sigma_min=0.01, sigma_max=50.0: sigma_min + t * (sigma_max - sigma_min),
        "σ²(t)": lambda t, sigma_min=0.01, sigma_max=50.0: sde.ve_sigma(t, sigma_min, sigma_max) ** 2,
        "σmax = 49 unless told": lambda t, sigma_min=0.01, sigma_max=49.0: sde.ve_sigma(t, sigma_min, sigma_max),
    },
    replaces="ve_sigma",
)
ve_sigma_is_the_std_of_data_that_carry_sigma_min.mutants(
    {
        "σ(t) for std": shipped(
            lambda low, high: sde.ve(low, high)._replace(kernel=lambda t: (1.0, sde.ve_sigma(t, low, high))),
            project="score_sde",
            version="VESDE",
        )
    },
    replaces="ve",
)
