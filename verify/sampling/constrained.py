"""Targets on bounded sets, and projected steps: slide "Iterative refinement … MCMC", variants."""

import autograd.numpy as np
import numpy
import scipy

from refimpl.sampling import constrained, langevin, targets
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.sampling.linear_chains import refuses
from verify.sampling.targets import potential_and_gradient

SLIDE = "Iterative refinement like in optimization: MCMC"


@claim("S01", slide=SLIDE, source="definition of the score; scipy's density")
def dirichlet_gradients_are_scores(rng, *, dirichlet=constrained.dirichlet):
    r"""Dirichlet laws of 2, 4 and 7 atoms: −∇f = ∇log π, f = −log π + constant, log π as scipy has it; refusals."""
    for p in (1, 3, 6):
        alpha, atoms = rng.uniform(0.3, 4, p + 1), rng.dirichlet(numpy.full(p + 1, 5.0), 40)

        def log_dirichlet(a, alpha=alpha, p=p):
            return np.sum((alpha[:p] - 1) * np.log(a), axis=1) + (alpha[p] - 1) * np.log(1 - np.sum(a, axis=1))

        law, error = dirichlet(alpha), rounding(1e4, 1 / atoms.min())
        yield from potential_and_gradient(f"{p + 1} atoms", law, log_dirichlet, atoms[:, :p], error)
        log_pi = targets.log_density(law)(atoms[:, :p])
        yield equal(f"{p + 1} atoms: log π", log_pi, scipy.stats.dirichlet(alpha).logpdf(atoms.T), atol=error)
        for outside in (numpy.full(p, 1.1 / p), -atoms[0, :p], numpy.insert(atoms[0, : p - 1], 0, -0.1)):
            yield equal("refused outside the simplex", refuses(law.grad_f, outside), True)


def unchecked(alpha, grad_f, f=None):
    """A Dirichlet target with another gradient or potential, refusing what the right one refuses."""
    right = constrained.dirichlet(alpha)
    return right._replace(
        grad_f=lambda a: grad_f(a) + 0 * right.grad_f(a), f=(lambda a: f(a) + 0 * right.f(a)) if f else right.f
    )


dirichlet_gradients_are_scores.mutants({
    "last atom left out": lambda alpha: unchecked(alpha, lambda a: -(alpha[:-1] - 1) / a),
    "α for α − 1": lambda alpha: constrained.dirichlet(alpha + 1),
    "normaliser of the α that are not the last": lambda alpha: constrained.dirichlet(alpha)._replace(
        log_normalizer=scipy.special.gammaln(alpha[:-1]).sum() - scipy.special.gammaln(alpha.sum())
    ),
    "at most five atoms count": lambda alpha: unchecked(
        alpha, lambda a: constrained.dirichlet(numpy.where(numpy.arange(len(alpha)) < 5, alpha, 1)).grad_f(a)
    ),
    "any point is taken": lambda alpha: constrained.dirichlet(alpha)._replace(
        grad_f=lambda a: (alpha[-1] - 1) / (1 - a.sum(-1, keepdims=True)) - (alpha[:-1] - 1) / a
    ),
    "sign": lambda alpha: unchecked(alpha, lambda a: -constrained.dirichlet(alpha).grad_f(a)),
})


def radial(f, p, r):
    """∫ e^{−f} and ∫ ‖a‖²/p e^{−f} over the ball of radius r, by quadrature along a radius."""
    sphere = 2 * numpy.pi ** (p / 2) / scipy.special.gamma(p / 2)
    return [
        sphere
        * scipy.integrate.quad(lambda s, k=k: s ** (p - 1 + k) * numpy.exp(-f(s)), 0, r, epsabs=0)[0]
        / (p if k else 1)
        for k in (0, 2)
    ]


def along(f, l, u):
    """∫ e^{−f}, mean and variance on [l, u], by quadrature."""
    total, first, second = (
        scipy.integrate.quad(lambda x, k=k: (x - l) ** k * numpy.exp(-f(x)), l, u, epsabs=0)[0] for k in range(3)
    )
    return total, l + first / total, second / total - (first / total) ** 2


@claim("S09", slide=SLIDE, source="quadrature")
def targets_on_boxes_know_their_moments(
    rng, *, uniform_on_box=constrained.uniform_on_box, gaussian_on_box=constrained.gaussian_on_box
):
    r"""∫e^{−f}, means and variances by quadrature along each side; f = ∞ outside; the projection clips."""
    lower = rng.uniform(-2, 0, 3)
    upper, m, s = lower + rng.uniform(0.5, 3, 3), rng.uniform(-3, 3, 3), rng.uniform(0.4, 2)
    sides = upper - lower
    for name, law, l in [
        ("uniform", uniform_on_box(lower, upper), 0.0),
        ("Gaussian", gaussian_on_box(m, s, lower, upper), s**-2),
    ]:
        by_side = [along(lambda x, i=i, l=l: l * (x - m[i]) ** 2 / 2, lower[i], upper[i]) for i in range(3)]
        total, mean, variance = np.array(by_side).T
        yield from moments(f"{name} on a box", law, np.log(total).sum(), mean, variance, 1e-9)
        inside = lower + sides * rng.random((20, 3))
        yield from values(f"{name} on a box", law, l, m, inside, np.concatenate([inside + sides, inside - 2 * sides]))
        far = 5 * rng.standard_normal((20, 3))
        yield equal(f"{name} on a box: projection", law.project(far), np.clip(far, lower, upper))


