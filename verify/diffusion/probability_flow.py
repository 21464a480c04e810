"""The probability flow, by several methods: slide "Reverse diffusion"."""

import itertools

import numpy as np
import scipy

from refimpl.diffusion import marginals, sampler, sde
from refimpl.diffusion import probability_flow as flows
from verify.claims import claim, shipped
from verify.diffusion.denoising_progressive import cdf, falls, line_mixture, quantiles
from verify.diffusion.sampler import CROOKED, SLIDE, crooked_score, gaussian_score
from verify.evidence import equal, rounding


def processes():
    """One SDE of each kind."""
    return sde.vp(), sde.sub_vp(), sde.ve(0.1, 5.0)


@claim("D13", slide=SLIDE, source="Song et al. 2021, eq. (13)")
def flow_steps_follow_the_field(
    rng,
    *,
    probability_flow_step=sampler.probability_flow_step,
    heun_step=flows.heun_step,
    velocity=sampler.velocity,
):
    r"""Euler: a + F dt, F = f − ½g²s, both ways in time; Heun: the trapezium of F at both ends: any SDE, any score."""
    a = rng.uniform(-2, 2, (40, 3))

    def F(a, t):
        return np.sin(a) * (1 + t) - (0.7 + 2 * t * t) ** 2 * (np.cos(2 * a) - a[:, ::-1] * t) / 2

    for t in rng.uniform(0.3, 0.7, 5):
        for dt in (-t * rng.uniform(0.1, 0.9), (1 - t) * rng.uniform(0.1, 0.9)):
            yield equal("F", velocity(CROOKED, crooked_score, a, t), F(a, t), atol=rounding(64, 40))
            measured = probability_flow_step(CROOKED, crooked_score, a, t, dt)
            yield equal("Euler", measured, a + dt * F(a, t), atol=rounding(64, 40))
            expected = a + dt / 2 * F(a, t) + dt / 2 * F(a + dt * F(a, t), t + dt)
            yield equal("Heun", heun_step(CROOKED, crooked_score, a, t, dt), expected, atol=rounding(1e4, 40))


def midpoint_method(process, score, a, t, dt):
    middle = sampler.probability_flow_step(process, score, a, t, dt / 2)
    return a + 2 * (sampler.probability_flow_step(process, score, middle, t + dt / 2, dt / 2) - middle)


def second_slope_at_t(process, score, a, t, dt):
    first = sampler.probability_flow_step(process, score, a, t, dt)
    return (a + sampler.probability_flow_step(process, score, first, t, dt)) / 2


def some_of_the_second_slope_lost(process, score, a, t, dt):
    return 0.99 * flows.heun_step(process, score, a, t, dt) + 0.01 * sampler.probability_flow_step(
        process, score, a, t, dt
    )


flow_steps_follow_the_field.mutants(
    {
        "the reverse SDE's field": lambda process, score, a, t: sampler.velocity(
            process, lambda a, t: 2 * score(a, t), a, t
        )
    },
    replaces="velocity",
)
flow_steps_follow_the_field.mutants(
    {
        "g² for ½g²": lambda process, score, a, t, dt: sampler.probability_flow_step(
            process, lambda a, t: 2 * score(a, t), a, t, dt
        ),
        "backward whatever the sign of dt": lambda process, score, a, t, dt: (
            a - (sampler.probability_flow_step(process, score, a, t, dt) - a) * np.sign(dt)
        ),
        "score at t + dt": lambda process, score, a, t, dt: sampler.probability_flow_step(
            process, lambda a, t: score(a, t + dt), a, t, dt
        ),
    },
    replaces="probability_flow_step",
)
flow_steps_follow_the_field.mutants(
    {
        "Euler's": lambda process, score, a, t, dt: sampler.probability_flow_step(process, score, a, t, dt),
        "the midpoint method": midpoint_method,
        "second slope at t": second_slope_at_t,
        "1 % of the second slope lost": some_of_the_second_slope_lost,
    },
    replaces="heun_step",
)


