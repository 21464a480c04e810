"""Posteriors of logistic regression, and real data for one: images of two digits by their principal components."""

from typing import Any, NamedTuple

import autograd.numpy as np
import numpy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, array, domain, integer, positive
from refimpl.data import digits
from refimpl.loops.compiling import bind
from refimpl.sampling.targets import Target


def _check_labels(name: str, value: Any, sizes: dict[str, int]) -> Any:
    labels = array("n").check(name, value, sizes)
    if not np.isin(labels, (-1.0, 1.0)).all():
        raise ValueError(f"{name} must be −1 or 1, got {labels[~np.isin(labels, (-1.0, 1.0))][0]}")
    return labels


@domain(features=array("n p"), labels=Domain("labels −1 or 1, (n,)", _check_labels), precision=positive)
def logistic_regression(features: Array, labels: Array, precision: float = 1.0) -> Target:
    r"""Posterior of the weights a of logistic regression, with the prior N(0, I/λ).

    .. math:: f(a) = \sum_i \log(1 + e^{-y_i d_i^\top a}) + \tfrac{\lambda}{2} \|a\|^2, \qquad
              \nabla f(a) = -\sum_i \frac{y_i d_i}{1 + e^{y_i d_i^\top a}} + \lambda a

    Parameters
    ----------
    features : (n, p) array
        Rows d_i.
    labels : (n,) array
        y_i, −1 or 1.
    precision : float
        λ of the prior, > 0.

    Returns
    -------
    Target
        Its normaliser is not known.

    References
    ----------
    Slide "The sampling problem" (a target of practice).

    Examples
    --------
    >>> logistic_regression([[2.0]], [1.0]).grad_f([0.0])
    array([-1.])
    """
    D, points = labels[:, None] * features, domain(a=array(f"... {features.shape[1]}"))

    def f(a: Any) -> Any:
        return np.logaddexp(0, -(a @ D.T)).sum(-1) + precision / 2 * (a**2).sum(-1)

    return Target("logistic regression", points(f), points(bind(_logistic_gradient, D, precision)))


def _logistic_gradient(a: Any, D: Any, precision: Any) -> Any:
    return precision * a - (0.5 - 0.5 * numpy.tanh(a @ D.T / 2)) @ D


class Regression(NamedTuple):
    """Features (n, 1 + k), of which the first is 1, and labels −1 or 1, (n,)."""

    features: Array
    labels: Array


_digit = Domain("integer from 0 to 9", lambda name, value, sizes: _check_digit(name, value))


def _check_digit(name: str, value: Any) -> int:
    if (digit := integer(0).check(name, value, {})) > 9:
        raise ValueError(f"{name} must be a digit, got {digit}")
    return digit


@domain(first=_digit, second=_digit, components=integer(1))
def digit_regression(first: int = 3, second: int = 8, components: int = 2) -> Regression:
    r"""All images of two digits by their standardised principal components, behind an intercept.

    .. math:: d_i = \Big(1, \frac{u_{i1}}{s_1}, \dots, \frac{u_{ik}}{s_k}\Big), \qquad
              u_{ij} = \langle x_i - \bar x, v_j \rangle, \quad s_j^2 = \tfrac1n \sum_i u_{ij}^2

    Parameters
    ----------
    first, second : int
        The digits with labels −1 and 1.
    components : int
        Number k of principal components v_j.

    Returns
    -------
    Regression

    References
    ----------
    Slide "The sampling problem" (a target of practice).

    Examples
    --------
    >>> features, labels = digit_regression(3, 8, 2)
    >>> features.mean(0).round(12) + 0, features.std(0).round(12)
    (array([1., 0., 0.]), array([0., 1., 1.]))
    """
    images, labels = digits.load()
    chosen = numpy.isin(labels, (first, second))
    centred = images[chosen] - images[chosen].mean(0)
    scores = centred @ numpy.linalg.svd(centred, full_matrices=False)[2][:components].T
    features = numpy.column_stack([numpy.ones(len(scores)), scores / scores.std(0)])
    return Regression(features, numpy.where(labels[chosen] == first, -1.0, 1.0))
