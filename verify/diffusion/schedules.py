"""Noise levels: slide "The answer: Diffusion models"."""

import numpy as np

from refimpl.diffusion import schedules
from verify.claims import claim, shipped
from verify.evidence import equal, rounding


@claim("D11", slide="The answer: Diffusion models", source="Karras et al. 2022, eq. (5)")
def noise_levels_are_even_in_a_root(rng, *, noise_levels=schedules.noise_levels):
    r"""From σmax to σmin in n levels, then 0: σ^{1/ρ} is evenly spaced; for ρ → ∞ it is a geometric sequence."""
    for _ in range(5):
        low, high = 10 ** rng.uniform([-3, 0], [-1, 2])
        n, rho = int(rng.integers(5, 50)), rng.uniform(1, 9)
        levels = np.asarray(noise_levels(high, low, n, rho))
        yield equal("ends", levels[[0, -2, -1]], [high, low, 0.0], rtol=rounding(256))
        roots = np.linspace(high ** (1 / rho), low ** (1 / rho), n)
        yield equal("σ^{1/ρ}", levels[:-1] ** (1 / rho), roots, rtol=rounding(256))
        geometric = np.geomspace(high, low, n)
        flat = np.log(high / low) ** 2 / 1e6
        yield equal("ρ = 10⁶", np.asarray(noise_levels(high, low, n, 1e6))[:-1], geometric, rtol=flat + 1e-8)
    usual = np.append(np.linspace(80 ** (1 / 7), 0.002 ** (1 / 7), 18) ** 7, 0.0)
    yield equal("ρ = 7 unless given", noise_levels(80.0, 0.002, 18), usual, rtol=rounding(256))


noise_levels_are_even_in_a_root.mutants({
    "one level too few": lambda sigma_max, sigma_min, num_steps, rho: schedules.noise_levels(
        sigma_max, sigma_min, num_steps - 1, rho
    ),
    "the last level twice": shipped(
        lambda sigma_max, sigma_min, num_steps, rho=7.0: np.insert(
            schedules.noise_levels(sigma_max, sigma_min, num_steps, rho)[:-1], num_steps, [sigma_min, 0.0]
        ),
        project="Hunyuan3D-2.1",
        thread="#209",
    ),
    "σ 1 % too large": lambda sigma_max, sigma_min, num_steps, rho=7.0: (
        1.01 * schedules.noise_levels(sigma_max, sigma_min, num_steps, rho)
    ),
    "no 0 at the end": lambda sigma_max, sigma_min, num_steps, rho: schedules.noise_levels(
        sigma_max, sigma_min, num_steps, rho
    )[:-1],
    "ρ for 1/ρ": lambda sigma_max, sigma_min, num_steps, rho: schedules.noise_levels(
        sigma_max, sigma_min, num_steps, 1 / rho
    ),
    "evenly spaced": lambda sigma_max, sigma_min, num_steps, rho: np.append(
        np.linspace(sigma_max, sigma_min, num_steps), 0.0
    ),
    "i/n for i/(n − 1)": lambda sigma_max, sigma_min, num_steps, rho: np.append(
        schedules.noise_levels(sigma_max, sigma_min, num_steps + 1, rho)[:-2], 0.0
    ),
    "ρ = 5 unless given": lambda sigma_max, sigma_min, num_steps, rho=5.0: schedules.noise_levels(
        sigma_max, sigma_min, num_steps, rho
    ),
})
