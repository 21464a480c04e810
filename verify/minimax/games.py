"""Games and their fields: slide "Basic algorithms for minimax"."""

import autograd
import numpy as np

from refimpl.minimax import games
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.probes import batched

SLIDE = "Basic algorithms for minimax"
SIZES = [(3, 4), (1, 1), (2, 5), (5, 2)]


@claim("M06", slide=SLIDE, source="definition of V")
def field_of_a_payoff_is_its_signed_gradient(rng, *, operator_of=games.operator_of):
    r"""For Φ = ½xᵀAx + xᵀBy − ½yᵀCy + Σᵢxᵢ³ − Σⱼyⱼ³: V = (A x + B y + 3x², −Bᵀx + C y + 3y²)."""
    for m, n in SIZES:
        A, B, C = rng.standard_normal((m, m)), rng.standard_normal((m, n)), rng.standard_normal((n, n))
        A, C = A + A.T, C + C.T

        def payoff(x, y, A=A, B=B, C=C):
            quadratic = (x * (x @ A) / 2 + x * (y @ B.T)).sum(-1) - (y * (y @ C) / 2).sum(-1)
            return quadratic + (x**3).sum(-1) - (y**3).sum(-1)

        z = rng.uniform(-2, 2, (50, m + n))
        x, y = z[:, :m], z[:, m:]
        expected = np.concatenate([x @ A + y @ B.T + 3 * x**2, -x @ B + y @ C + 3 * y**2], axis=-1)
        V = operator_of(payoff, m)
        yield from batched(f"V, {m} and {n} coordinates", V, z, atol=rounding(64, 10.0))
        yield equal(f"V, {m} and {n} coordinates", V(z), expected, atol=rounding(64, 10.0))


def signed(signs):
    """Wrong versions of `operator_of`: signs(i, m) multiply the coordinates i of a field, m of them being x's."""
    return lambda payoff, dim_x: lambda z: games.operator_of(payoff, dim_x)(z) * signs(np.arange(z.shape[-1]), dim_x)


