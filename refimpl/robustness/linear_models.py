r"""Adversarial risk of linear models, exactly: an attack costs each margin ε times the dual norm of the weights.

.. math:: \max_{\|\eta\| \le \epsilon} \ell(b \langle x, a + \eta \rangle)
          = \ell(b \langle x, a \rangle - \epsilon \|x\|_*) \qquad \text{for nonincreasing } \ell
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, is_foreign, nonnegative
from refimpl.arguments.records import record
from refimpl.backpropagation.activations import relu, softplus
from refimpl.robustness.duality import any_norm, dual_norm, steepest_direction


class MarginLoss(NamedTuple):
    """A nonincreasing function ℓ of margins, and its slope; at a kink that of the left side."""

    name: str
    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]


logistic = MarginLoss("logistic", lambda m: softplus.value(-m), lambda m: -softplus.slope(-m))
hinge = MarginLoss("hinge", lambda m: relu.value(1 - m), lambda m: -1.0 * (m <= 1))


def _check_signs(name: str, value: Any, sizes: Sizes) -> Any:
    b = array("n").check(name, value, sizes)
    if not is_foreign(b) and (np.abs(b) != 1).any():
        raise ValueError(f"{name} must be 1 or -1, got {b[np.abs(b) != 1][0]}")
    return b


_loss = record(MarginLoss)
_model = {"x": array("p"), "a": array("n p"), "b": Domain("array (n,) of ±1", _check_signs)}
_attack = {"eps": nonnegative, "norm": any_norm}


@domain(**_model, **_attack)
def worst_inputs(x: Any, a: Any, b: Any, eps: float, norm: Any = "inf") -> Any:
    r"""The inputs of the ball with the least margins.

    .. math:: a - \epsilon b \operatorname{argmax}_{\|\eta\| \le 1} \langle x, \eta \rangle

    Parameters
    ----------
    x : (p,) array
        Weights.
    a : (n, p) array
        Inputs.
    b : (n,) array
        Labels, ±1.
    eps : float
        Radius ε ≥ 0.
    norm : {"inf", "2", "1"}, or a number
        The norm of the ball.

    Returns
    -------
    (n, p) array

    References
    ----------
    Slide "Robustness examples in ML"; Madry et al. 2018.

    Examples
    --------
    >>> worst_inputs([3.0, -4.0], [[1.0, 1.0]], [1.0], 0.5)
    array([[0.5, 1.5]])
    """
    return a - eps * b[:, None] * bare(steepest_direction)(x, norm)


@domain(**_model, **_attack)
def robust_margins(x: Any, a: Any, b: Any, eps: float, norm: Any = "inf") -> Any:
    r"""The least margins on the balls around the inputs.

    .. math:: \min_{\|\eta\| \le \epsilon} b \langle x, a + \eta \rangle = b \langle x, a \rangle - \epsilon \|x\|_*

    Parameters
    ----------
    x, a, b, eps, norm
        As in `worst_inputs`.

    Returns
    -------
    (n,) array

    References
    ----------
    Slide "Robustness examples in ML"; Madry et al. 2018.

    Examples
    --------
    >>> robust_margins([3.0, -4.0], [[1.0, 1.0]], [-1.0], 0.5)  # 1 − ½ · 7
    array([-2.5])
    """
    return b * (a @ x) - eps * bare(dual_norm)(x, norm)


@domain(loss=_loss, **_model, **_attack)
def adversarial_risk(loss: MarginLoss, x: Any, a: Any, b: Any, eps: float, norm: Any = "inf") -> float:
    r"""The mean of the worst losses; at ε = 0 the empirical risk.

    .. math:: \frac1n \sum_i \max_{\|\eta\| \le \epsilon} \ell(b_i \langle x, a_i + \eta \rangle)

    Parameters
    ----------
    loss : MarginLoss
        ℓ, such as `logistic` or `hinge`.
    x, a, b, eps, norm
        As in `worst_inputs`.

    Returns
    -------
    float

    References
    ----------
    Slides "Recall: from empirical risk minimization to minimax optimization", "Robustness examples in ML".

    Examples
    --------
    >>> float(adversarial_risk(hinge, [3.0, -4.0], [[1.0, 1.0]], [-1.0], 0.5))
    3.5
    """
    return loss.value(bare(robust_margins)(x, a, b, eps, norm)).mean()


@domain(loss=_loss, **_model, **_attack)
def adversarial_gradient(loss: MarginLoss, x: Any, a: Any, b: Any, eps: float, norm: Any = "inf") -> Any:
    r"""Gradient of the adversarial risk in the weights: that of the risk at the worst inputs, held fixed (Danskin).

    .. math:: \frac1n \sum_i \ell'(b_i \langle x, a_i + \eta_i \rangle) \, b_i (a_i + \eta_i)

    Parameters
    ----------
    loss, x, a, b, eps, norm
        As in `adversarial_risk`.

    Returns
    -------
    (p,) array

    References
    ----------
    Slide "Robustness examples in ML"; Danskin 1967; Madry et al. 2018, Appendix A.

    Examples
    --------
    >>> adversarial_gradient(hinge, [3.0, -4.0], [[1.0, 1.0]], [-1.0], 0.5)
    array([1.5, 0.5])
    """
    worst = bare(worst_inputs)(x, a, b, eps, norm)
    return (loss.slope(b * (worst @ x)) * b) @ worst / len(a)