@claim("S09", slide=SLIDE, source="quadrature")
def targets_on_balls_know_their_moments(
    rng, *, uniform_on_ball=constrained.uniform_on_ball, gaussian_on_ball=constrained.gaussian_on_ball
):
    r"""∫e^{−f}, means and variances by quadrature along a radius; f = ∞ outside; the projection shortens."""
    s = rng.uniform(0.4, 2)
    for p in (1, 2, 5):
        c, r = rng.standard_normal(p), rng.uniform(0.5, 2)
        u = rng.standard_normal((20, p))
        u = u / numpy.linalg.norm(u, axis=1, keepdims=True)
        for name, law, l in [("uniform", uniform_on_ball(c, r), 0.0), ("Gaussian", gaussian_on_ball(c, s, r), s**-2)]:
            total, square = radial(lambda x, l=l: l * x**2 / 2, p, r)
            yield from moments(f"{name} on a ball, p = {p}", law, np.log(total), c, np.full(p, square / total), 1e-9)
            yield from values(f"{name} on a ball, p = {p}", law, l, c, c + 0.99 * r * u, c + 1.01 * r * u)
            yield equal(f"{name} on a ball: projection", law.project(c + 3 * u), c + min(r, 3.0) * u, atol=1e-13)


def moments(name, law, log_normalizer, mean, variance, error):
    """Normaliser, mean and variance of a target on a set."""
    yield equal(f"{name}: log ∫e^(−f)", law.target.log_normalizer, log_normalizer, atol=error)
    yield equal(f"{name}: mean", law.mean, mean, atol=error)
    yield equal(f"{name}: variance", law.variance, variance, atol=error)


def values(name, law, l, m, inside, outside):
    """f and ∇f inside, f outside."""
    error = rounding(100, 1 + l * ((inside - m) ** 2).max())
    yield equal(f"{name}: f", law.target.f(inside), l / 2 * ((inside - m) ** 2).sum(-1), atol=error)
    yield equal(f"{name}: ∇f", law.target.grad_f(inside), l * (inside - m), atol=error)
    yield equal(f"{name}: f = ∞ outside", np.isinf(law.target.f(outside)), True)


def spoilt(law_on, field, change):
    """A target on a set with one of its fields changed."""

    def other(*arguments):
        right = law_on(*arguments)
        return right._replace(**{field: change(getattr(right, field))})

    return other


def wrong(law_on):
    """What may be wrong with any target on a set."""
    return {
        "variance 1 % too large": spoilt(law_on, "variance", lambda variance: 1.01 * variance),
        "mean of the whole space": spoilt(law_on, "mean", lambda mean: mean + 0.01),
        "finite outside": spoilt(law_on, "target", lambda target: target._replace(f=lambda a: 0 * a.sum(-1))),
        "normaliser left out": spoilt(law_on, "target", lambda target: target._replace(log_normalizer=0.0)),
        "no projection": spoilt(law_on, "project", lambda project: lambda a: a),
    }


def ascending(target):
    return target._replace(grad_f=lambda a: -target.grad_f(a))


def variance_r2_over_p(centre, radius):
    law, p = constrained.uniform_on_ball(centre, radius), len(centre)
    return law._replace(variance=law.variance * (p + 2) / p)


targets_on_boxes_know_their_moments.mutants(wrong(constrained.uniform_on_box), replaces="uniform_on_box")
targets_on_boxes_know_their_moments.mutants(
    {
        **wrong(constrained.gaussian_on_box),
        "up the potential": spoilt(constrained.gaussian_on_box, "target", ascending),
    },
    replaces="gaussian_on_box",
)
targets_on_balls_know_their_moments.mutants(
    {**wrong(constrained.uniform_on_ball), "r²/p": variance_r2_over_p}, replaces="uniform_on_ball"
)
targets_on_balls_know_their_moments.mutants(
    {
        **wrong(constrained.gaussian_on_ball),
        "up the potential": spoilt(constrained.gaussian_on_ball, "target", ascending),
    },
    replaces="gaussian_on_ball",
)


