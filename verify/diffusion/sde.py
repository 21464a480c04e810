"""The forward SDEs and their kernels: slide "Score-based Generative Models with SDEs - Forward process"."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl.diffusion import sde
from refimpl.diffusion.sde import SDE
from verify.claims import Shipped, claim, shipped
from verify.evidence import equal, rounding

SLIDE = "Score-based Generative Models with SDEs - Forward process"
SOURCE = "Song et al. 2021, Section 3.4"


def integrated(process, times):
    """Mean of a_t started at a₀ = 1, and its variance, by the ODEs m′ = f(m, t), V′ = 2f(1, t)V + g² from 1 and 0."""

    def slopes(t, y):
        slope = process.drift(np.ones((1, 1)), t).item()
        return [slope * y[0], 2 * slope * y[1] + process.diffusion(t) ** 2]

    solved = scipy.integrate.solve_ivp(
        slopes, (0.0, times[-1]), [1.0, 0.0], "DOP853", t_eval=times, rtol=1e-13, atol=1e-16
    )
    return solved.y


def times_of(rng):
    """Times from 10⁻³ to 1, the last one 1."""
    return np.append(np.sort(rng.uniform(1e-3, 1, 20)), 1.0)


@claim("D12", slide=SLIDE, source=SOURCE)
def mean_and_variance_odes_integrate_to_the_kernels(rng, *, vp=sde.vp, sub_vp=sde.sub_vp, ve=sde.ve):
    r"""m′ = f(m, t), V′ = 2f(1, t)V + g² from m = 1, V = 0 end in (scale, std²): usual and random schedules."""
    times = times_of(rng)
    low, high = rng.uniform(0.05, 1), rng.uniform(2, 10)
    for process in (vp(), vp(low, high), sub_vp(), sub_vp(low, high), ve(), ve(low, high)):
        mean, variance = integrated(process, times)
        scale, std = np.transpose([process.kernel(t) for t in times])
        yield equal(f"{process.name}: scale", scale, mean, rtol=1e-10)
        yield equal(f"{process.name}: std²", std**2, variance, rtol=1e-9, atol=1e-14)
        a = rng.standard_normal((5, 3))
        by_ones = [process.drift(np.ones((1, 1)), t).item() * a for t in times]
        yield equal(f"{process.name}: f is linear", [process.drift(a, t) for t in times], by_ones, rtol=rounding(8))


@claim("D12", slide=SLIDE, source=SOURCE)
def vp_and_sub_vp_have_the_usual_schedules(rng, *, vp=sde.vp, sub_vp=sde.sub_vp):
    r"""f = −½βa, β = .1 + 19.9t; VP has g² = β and keeps the variance 1, sub-VP g² = β(1 − e^{−2B}) and VP's std²."""
    times, a = times_of(rng), rng.standard_normal((4, 2))
    beta = 0.1 + 19.9 * times
    B = np.array([scipy.integrate.quad(lambda s: 0.1 + 19.9 * s, 0, t, epsabs=0)[0] for t in times])
    for process in (vp(), sub_vp()):
        drift = [process.drift(a, t) for t in times]
        yield equal(f"{process.name}: −½βa", drift, -beta[:, None, None] / 2 * a, rtol=rounding(16))
    g = np.array([(vp().diffusion(t), sub_vp().diffusion(t)) for t in times])
    yield equal("VP: g² = β", g[:, 0] ** 2, beta, rtol=rounding(16))
    yield equal("sub-VP: g² = β(1 − e^(−2B))", g[:, 1] ** 2, beta * (1 - np.exp(-2 * B)), rtol=1e-12)
    scale, std = np.transpose([vp().kernel(t) for t in times])
    yield equal("VP: scale² + std²", scale**2 + std**2, 1.0, rtol=rounding(16))
    yield equal("VP: −2 log scale = ∫β", -2 * np.log(scale), B, rtol=1e-13, atol=rounding(16))
    yield equal("sub-VP: std = VP's std²", [sub_vp().kernel(t)[1] for t in times], std**2, rtol=rounding(32))


