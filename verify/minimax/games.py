"""Games and their fields: slide "Basic algorithms for minimax"."""

import numpy as np

from refimpl.minimax import games
from verify.claims import claim
from verify.evidence import equal, rounding

SLIDE = "Basic algorithms for minimax"


@claim("M06", slide=SLIDE, source="definition of V")
def field_of_a_payoff_is_its_signed_gradient(rng, *, operator_of=games.operator_of):
    r"""For Φ = ½xᵀAx + xᵀBy − ½yᵀCy + Σᵢxᵢ³ − Σⱼyⱼ³: V = (A x + B y + 3x², −Bᵀx + C y + 3y²)."""
    m, n = 3, 4
    A, B, C = rng.standard_normal((m, m)), rng.standard_normal((m, n)), rng.standard_normal((n, n))
    A, C = A + A.T, C + C.T

    def payoff(x, y):
        quadratic = (x * (x @ A) / 2 + x * (y @ B.T)).sum(-1) - (y * (y @ C) / 2).sum(-1)
        return quadratic + (x**3).sum(-1) - (y**3).sum(-1)

    z = rng.uniform(-2, 2, (50, m + n))
    x, y = z[:, :m], z[:, m:]
    expected = np.concatenate([x @ A + y @ B.T + 3 * x**2, -x @ B + y @ C + 3 * y**2], axis=-1)
    V = operator_of(payoff, m)
    yield equal("V of a batch", V(z), expected, atol=rounding(64, 10.0))
    yield equal("V of one point", V(z[0]), expected[0], atol=rounding(64, 10.0))


@field_of_a_payoff_is_its_signed_gradient.mutant("y descends too")
def _(payoff, dim_x):
    V = games.operator_of(payoff, dim_x)
    return lambda z: V(z) * np.where(np.arange(z.shape[-1]) < dim_x, 1, -1)


@field_of_a_payoff_is_its_signed_gradient.mutant("the players swap: x maximises")
def _(payoff, dim_x):
    V = games.operator_of(payoff, dim_x)
    return lambda z: -V(z)


@field_of_a_payoff_is_its_signed_gradient.mutant("one coordinate too many for x")
def _(payoff, dim_x):
    V = games.operator_of(payoff, dim_x)
    return lambda z: V(z) * np.where(np.arange(z.shape[-1]) == dim_x, -1, 1)


@field_of_a_payoff_is_its_signed_gradient.mutant("mean over the batch in place of the sum")
def _(payoff, dim_x):
    V = games.operator_of(payoff, dim_x)
    return lambda z: V(z) / (len(z) if z.ndim > 1 else 1)


@claim("M06", slide=SLIDE, source="definition of V")
def bilinear_field_is_that_of_its_payoff(rng, *, bilinear=games.bilinear):
    r"""Φ = xᵀBy = Σ xᵢBᵢⱼyⱼ has V = (B y, −Bᵀx); Φ = xy has V = (y, −x)."""
    m, n = 3, 4
    B, z = rng.standard_normal((m, n)), rng.standard_normal((50, m + n))
    x, y = z[:, :m], z[:, m:]
    game = bilinear(B)
    V = np.asarray(game.operator(z))
    yield equal("V of a matrix game: x's part", V[:, :m], np.einsum("ij,kj->ki", B, y), atol=rounding(16, 10.0))
    yield equal("y's part", V[:, m:], -np.einsum("ij,ki->kj", B, x), atol=rounding(16, 10.0))
    yield equal("Φ of a matrix game", game.payoff(x, y), np.einsum("ki,ij,kj->k", x, B, y), atol=rounding(64, 10.0))
    a, b = rng.standard_normal((2, 50))
    plane = bilinear()
    yield equal("Φ = xy", plane.payoff(a[:, None], b[:, None]), a * b)
    yield equal("V = (y, −x)", plane.operator(np.stack([a, b], axis=-1)), np.stack([b, -a], axis=-1))


@bilinear_field_is_that_of_its_payoff.mutant("B transposed in y's part, where it is square")
def _(B=None):
    game = games.bilinear(B)
    if B is None:
        return game
    return game._replace(operator=lambda z: np.concatenate([z[..., 3:] @ B.T, -(z[..., :3] @ B)[..., ::-1]], axis=-1))


@bilinear_field_is_that_of_its_payoff.mutant("y descends: V = (B y, Bᵀx)")
def _(B=None):
    game = games.bilinear(B)
    m = 1 if B is None else len(B)
    return game._replace(operator=lambda z: game.operator(z) * np.where(np.arange(z.shape[-1]) < m, 1, -1))


@bilinear_field_is_that_of_its_payoff.mutant("payoff of the other player")
def _(B=None):
    game = games.bilinear(B)
    return game._replace(payoff=lambda x, y: -game.payoff(x, y))
