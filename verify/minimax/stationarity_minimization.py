"""Minimisation as a game with an idle player: slide "The difficulty of the nonconvex-nonconcave setting"."""

import autograd.numpy as np

from refimpl.minimax import stationarity
from verify.claims import claim
from verify.evidence import at_least, equal, rounding
from verify.minimax.stationarity import changed, share


def wells(rng):
    """f = Σ cᵢ(uᵢ² − aᵢ²)², u = Qᵀx in three dimensions; its 27 critical points, and the least eigenvalues of ∇²f."""
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    a, c = rng.uniform(0.5, 1.5, 3), rng.uniform(0.2, 2, 3)

    def f(x):
        return (c * ((x @ Q) ** 2 - a**2) ** 2).sum(-1)

    u = np.stack(np.meshgrid(*([-1.0, 0.0, 1.0] for _ in a), indexing="ij"), -1).reshape(-1, 3) * a
    curvature = np.where(u == 0, -4 * c * a**2, 8 * c * a**2).min(-1)
    return f, u @ Q.T, curvature


@claim("M28", slide="The difficulty of the nonconvex-nonconcave setting", source="definition")
def games_of_one_player_have_his_minima_as_equilibria(rng, *, classify=stationarity.classify):
    r"""Φ(x, y) = f(x): of f's critical points, all y, those that are no local minima are judged no equilibrium; minima
    are judged undecided, as −∇ᵧᵧΦ = 0, and are equilibria by definition.
    """
    for n in (1, 2, 5):
        f, x, curvature = wells(rng)
        z = np.concatenate([x, 10 ** rng.uniform(-2, 2) * rng.standard_normal((27, n))], -1)
        found = classify(lambda x, y, f=f: f(x), z, 3)
        minima = curvature > 0
        yield equal(f"y in {n} dimensions: ∇ₓₓΦ", found.x_curvature, curvature, atol=rounding(1024, 40.0))
        yield equal(f"y in {n} dimensions: −∇ᵧᵧΦ", found.y_curvature, np.zeros(27))
        yield equal(f"y in {n} dimensions: slopes", found.slope, np.zeros(27), atol=rounding(1024, 40.0))
        yield equal("minima: undecided", share(found.kind[minima], "undecided"), 1.0)
        yield equal("others: no equilibrium", share(found.kind[~minima], "no equilibrium"), 1.0)
        near = f(x[minima, None] + 1e-3 * rng.standard_normal((8, 50, 3)))
        yield at_least("Φ(x + δ, y) near minima", near, 0.0, resolution=1e-5)
        away = classify(lambda x, y, f=f: f(x), z + np.append(rng.uniform(0.1, 0.2, 3), np.zeros(n)), 3)
        yield equal("elsewhere: not critical", share(away.kind, "not critical"), 1.0)


games_of_one_player_have_his_minima_as_equilibria.mutants({
    "curvatures 1 % too large": changed(lambda s: s._replace(x_curvature=1.01 * s.x_curvature)),
    "the idle player must have a curvature": changed(
        lambda s: s._replace(kind=np.where(s.kind == "undecided", "no equilibrium", s.kind))
    ),
    "every critical point may be one": changed(
        lambda s: s._replace(kind=np.where(s.kind == "no equilibrium", "undecided", s.kind))
    ),
    "curvatures exchanged": changed(lambda s: s._replace(x_curvature=s.y_curvature, y_curvature=s.x_curvature)),
})
