"""Stochastic gradient descent as Langevin Monte Carlo at another temperature."""

from typing import Any

from refimpl.arguments.array_domains import alike
from refimpl.arguments.arrays import Field
from refimpl.arguments.domains import bare, domain, field, positive
from refimpl.sampling.langevin import lmc_step

_points = alike("... p")


@domain(grad_f=field, a=_points, eta=positive, sigma=positive, z=_points)
def perturbed_sgd_step(grad_f: Field, a: Any, eta: float, sigma: float, z: Any) -> Any:
    r"""One step of gradient descent with noise σz in its gradient.

    .. math:: a^+ = a - \eta \big(\nabla f(a) - \sigma z\big) = a - \eta \nabla f(a) + \sqrt{2 \eta T} \, z,
              \qquad T = \eta \sigma^2 / 2

    This is a step ηT of Langevin Monte Carlo on f/T: its temperature T falls with η.

    Parameters
    ----------
    grad_f : callable
        ∇f of the objective.
    a : (..., p) array
        Points.
    eta : float
        Step size η, > 0.
    sigma : float
        Standard deviation of the noise in each coordinate of the gradient, > 0.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", remarks.

    Examples
    --------
    >>> perturbed_sgd_step(lambda a: a, [1.0, 2.0], 0.5, 2.0, [1.0, -1.0])
    array([1.5, 0. ])
    """
    temperature = eta * sigma**2 / 2
    return bare(lmc_step)(lambda a: grad_f(a) / temperature, a, eta * temperature, z)