@claim("D12", slide=SLIDE, source=SOURCE)
def ve_has_the_usual_schedule(rng, *, ve=sde.ve):
    r"""VE multiplies σ(t) from .01 to 50 at an even rate: scale 1, std² = σ² − σmin², g² = dσ²/dt."""
    times = times_of(rng)
    scale, std = np.transpose([ve().kernel(t) for t in times])
    sigma = 0.01 ** (1 - times) * 50**times
    g = np.array([ve().diffusion(t) for t in times])
    yield equal("VE: scale", scale, 1.0)
    yield equal("VE: std² = σ² − σmin²", std**2, sigma**2 - 1e-4, rtol=1e-12, atol=rounding(64, 1e-4 + sigma**2))
    yield equal("VE: g² = dσ²/dt", g**2, 2 * np.log(5000) * sigma**2, rtol=rounding(256))


@claim("D12", slide=SLIDE, source=SOURCE)
def processes_take_any_schedule_and_a_time_for_each_point(rng, *, vp=sde.vp, sub_vp=sde.sub_vp, ve=sde.ve):
    r"""f = −½(βmin + (βmax − βmin)t)a at a time for each point; g, scale and std of many times are those of each."""
    times = times_of(rng)
    low, high, a, t = rng.uniform(0.2, 1), rng.uniform(2, 10), rng.standard_normal((len(times), 2)), times[:, None]
    for process in (vp(low, high), sub_vp(low, high)):
        expected = -(low + (high - low) * t) / 2 * a
        yield equal(f"{process.name}: −½βa, any β, a time a point", process.drift(a, t), expected, rtol=rounding(16))
    for process in (vp(), sub_vp(), ve()):
        together = np.stack([process.diffusion(t), *process.kernel(t)])[..., 0]
        apart = np.transpose([[process.diffusion(one), *process.kernel(one)] for one in times])
        yield equal(f"{process.name}: g, scale, std of many times", together, apart, rtol=rounding(16))


def changed(process, drift=1.0, diffusion=1.0, kernel=lambda scale, std: (scale, std)):
    """The SDE with its drift and diffusion multiplied, and its kernel transformed."""
    return SDE(
        process.name,
        lambda a, t: drift * process.drift(a, t),
        lambda t: diffusion * process.diffusion(t),
        lambda t: kernel(*process.kernel(t)),
    )


def vp(**parts):
    """VP with parts changed."""
    return lambda *beta: changed(sde.vp(*beta), **parts)


def sub_vp(**parts):
    """Sub-VP with parts changed."""
    return lambda *beta: changed(sde.sub_vp(*beta), **parts)


def square_root_of_diffusion_left_out(*beta):
    right = sde.vp(*beta)
    return right._replace(diffusion=lambda t: right.diffusion(t) ** 2)


def std_of_data_with_sigma_min(low=0.01, high=50.0):
    return changed(sde.ve(low, high), kernel=lambda scale, std: (scale, np.sqrt(std**2 + low**2)))


def slope_of_sigma_for_diffusion(low=0.01, high=50.0):
    return changed(sde.ve(low, high), diffusion=np.sqrt(np.log(high / low) / 2))


