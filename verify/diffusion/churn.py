"""Steps that first add noise: slide "The answer: Diffusion models"."""

import numpy as np
import scipy

from refimpl.diffusion import churn, tweedie
from verify.claims import claim, shipped
from verify.diffusion.denoising_progressive import SLIDE, falls
from verify.diffusion.tweedie_steps import crooked
from verify.evidence import equal, rounding

SOURCE = "Karras et al. 2022, Algorithm 2"


@claim("D11", slide=SLIDE, source=SOURCE)
def churn_is_spread_over_the_steps_and_capped(rng, *, churn_amount=churn.churn_amount):
    r"""γ = S/n while that is below √2 − 1, and √2 − 1 beyond it, which doubles the variance σ²."""
    n = rng.integers(1, 200, 20)
    small = rng.uniform(0, 0.4, 20)
    measured = [churn_amount(share * count, int(count)) for share, count in zip(small, n, strict=True)]
    yield equal("γ below the cap", measured, small, rtol=rounding(8))
    capped = [churn_amount(s, int(count)) for s in (0.5, 40.0, 1e6) for count in (1, 2, 20) if s / count > 0.42]
    yield equal("(1 + γ)² at the cap", (1 + np.array(capped)) ** 2, 2.0, rtol=rounding(8))
    yield equal("no churn", [churn_amount(0.0, 1), churn_amount(0.0, 9)], 0.0)


churn_is_spread_over_the_steps_and_capped.mutants({
    "max for min": shipped(
        lambda churn, num_steps: max(churn / num_steps, np.sqrt(2) - 1), project="Euler-Smea-Dyn-Sampler", thread="#11"
    ),
    "no cap": lambda churn, num_steps: churn / num_steps,
    "one step too many": lambda churn_, num_steps: churn.churn_amount(churn_, num_steps + 1),
    "1 % too much": lambda churn_, num_steps: 1.01 * churn.churn_amount(churn_, num_steps),
})


@claim("D11", slide=SLIDE, source=SOURCE)
def churned_points_have_the_law_of_the_higher_level(rng, *, churn_step=churn.churn_step):
    r"""σ⁺ = 0: D(x̂, σ̂), where X + σZ has become X + σ̂Z; all data at one point p: x⁺ = p + (σ⁺/σ̂)(x̂ − p), any levels.

    So nothing is lost where γ is 0, 10⁻¹² or 10⁶.
    """
    x, z = rng.uniform(-3, 3, (40, 3)), rng.standard_normal((40, 3))
    for sigma in 10 ** rng.uniform(-2, 2, 6):
        for gamma in (0.0, rng.uniform(0.01, 0.4), 5.0):
            raised = sigma * (1 + gamma)
            expected = crooked(x + np.sqrt(raised**2 - sigma**2) * z, raised)
            yield equal(
                f"σ⁺ = 0, σ = {sigma:.3g}, γ = {gamma:.3g}",
                churn_step(crooked, x, sigma, 0.0, gamma, z),
                expected,
                atol=rounding(1e4, 1 + raised) * (1 + raised),
            )
    point, level = rng.standard_normal(3), 10 ** rng.uniform(-1, 1)
    for gamma in (0.0, 1e-12, 1e-6, 0.2, 0.414, 1e6):
        for share in (1.0, 0.9, 1e-3, 1e-6):
            left = share / (1 + gamma)
            added = np.sqrt(gamma) * np.sqrt(2 + gamma)
            expected = left * level * (z + added * z[::-1])
            measured = churn_step(lambda a, s: 0 * a, level * z, level, share * level, gamma, z[::-1])
            error = rounding(64, 5 * level * left * (2 + gamma))
            yield equal(f"one point, γ = {gamma:.3g}, σ⁺/σ = {share:g}", measured, expected, atol=error)
    moved = churn_step(lambda a, s: point + 0 * a, point + level * z, level, level / 3, 0.5, 0 * z)
    yield equal("another point", moved, point + level * z * 2 / 9, atol=rounding(256, 10 + 10 * level))


@claim("D11", slide=SLIDE, source="Karras et al. 2022, Section 4; Heun's method")
def churn_steps_follow_the_flow_to_second_order(rng, *, churn_step=churn.churn_step):
    r"""From x̂ and σ̂ the step to σ⁺ follows dx/dσ = (x − D)/σ; on a denoiser like no other it errs by (σ̂ − σ⁺)³."""
    raised, end, z = rng.uniform(-2, 2, (20, 3)), rng.uniform(1, 2), rng.standard_normal((20, 3))
    delta = np.geomspace(5e-4, 4e-3, 8)
    before, after = end / (1 + delta), end * (1 - delta) / (1 + delta)

    def slope(s, flat):
        a = flat.reshape(raised.shape)
        return ((a - crooked(a, s)) / s).ravel()

    solved = scipy.integrate.solve_ivp(
        slope, (end, after[-1]), raised.ravel(), "DOP853", t_eval=after, rtol=1e-13, atol=1e-14
    )
    reached = [
        churn_step(crooked, raised - np.sqrt(end**2 - low**2) * z, low, last, gamma, z)
        for gamma, low, last in zip(delta, before, after, strict=True)
    ]
    error = np.sqrt(((np.array(reached) - solved.y.T.reshape(-1, *raised.shape)) ** 2).mean((1, 2)))
    yield from falls("error of a step against σ̂ − σ⁺", end - after, error, 3, rtol=0.1)


def churned(level=lambda gamma: 1 + gamma, added=lambda gamma: np.sqrt(gamma * (2 + gamma)), denoised_at=1.0):
    """The step with another level after the noise, or other noise, or D at another level, to be spoilt."""

    def step(denoiser, x, sigma, sigma_next, gamma, z):
        raised = level(gamma) * sigma
        x = x + added(gamma) * sigma * z
        return churn.churn_step(
            lambda a, s: denoiser(a, s * denoised_at if s == raised else s), x, raised, sigma_next, 0.0, 0 * z
        )

    return step


def without_correction(denoiser, x, sigma, sigma_next, gamma, z):
    raised = (1 + gamma) * sigma
    x = x + sigma * np.sqrt(gamma * (2 + gamma)) * z
    return tweedie.denoising_step(denoiser, x, raised, sigma_next)


WRONG_CHURNS = {
    "noise γσ": churned(added=lambda gamma: gamma),
    "noise 1 % too large": churned(added=lambda gamma: 1.01 * np.sqrt(gamma * (2 + gamma))),
    "level not raised": churned(level=lambda gamma: 1.0),
    "D at the level before": lambda denoiser, x, sigma, sigma_next, gamma, z: churned(denoised_at=1 / (1 + gamma))(
        denoiser, x, sigma, sigma_next, gamma, z
    ),
}
churned_points_have_the_law_of_the_higher_level.mutants(
    WRONG_CHURNS
    | {"no new noise": lambda denoiser, x, s, s_next, gamma, z: churn.churn_step(denoiser, x, s, s_next, gamma, 0 * z)}
)
churn_steps_follow_the_flow_to_second_order.mutants(
    WRONG_CHURNS
    | {
        "Euler's step": without_correction,
        "D 1 % too large": lambda denoiser, x, sigma, sigma_next, gamma, z: churn.churn_step(
            lambda a, s: 1.01 * denoiser(a, s), x, sigma, sigma_next, gamma, z
        ),
    }
)