def exact_map(process, m, v, a, t, t_end):
    """Where the flow of data N(m, v) carries points: it keeps their distance from the mean in standard deviations."""
    (scale, std), (scale_end, std_end) = process.kernel(t), process.kernel(t_end)
    stretch = np.sqrt((scale_end**2 * v + std_end**2) / (scale**2 * v + std**2))
    return scale_end * m + stretch * (a - scale * m)


@claim("D13", slide=SLIDE, source="Karras et al. 2022, Section 3; Gaussian laws")
def orders_of_the_flows_methods(rng, *, flow=flows.flow):
    r"""Against the exact map of Gaussian data, errors fall like 1/n (Euler, DDIM) and 1/n² (Heun): VP, sub-VP, VE."""
    m, v, points = rng.uniform(-1, 1, 3), rng.uniform(0.7, 1) * np.array([0.3, 1, 3]), rng.standard_normal((30, 3))
    for process in processes():
        end = rng.uniform(0.1, 0.2)
        start = process.kernel(1.0)[1] * points
        target = exact_map(process, m, v, start, 1.0, end)
        counts = np.array([150, 170, 200, 230, 260, 300, 340, 400, 460, 520, 600])
        for method, order in (("euler", -1), ("ddim", -1), ("heun", -2)):
            reached = [
                flow(process, gaussian_score(process, m, v), start, np.linspace(1, end, n + 1), method) for n in counts
            ]
            error = np.sqrt(((np.array(reached) - target) ** 2).mean((1, 2)))
            yield from falls(f"{process.name}, {method}: error against n", counts, error, order, rtol=0.25)
    score, times = gaussian_score(process, m, v), np.linspace(1, end, 9)
    yield equal("Heun's unless said", flow(process, score, start, times), flow(process, score, start, times, "heun"))


def score_stays_at_t(process, score, a, times, method):
    for t, t_next in itertools.pairwise(times):
        a = flows.STEPS[method](process, lambda b, s, t=t: score(b, t), a, t, t_next - t)
    return a


orders_of_the_flows_methods.mutants({
    "always Euler's steps": lambda process, score, a, times, method: flows.flow(process, score, a, times, "euler"),
    "times truncated to thousandths": shipped(
        lambda process, score, a, times, method: flows.flow(
            process, lambda a, t: score(a, np.floor(1000 * t) / 1000), a, times, method
        ),
        project="diffusers",
        thread="#12771",
    ),
    "last step left out": lambda process, score, a, times, method: flows.flow(process, score, a, times[:-1], method),
    "Heun's method for DDIM": lambda process, score, a, times, method: flows.flow(
        process, score, a, times, method.replace("ddim", "heun")
    ),
    "first-order Heun: the score stays at t": score_stays_at_t,
    "score 1 % too small": lambda process, score, a, times, method: flows.flow(
        process, lambda a, t: 0.99 * score(a, t), a, times, method
    ),
})


@claim("D13", slide=SLIDE, source="quantiles: the flow on the line is monotone")
def solved_flow_keeps_every_quantile(rng, *, solve_flow=flows.solve_flow):
    r"""On the line the flow carries the u-quantile of p_t to that of p_s, for all u, back and forth in time."""
    law = line_mixture(rng)
    u = np.concatenate([[1e-4], rng.uniform(0, 1, 30), [1 - 1e-4]])
    for process in processes():
        score = marginals.marginal_score(process, law[0], law[1][:, None], law[2][:, None, None])
        low, high = rng.uniform(0.05, 0.2), rng.uniform(0.5, 1)
        at = {}
        for t in (low, high):
            scale, std = process.kernel(t)
            at[t] = (law[0], scale * law[1], scale**2 * law[2] + std**2)
        for t, t_end in ((high, low), (low, high)):
            start = quantiles(u, at[t])[:, None]
            reached = np.asarray(solve_flow(process, score, start, t, t_end, rtol=1e-9, atol=1e-9))[:, 0]
            yield equal(f"{process.name}: quantiles from {t:.2f} to {t_end:.2f}", cdf(reached, at[t_end]), u, atol=1e-6)


def forty_euler_steps(process, score, a, t, t_end, rtol, atol):
    for s, s_next in itertools.pairwise(np.linspace(t, t_end, 41)):
        a = sampler.probability_flow_step(process, score, a, s, s_next - s)
    return a


