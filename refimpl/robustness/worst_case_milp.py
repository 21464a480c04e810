"""The exact worst case of a small ReLU network on an ℓ∞ ball, by a mixed-integer linear program."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, nonnegative, optional
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, network, sizes_of
from refimpl.backpropagation.mlp import forward
from refimpl.robustness.adversarial import bounds_domain, onto_bounds


class WorstCase(NamedTuple):
    """The least value of a network on a set of inputs, and an input (p,) where it is taken."""

    value: float
    a: Array


def _check_relu(name: str, value: Any, sizes: Sizes) -> Network:
    h = network.check(name, value, sizes)
    if h.activation != relu or sizes["m"] != 1:
        raise ValueError(f"{name} must be a ReLU network of one output, got {h.activation.name}, {sizes['m']} outputs")
    return h


_margin = Domain("ReLU network of one output", _check_relu)


@domain(h=_margin, lower=array("p"), upper=array("p"))
def preactivation_bounds(h: Network, lower: Any, upper: Any) -> list[tuple[Array, Array]]:
    r"""Bounds of the preactivations of all layers on a box, by interval arithmetic.

    .. math:: W c + b \pm |W| r, \qquad c = \tfrac12 (l + u), \quad r = \tfrac12 (u - l)

    Parameters
    ----------
    h : Network
        Of ReLU, with one output.
    lower, upper : (p,) array
        The box.

    Returns
    -------
    list of pairs of arrays
        Lower and upper bounds (m,) of each layer.

    Raises
    ------
    ValueError
        When the box is empty.

    References
    ----------
    Tjeng, Xiao & Tedrake 2019, Section 4.

    Examples
    --------
    >>> from refimpl.backpropagation.layers import Layer
    >>> preactivation_bounds(Network((Layer([[1.0, -1.0]], [0.5]),), relu), [0.0, 0.0], [1.0, 2.0])
    [(array([-1.5]), array([1.5]))]
    """
    if (lower > upper).any():
        raise ValueError(f"lower must be <= upper, got {lower} and {upper}")
    found = []
    for W, b in h.layers:
        centre, radius = W @ (lower + upper) / 2 + b, np.abs(W) @ (upper - lower) / 2
        found.append((centre - radius, centre + radius))
        lower, upper = np.maximum(found[-1], 0)
    return found


@domain(h=_margin, a=array("p"), eps=nonnegative, bounds=optional(bounds_domain))
def worst_case(h: Network, a: Any, eps: float, bounds: tuple[Any, Any] | None = None) -> WorstCase:
    r"""The least output of a network on an ℓ∞ ball, by a mixed-integer linear program.

    .. math:: \min_{\|\eta\|_\infty \le \epsilon} h(a + \eta): \qquad
              z \ge 0, \quad z \ge u, \quad z \le \bar u t, \quad z \le u - \underline u (1 - t), \quad t \in \{0, 1\}

    for each hidden z = max(u, 0) with u ∈ [u̲, ū]. Losses that do not increase with the margin are largest where it is
    least. The solver meets constraints to 10⁻⁷, so that much of the preactivations may be missed. The time grows
    exponentially with the neurons whose sign the ball leaves open.

    Parameters
    ----------
    h : Network
        Of ReLU, with one output: the margin b h(a) of a classifier.
    a : (p,) array
        Input.
    eps : float
        Radius ε ≥ 0.
    bounds : pair (lower, upper), optional
        Bounds of inputs, broadcast to a.

    Returns
    -------
    WorstCase
        With the value of the network at the input that is found.

    References
    ----------
    Slide "Robustness examples in ML"; Tjeng, Xiao & Tedrake 2019, Section 4.

    Examples
    --------
    >>> from refimpl.backpropagation.layers import Layer
    >>> h = Network((Layer([[1.0], [-1.0]], [0.0, 0.0]), Layer([[-1.0, -1.0]], [0.0])), relu)  # −|a|
    >>> worst_case(h, [0.5], 1.0)
    WorstCase(value=-1.5, a=array([1.5]))
    """
    clip = bare(onto_bounds)(a, bounds)
    lower, upper = clip(a - eps), clip(a + eps)
    p, n = len(a), sum(len(layer.b) for layer in h.layers[:-1])
    cost = np.zeros(p + 2 * n)
    cost[_columns(h)[len(h.layers) - 1]] = h.layers[-1].W[0]
    solution: Any = scipy.optimize.milp(
        cost,
        integrality=np.repeat([0, 1], [p + n, n]),
        bounds=scipy.optimize.Bounds(np.append(lower, np.zeros(2 * n)), np.append(upper, np.repeat([np.inf, 1], n))),
        constraints=_constraints(h, bare(preactivation_bounds)(h, lower, upper)) if n else (),
        options={"mip_rel_gap": 0.0},
    )
    tried = np.array([a, np.clip(solution.x[:p], lower, upper)])
    values = bare(forward)(h, tried)[:, 0]
    return WorstCase(float(values.min()), tried[values.argmin()])


def _columns(h: Network) -> list[slice]:
    """Where the variables of the program stand: inputs a, then z of each hidden layer, then t of each."""
    p, *hidden, _ = sizes_of(h.layers)
    return [slice(i, j) for i, j in pairwise(np.cumsum([0, p, *hidden, *hidden]))]


def _constraints(h: Network, ranges: list[tuple[Array, Array]]) -> Any:
    """z − u ≥ 0, z − ū t ≤ 0 and z − u − u̲ t ≤ −u̲ of all hidden layers, with u = W z' + b."""
    columns, L = _columns(h), len(h.layers)
    rows, low, high = [], [], []
    for l, ((W, b), (least, most)) in enumerate(zip(h.layers[:-1], ranges[:-1], strict=True)):
        blocks = np.zeros((3, len(b), columns[-1].stop))
        blocks[:, :, columns[l + 1]] = np.eye(len(b))
        blocks[::2, :, columns[l]] = -W
        blocks[1:, :, columns[L + l]] = [-np.diag(most), -np.diag(least)]
        rows += [*blocks]
        low += [b, *np.full((2, len(b)), -np.inf)]
        high += [np.full(len(b), np.inf), 0 * b, b - least]
    return scipy.optimize.LinearConstraint(np.concatenate(rows), np.concatenate(low), np.concatenate(high))