WRONG_VP = {
    "β for √β": square_root_of_diffusion_left_out,
    "drift −βa": vp(drift=2.0),
    "drift 1 % too strong": vp(drift=1.01),
    "drift away from 0": vp(drift=-1.0),
    "scale e^{−B}, std² = 1 − e^{−2B}": vp(kernel=lambda scale, std: (scale**2, np.sqrt(1 - scale**4))),
    "std² for std": vp(kernel=lambda scale, std: (scale, std**2)),
    "products of β for products of 1 − β": shipped(
        vp(kernel=lambda scale, std: (std, scale)), project="dpm-solver", thread="#13"
    ),
    "products of α for 1 − β: scale² for scale": shipped(
        vp(kernel=lambda scale, std: (scale**2, std)), project="score_sde_pytorch", thread="#73"
    ),
    "exponential forgotten: scale −B/2": shipped(
        vp(kernel=lambda scale, std: (np.log(scale), std)), project="diffusers", thread="#2090"
    ),
    "std² = 1 − scale: a missing square": shipped(
        vp(kernel=lambda scale, std: (scale, np.sqrt(1 - scale))), project="diffusers", thread="#590"
    ),
}
WRONG_SUB_VP = {
    "VP's std": sub_vp(kernel=lambda scale, std: (scale, np.sqrt(std))),
    "std² for std": sub_vp(kernel=lambda scale, std: (scale, std**2)),
    "drift 1 % too weak": sub_vp(drift=0.99),
}
WRONG_VE: dict[str, Callable | Shipped] = {
    "std = σ(t): the kernel of another process": shipped(
        std_of_data_with_sigma_min, project="score_sde", version="VESDE"
    ),
    "g = σ√(log ratio), without the 2": lambda *sigmas: changed(sde.ve(*sigmas), diffusion=np.sqrt(0.5)),
    "g 1 % too large": lambda *sigmas: changed(sde.ve(*sigmas), diffusion=1.01),
    "g = σ′": slope_of_sigma_for_diffusion,
}


def root_of_diffusion_missing(*beta):
    right, beta_of = sde.sub_vp(*beta), sde.vp(*beta)
    return right._replace(diffusion=lambda t: beta_of.diffusion(t) * beta_of.kernel(t)[1])


def linear_sigma(low=0.01, high=50.0):
    right = sde.ve(low, high)
    return right._replace(kernel=lambda t: (1.0, np.sqrt((low + (high - low) * t) ** 2 - low**2)))


mean_and_variance_odes_integrate_to_the_kernels.mutants(
    WRONG_VP
    | {
        "σ′(t) twice too large: g² = 2β": shipped(
            vp(diffusion=np.sqrt(2)), project="deepinv", version="0.4.2", thread="PR #1343"
        )
    },
    replaces="vp",
)
mean_and_variance_odes_integrate_to_the_kernels.mutants(
    WRONG_SUB_VP
    | {
        "g² = β(1 − e^{−B})": root_of_diffusion_missing,
        "VP's g": lambda *beta: sde.sub_vp(*beta)._replace(diffusion=sde.vp(*beta).diffusion),
    },
    replaces="sub_vp",
)
mean_and_variance_odes_integrate_to_the_kernels.mutants(WRONG_VE | {"σ linear in t": linear_sigma}, replaces="ve")
vp_and_sub_vp_have_the_usual_schedules.mutants(
    WRONG_VP | {"βmax 1 % too large": lambda low=0.1, high=20.0: sde.vp(low, 1.01 * high)}, replaces="vp"
)
vp_and_sub_vp_have_the_usual_schedules.mutants(
    WRONG_SUB_VP | {"β from 0": lambda low=0.1, high=20.0: sde.sub_vp(1e-9, high)}, replaces="sub_vp"
)
ve_has_the_usual_schedule.mutants(
    WRONG_VE | {"σmin 1 % too large": lambda low=0.01, high=50.0: sde.ve(1.01 * low, high)}
)
processes_take_any_schedule_and_a_time_for_each_point.mutants(
    {"βmin = 0.1 whatever is asked for": lambda low=0.1, high=20.0: sde.vp(0.1, high)}, replaces="vp"
)
processes_take_any_schedule_and_a_time_for_each_point.mutants(
    {"βmin = 0.1 whatever is asked for": lambda low=0.1, high=20.0: sde.sub_vp(0.1, high)}, replaces="sub_vp"
)
processes_take_any_schedule_and_a_time_for_each_point.mutants(
    {
        "one time for all points": lambda *sigmas: sde.ve(*sigmas)._replace(
            diffusion=lambda t: sde.ve(*sigmas).diffusion(np.ravel(t)[0]) + 0 * t
        )
    },
    replaces="ve",
)