solved_flow_keeps_every_quantile.mutants({
    "g² for ½g²": lambda process, score, a, t, t_end, rtol, atol: flows.solve_flow(
        process, lambda a, t: 2 * score(a, t), a, t, t_end, rtol, atol
    ),
    "ends 1 % too early": lambda process, score, a, t, t_end, rtol, atol: flows.solve_flow(
        process, score, a, t, t_end + 0.01 * (t - t_end), rtol, atol
    ),
    "always back in time": lambda process, score, a, t, t_end, rtol, atol: flows.solve_flow(
        process, score, a, max(t, t_end), min(t, t_end), rtol, atol
    ),
    "coarse: forty Euler steps": forty_euler_steps,
    "score 1 % too large": lambda process, score, a, t, t_end, rtol, atol: flows.solve_flow(
        process, lambda a, t: 1.01 * score(a, t), a, t, t_end, rtol, atol
    ),
})


@claim("D13", slide=SLIDE, source="Song, Meng & Ermon 2021; variation of constants")
def ddim_is_the_flow_with_frozen_noise(rng, *, ddim_step=flows.ddim_step):
    r"""DDIM solves da/dt = f + ½g²ε/std(t) exactly with ε frozen, ε = −std·s at the start: VP, sub-VP, VE, dt long.

    So it is exact when the data are one point, whatever the step.
    """
    a = rng.uniform(-2, 2, (6, 3))
    for process in processes():
        t, t_next = rng.uniform(0.6, 1), rng.uniform(0.1, 0.3)
        frozen = -process.kernel(t)[1] * (np.cos(2 * a) - a[:, ::-1] * t)

        def field(s, flat, process=process, frozen=frozen):
            b = flat.reshape(a.shape)
            return (process.drift(b, s) + process.diffusion(s) ** 2 / 2 * frozen / process.kernel(s)[1]).ravel()

        solved = scipy.integrate.solve_ivp(field, (t, t_next), a.ravel(), "DOP853", rtol=1e-12, atol=1e-12)
        expected = solved.y[:, -1].reshape(a.shape)
        measured = ddim_step(process, crooked_score, a, t, t_next - t)
        yield equal(f"{process.name}: one long step", measured, expected, atol=1e-9 * np.abs(expected).max())
        scale, std = process.kernel(t)
        z, point = rng.standard_normal((2, 6, 3))

        def to_the_point(b, s, process=process, point=point):
            scale, std = process.kernel(s)
            return (scale * point - b) / std**2

        whole = ddim_step(process, to_the_point, scale * point + std * z, t, -t)
        yield equal(f"{process.name}: data at one point, in one step", whole, point, atol=rounding(64, 20 / scale))


def ddim(scale=lambda scale, std: scale, std=lambda scale, std: std, noise=lambda score, std: -std * score):
    """The step scale⁺(a − std·ε)/scale + std⁺ε, to be spoilt in scale⁺ and std⁺, those of the end, or in ε."""

    def step(process, score, a, t, dt):
        (scale_now, std_now), last = process.kernel(t), process.kernel(max(t + dt, 0.0))
        epsilon = noise(score(a, t), std_now)
        return scale(*last) / scale_now * (a - std_now * epsilon) + std(*last) * epsilon

    return step


ddim_is_the_flow_with_frozen_noise.mutants({
    "Euler's step": lambda process, score, a, t, dt: sampler.probability_flow_step(process, score, a, t, dt),
    "std⁺ for scale⁺": ddim(scale=lambda scale, std: std),
    "score for noise": ddim(noise=lambda score, std: -score),
    "noise 1 % too large": ddim(noise=lambda score, std: -1.01 * std * score),
    "not rescaled: x₀ + std⁺ε": ddim(scale=lambda scale, std: 1.0),
    "only for VP: std⁺ = √(1 − scale⁺²)": ddim(std=lambda scale, std: np.sqrt(1 - scale**2)),
})