@claim("S09", slide=SLIDE, source="definition; the nearest point by its optimality condition")
def projected_steps_are_the_nearest_points_to_lmc_steps(rng, *, projected_lmc_step=langevin.projected_lmc_step):
    r"""a⁺ ∈ K and ⟨b − a⁺, y − a⁺⟩ ≤ 0 for all y ∈ K, with b = a − ηa² + √(2η)z: for single points and batches."""
    lower, upper = -rng.uniform(0.2, 1, 3), rng.uniform(0.2, 1, 3)
    corners = np.stack(np.meshgrid(*zip(lower, upper, strict=True), indexing="ij"), -1).reshape(-1, 3)
    a, z = rng.uniform(-1, 1, (2, 50, 4, 3))
    for eta in 10 ** rng.uniform(-2, 0.5, 4):
        b = a - eta * a**2 + np.sqrt(2.0) * np.sqrt(eta) * z
        onto_box = lambda x: np.clip(x, lower, upper)  # noqa: E731
        after = projected_lmc_step(np.square, onto_box, a, eta, z)
        yield equal("within the box", np.maximum(after - upper, lower - after).max() <= 0, True)
        angle = ((b - after)[..., None, :] * (corners - after[..., None, :])).sum(-1)
        yield equal("max of ⟨b − a⁺, y − a⁺⟩ over K", angle.max(-1), 0.0, atol=1e-13)
        free = (b > lower).all(-1) & (b < upper).all(-1)
        yield equal(
            "inside: the step of LMC", np.where(free[..., None], after - b, 0), 0.0, atol=rounding(32, 4 * (1 + eta))
        )
        alone = projected_lmc_step(np.square, onto_box, a[3, 1], eta, z[3, 1])
        yield equal("a single point", alone, after[3, 1], atol=rounding(16, 4 * (1 + eta)))


def reflects(g, P, a, eta, z):
    b = a - eta * g(a) + np.sqrt(2 * eta) * z
    return P(2 * P(b) - b)


projected_steps_are_the_nearest_points_to_lmc_steps.mutants({
    "noise after the projection": lambda g, P, a, eta, z: P(a - eta * g(a)) + np.sqrt(2 * eta) * z,
    "never projects": lambda g, P, a, eta, z: a - eta * g(a) + np.sqrt(2 * eta) * z,
    "projects a, not the step": lambda g, P, a, eta, z: P(a) - eta * g(P(a)) + np.sqrt(2 * eta) * z,
    "gradient where the point is projected": lambda g, P, a, eta, z: P(a - eta * g(P(a)) + np.sqrt(2 * eta) * z),
    "noise √η": lambda g, P, a, eta, z: P(a - eta * g(a) + np.sqrt(eta) * z),
    "noise 1 % too large": lambda g, P, a, eta, z: P(a - eta * g(a) + 1.01 * np.sqrt(2 * eta) * z),
    "ascends": lambda g, P, a, eta, z: P(a + eta * g(a) + np.sqrt(2 * eta) * z),
    "reflects": reflects,
    "projects twice as far": lambda g, P, a, eta, z: 0.5 * P(a - eta * g(a) + np.sqrt(2 * eta) * z),
})


@claim("S09", slide=SLIDE, source="definition of a ball")
def balls_hold_their_boundary(rng, *, uniform_on_ball=constrained.uniform_on_ball):
    r"""f is finite at (3, 4) for r = 5, at r(1 − 10⁻⁹) and at projections from outside, and ∞ at r(1 + 10⁻⁹)."""
    five = uniform_on_ball(np.zeros(2), 5.0)
    yield equal("f at (3, 4), r = 5", five.target.f(np.array([3.0, 4.0])), 0.0)
    for p in (1, 2, 7):
        for r in (1e-100, 0.3, 1e100):
            u, c = rng.standard_normal((500, p)), r * rng.standard_normal(p)
            u /= np.linalg.norm(u, axis=1, keepdims=True)
            ball = uniform_on_ball(c, r)
            yield equal(f"f at projections, p = {p}, r = {r:g}", ball.target.f(ball.project(c + 3 * r * u)), 0.0)
            yield equal(f"f inside, p = {p}, r = {r:g}", ball.target.f(c + r * (1 - 1e-9) * u), 0.0)
            outside = np.isposinf(ball.target.f(c + r * (1 + 1e-9) * u))
            yield equal(f"f = ∞ outside, p = {p}, r = {r:g}", outside, True)


def ball_with(inside):
    """A ball whose potential is 0 where inside(a − c, r)."""

    def ball(centre, radius):
        right = constrained.uniform_on_ball(centre, radius)
        f = lambda a: np.where(inside(a - centre, radius), 0.0, np.inf)  # noqa: E731
        return right._replace(target=right.target._replace(f=f))

    return ball


balls_hold_their_boundary.mutants({
    "without its boundary": ball_with(lambda x, r: ((x / r) ** 2).sum(-1) < 1),
    "no room for rounding": ball_with(lambda x, r: ((x / r) ** 2).sum(-1) <= 1),
    "1 % too large": lambda centre, radius: constrained.uniform_on_ball(centre, 1.01 * radius)._replace(
        project=constrained.uniform_on_ball(centre, radius).project
    ),
    "1 % too small": lambda centre, radius: constrained.uniform_on_ball(centre, 0.99 * radius),
})