field_of_a_payoff_is_its_signed_gradient.mutants({
    "y descends too": signed(lambda i, m: np.where(i < m, 1, -1)),
    "the players swap: x maximises": signed(lambda i, m: -1),
    "one coordinate too many for x": signed(lambda i, m: np.where(i == m, -1, 1)),
    "half of the coordinates for x": signed(lambda i, m: np.where((i < m) == (i < len(i) // 2), 1, -1)),
    "three coordinates for x": signed(lambda i, m: np.where((i < m) == (i < 3), 1, -1)),
    "mean over the batch in place of the sum": lambda payoff, dim_x: (
        lambda z: games.operator_of(payoff, dim_x)(z) / (len(z) if z.ndim > 1 else 1)
    ),
})


@claim("M06", slide=SLIDE, source="definition of V")
def bilinear_field_is_that_of_its_payoff(rng, *, bilinear=games.bilinear):
    r"""Φ = xᵀBy = Σ xᵢBᵢⱼyⱼ has V = (B y, −Bᵀx); Φ = xy has V = (y, −x)."""
    for m, n in SIZES:
        B, z = rng.standard_normal((m, n)), rng.standard_normal((50, m + n))
        x, y = z[:, :m], z[:, m:]
        given = B.copy()
        game, what = bilinear(given), f"{m} × {n}"
        given[...] = 0
        yield from batched(f"{what}: V", game.operator, z, atol=rounding(16, 10.0))
        yield from batched(f"{what}: Φ", game.payoff, x, y, atol=rounding(64, 10.0))
        V = np.asarray(game.operator(z))
        yield equal(f"{what}: x's part", V[:, :m], np.einsum("ij,kj->ki", B, y), atol=rounding(16, 10.0))
        yield equal(f"{what}: y's part", V[:, m:], -np.einsum("ij,ki->kj", B, x), atol=rounding(16, 10.0))
        yield equal(f"{what}: Φ", game.payoff(x, y), np.einsum("ki,ij,kj->k", x, B, y), atol=rounding(64, 10.0))
    a, b = rng.standard_normal((2, 50))
    plane = bilinear()
    yield equal("Φ = xy", plane.payoff(a[:, None], b[:, None]), a * b)
    yield equal("Φ = xy of two numbers", plane.payoff(float(a[0]), float(b[0])), a[0] * b[0])
    yield equal("V = (y, −x)", plane.operator(np.stack([a, b], axis=-1)), np.stack([b, -a], axis=-1))


def perturbed(make, V=lambda V, z: V, payoff=lambda value: value):
    """A wrong version of a game: its field and its payoff changed."""

    def changed(*args, **kwargs):
        game = make(*args, **kwargs)
        return games.Game("mutant", lambda x, y: payoff(game.payoff(x, y)), lambda z: V(game.operator(z), z))

    return changed


def bilinear_with(field):
    """Wrong versions of `bilinear`: the field is changed to field(V, m), m coordinates being x's."""

    def changed(B=None):
        game, m = games.bilinear(B), 1 if B is None else len(B)
        return game._replace(operator=lambda z: field(game.operator(z), m))

    return changed


def split_in_halves(B=None):
    game = games.bilinear(B)
    if B is None:
        return game
    m, n = B.shape
    half = (m + n) // 2

    def operator(z):
        x, y = z[..., :half], z[..., half:]
        return np.concatenate([np.resize(y, (*y.shape[:-1], n)) @ B.T, -np.resize(x, (*x.shape[:-1], m)) @ B], axis=-1)

    return game._replace(operator=operator)


def keeps_no_copy(B=None):
    game = games.bilinear(B)
    if B is None:
        return game
    m = len(B)
    return game._replace(operator=lambda z: np.concatenate([z[..., m:] @ B.T, -(z[..., :m] @ B)], axis=-1))


def adds_numbers(B=None):
    game = games.bilinear(B)
    return game._replace(payoff=lambda x, y: game.payoff(x, y) if np.ndim(x) else x + y)


bilinear_field_is_that_of_its_payoff.mutants({
    "z split in halves": split_in_halves,
    "looks at its caller's B": keeps_no_copy,
    "x + y for two numbers": adds_numbers,
    "y's part reversed": bilinear_with(lambda V, m: np.concatenate([V[..., :m], V[..., m:][..., ::-1]], axis=-1)),
    "y descends: V = (B y, Bᵀx)": bilinear_with(lambda V, m: V * np.where(np.arange(V.shape[-1]) < m, 1, -1)),
    "payoff of the other player": perturbed(games.bilinear, payoff=lambda value: -value),
})


def same_game(what, game, payoff, rng):
    """A planar game against another form of its payoff, differentiated automatically; on columns and on numbers."""
    x, y = rng.uniform(-2, 2, (2, 100))
    yield from batched(f"{what}: Φ", game.payoff, x[:, None], y[:, None], atol=rounding(256, 30.0))
    yield from batched(f"{what}: V", game.operator, np.stack([x, y], -1), atol=rounding(256, 100.0))

    def total(x, y):
        return payoff(x, y).sum()

    V = np.stack([autograd.grad(total, 0)(x, y), -autograd.grad(total, 1)(x, y)], -1)
    yield equal(f"{what}: Φ", game.payoff(x[:, None], y[:, None]), payoff(x, y), atol=rounding(256, 30.0))
    yield equal(f"{what}: Φ of two numbers", game.payoff(x[0], y[0]), payoff(x[0], y[0]), atol=rounding(256, 30.0))
    yield equal(f"{what}: V", game.operator(np.stack([x, y], -1)), V, atol=rounding(256, 100.0))


def usual_suspects(need, make):
    """The wrong versions that every planar game has."""
    return {
        f"{need}: y descends too": perturbed(make, V=lambda V, z: V * [1, -1]),
        f"{need}: players exchanged": perturbed(make, V=lambda V, z: -V),
        f"{need}: coordinates exchanged": perturbed(make, V=lambda V, z: V[..., ::-1]),
        f"{need}: x's part 1 % too large": perturbed(make, V=lambda V, z: V * [1.01, 1]),
        f"{need}: payoff of the other player": perturbed(make, payoff=lambda value: -value),
        f"{need}: payoff 1 % too large": perturbed(make, payoff=lambda value: 1.01 * value),
    }