@claim("D13", slide=SLIDE, source="Song, Meng & Ermon 2021, eq. (7), (12) and (16)")
def ddim_with_noise_keeps_the_law_of_the_noise(rng, *, ddim_step=flows.ddim_step):
    r"""One point x₀ under noise: a⁺ = scale⁺x₀ + std⁺(c ε + s z), c² + s² = 1, s = η std⁺/std √(1 − ᾱ_t/ᾱ_t⁺) / std⁺.

    Every η gives the same law at t⁺. VP as in the paper (ᾱ = scale²), sub-VP and VE by σ = std/scale; η from 0 to 1;
    steps from a millionth of the way to the whole.
    """
    point, epsilon, z = rng.standard_normal((3, 20, 3))
    for process in processes():
        t = rng.uniform(0.3, 1)
        (scale, std), kernel = process.kernel(t), process.kernel

        def to_the_point(b, s, kernel=kernel):
            scale, std = kernel(s)
            return (scale * point - b) / std**2

        a = scale * point + std * epsilon
        for share in (1e-6, rng.uniform(0.2, 0.8), 0.999, 1.0):
            scale_next, std_next = kernel(t - share * t if share < 1 else 0.0)
            level, level_next = std / scale, std_next / scale_next
            for eta in (0.0, 1e-3, rng.uniform(0.1, 0.9), 1.0):
                fresh = eta * np.sqrt((level - level_next) * (level + level_next)) / level  # s
                expected = scale_next * point + std_next * (np.sqrt(1 - fresh**2) * epsilon + fresh * z)
                if process.name == "vp" and share in (0.999,):
                    alpha, alpha_next = scale**2, scale_next**2
                    paper = eta * np.sqrt((1 - alpha_next) / (1 - alpha) * (1 - alpha / alpha_next))
                    yield equal(f"vp, η = {eta:.3g}: σ of the paper", std_next * fresh, paper, rtol=1e-9)
                measured = ddim_step(process, to_the_point, a, t, -share * t, eta=eta, z=z)
                error = rounding(1e3, 10 * (1 + scale_next / scale) * (1 + std))
                yield equal(f"{process.name}, {share:g} of the way, η = {eta:.3g}", measured, expected, atol=error)
        short = ddim_step(process, to_the_point, a, t, -0.5 * t)
        told = ddim_step(process, to_the_point, a, t, -0.5 * t, eta=0.0, z=z)
        yield equal(f"{process.name}: η = 0 unless told", short, told)


def noisy_ddim(fresh=lambda eta, r: eta * np.sqrt(1 - r**2), kept=lambda s, eta: np.sqrt(1 - s**2)):
    """The step with other shares of fresh and of kept noise, to be spoilt."""

    def step(process, score, a, t, dt, *, eta=0.0, z=None):
        (scale, std), (scale_next, std_next) = process.kernel(t), process.kernel(max(t + dt, 0.0))
        s = fresh(eta, std_next / scale_next / (std / scale))
        epsilon = -std * score(a, t)
        new = 0 if z is None else s * z
        return scale_next / scale * (a - std * epsilon) + std_next * (kept(s, eta) * epsilon + new)

    return step


ddim_with_noise_keeps_the_law_of_the_noise.mutants({
    "η for η² in the noise that is kept": shipped(
        noisy_ddim(kept=lambda s, eta: np.sqrt(1 - s**2 / max(eta, 1e-300))), project="DDPM_inversion", thread="#12"
    ),
    "fresh noise on top of all of the old": noisy_ddim(kept=lambda s, eta: 1.0),
    "√η": noisy_ddim(fresh=lambda eta, r: np.sqrt(eta) * np.sqrt(1 - r**2)),
    "√(1 − r) for √(1 − r²)": noisy_ddim(fresh=lambda eta, r: eta * np.sqrt(1 - r)),
    "fresh noise 1 % too large": lambda process, score, a, t, dt, *, eta=0.0, z=None: flows.ddim_step(
        process, score, a, t, dt, eta=eta, z=None if z is None else 1.01 * z
    ),
    "η left out": lambda process, score, a, t, dt, *, eta=0.0, z=None: flows.ddim_step(process, score, a, t, dt),
    "η = 1 unless told": lambda process, score, a, t, dt, *, eta=1.0, z=None: flows.ddim_step(
        process, score, a, t, dt, eta=eta, z=0 * a if z is None else z
    ),
})
