r"""The exact law of each sampler on Gaussian data N(m, v): again Gaussian, by recursions for its mean and variance.

A covariance is handled in the coordinates of its eigenvectors, where v holds the eigenvalues.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain
from refimpl.diffusion.schedules import falling, falling_times, march
from refimpl.diffusion.sde import SDE, process

_numbers = array("...")


def _check_variance(name: str, value: Any, sizes: Sizes) -> Any:
    v = _numbers.check(name, value, sizes)
    if (v < 0).any():
        raise ValueError(f"{name} must be >= 0, got {v.min():g}")
    return v


_variance = Domain("a number or array, >= 0", _check_variance)
_data = {"m": _numbers, "v": _variance, "m0": _numbers, "v0": _variance}


@domain(**_data, sigmas=falling)
def denoising_law(m: Array, v: Array, sigmas: Array, m0: Array, v0: Array) -> tuple[Array, Array]:
    r"""Mean and variance after `denoise` with the exact denoiser of N(m, v).

    .. math:: m^+ = m + c (m_k - m), \quad v^+ = c^2 v_k, \qquad
              c = \frac{v + \sigma \sigma^+}{v + \sigma^2}

    Parameters
    ----------
    m, v : float or array
        Mean and variance of the data, v ≥ 0.
    sigmas : (num_steps + 1,) array
        Noise levels, falling, all but the last > 0.
    m0, v0 : float or array
        Mean and variance of the start; those of the noised data are m and v + σ₀².

    Returns
    -------
    mean, variance : float or array

    References
    ----------
    Slide "The answer: Diffusion models".

    Examples
    --------
    >>> mean, variance = denoising_law(0.0, 1.0, [2.0, 1.0, 0.0], 0.0, 5.0)  # 5 (3/5)² (1/2)²
    >>> float(variance.round(12))
    0.45
    """

    def step(law: Array, sigma: float, sigma_next: float) -> Array:
        c = (v + sigma * sigma_next) / (v + sigma**2)
        return np.stack([m + c * (law[0] - m), c**2 * law[1]])

    return tuple(march(step, _start(m, v, m0, v0), sigmas))


@domain(**_data, sigmas=falling)
def ancestral_denoising_law(m: Array, v: Array, sigmas: Array, m0: Array, v0: Array) -> tuple[Array, Array]:
    r"""Mean and variance after `ancestral_denoise` with the exact denoiser of N(m, v).

    .. math:: m^+ = m + c (m_k - m), \quad
              v^+ = c^2 v_k + \sigma^{+2} \Big(1 - \frac{\sigma^{+2}}{\sigma^2}\Big), \qquad
              c = \frac{v + \sigma^{+2}}{v + \sigma^2}

    Parameters
    ----------
    m, v, sigmas, m0, v0
        As for `denoising_law`.

    Returns
    -------
    mean, variance : float or array

    References
    ----------
    Slide "The answer: Diffusion models".

    Examples
    --------
    >>> mean, variance = ancestral_denoising_law(0.0, 1.0, [2.0, 1.0, 0.0], 0.0, 5.0)  # (5 (2/5)² + 3/4)/4
    >>> float(variance.round(12))
    0.3875
    """

    def step(law: Array, sigma: float, sigma_next: float) -> Array:
        c = (v + sigma_next**2) / (v + sigma**2)
        return np.stack([m + c * (law[0] - m), c**2 * law[1] + sigma_next**2 * (1 - sigma_next**2 / sigma**2)])

    return tuple(march(step, _start(m, v, m0, v0), sigmas))


@domain(sde=process, **_data, times=falling_times)
def reverse_law(sde: SDE, m: Array, v: Array, times: Array, m0: Array, v0: Array) -> tuple[Array, Array]:
    r"""Mean and variance after steps of Euler-Maruyama back in time, with the exact score of N(m, v).

    .. math:: v^+ = (1 + \alpha \, dt)^2 v_k + g^2 |dt|, \qquad
              \alpha = c(t) + \frac{g^2}{\text{scale}^2 v + \text{std}^2}, \quad f(a, t) = c(t) a

    Parameters
    ----------
    sde : SDE
        The forward process, of linear drift.
    m, v : float or array
        Mean and variance of the data, v ≥ 0.
    times : (num_steps + 1,) array
        Times, falling, ≤ 1, all but the last > 0.
    m0, v0 : float or array
        Mean and variance at the first time.

    Returns
    -------
    mean, variance : float or array

    References
    ----------
    Slide "Reverse diffusion".

    Examples
    --------
    >>> from refimpl.diffusion.sde import vp
    >>> mean, variance = reverse_law(vp(2.0, 2.0), 0.0, 1.0, [1.0, 0.9], 0.0, 1.0)  # (1 − 0.1)² + 2·0.1
    >>> float(variance.round(12))
    1.01
    """
    return _backward(sde, m, v, times, m0, v0, noise=1.0)


@domain(sde=process, **_data, times=falling_times)
def flow_law(sde: SDE, m: Array, v: Array, times: Array, m0: Array, v0: Array) -> tuple[Array, Array]:
    r"""Mean and variance after Euler steps of the probability flow back in time, with the exact score of N(m, v).

    .. math:: v^+ = (1 + \alpha \, dt)^2 v_k, \qquad
              \alpha = c(t) + \frac{g^2 / 2}{\text{scale}^2 v + \text{std}^2}, \quad f(a, t) = c(t) a

    Parameters
    ----------
    sde, m, v, times, m0, v0
        As for `reverse_law`.

    Returns
    -------
    mean, variance : float or array

    References
    ----------
    Slide "Reverse diffusion".

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> mean, variance = flow_law(ve(), 0.0, 1.0, [1.0, 0.9], 0.0, 1.0)
    >>> bool(variance < 1)
    True
    """
    return _backward(sde, m, v, times, m0, v0, noise=0.0)


def _backward(sde: SDE, m: Array, v: Array, times: Array, m0: Array, v0: Array, noise: float) -> tuple[Array, Array]:
    drift, diffusion, kernel = bare(sde.drift), bare(sde.diffusion), bare(sde.kernel)

    def step(law: Array, t: float, t_next: float) -> Array:
        dt, c, g, (scale, std) = t_next - t, drift(1.0, t), diffusion(t), kernel(t)
        pull = (1 + noise) / 2 * g**2 / (scale**2 * v + std**2)
        mean, variance = law
        return np.stack([
            mean + (c * mean + pull * (mean - scale * m)) * dt,
            (1 + (c + pull) * dt) ** 2 * variance - noise * g**2 * dt,
        ])

    return tuple(march(step, _start(m, v, m0, v0), times))


def _start(m: Array, v: Array, m0: Array, v0: Array) -> Array:
    return np.stack(np.broadcast_arrays(m, v, m0, v0)[2:])
