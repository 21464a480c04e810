"""Equivalent parameterisations train alike: slide "Implementation of μP: abc-parameterizations"."""

import autograd.numpy as np

from refimpl.backpropagation.optimizers import AdamState
from refimpl.networks import mup, mup_symmetry, mup_training
from refimpl.networks.mup import ABC
from verify.claims import claim, shipped
from verify.evidence import equal, rounding
from verify.networks.mup import PARAMETERISATIONS, SLIDE, K, P, batches, reference, tolerance, trajectory


def trained(abc, m, seed, data, optimizer, train_step=mup_training.train_step, base=1):
    """Trajectory from the normals of a seed."""
    weights = mup_training.random_weights(abc, P, m, K, np.random.default_rng(seed), base)
    return trajectory(abc, weights, data, optimizer, base, train_step)


@claim("N11", slide=SLIDE, source="Yang & Hu 2021, Section 3; Yang et al. 2022, Lemma J.1")
def shifts_train_identically(rng, *, shifted=mup_symmetry.shifted, train_step=mup_training.train_step):
    r"""(a + θ, b − θ, c − 2θ) under SGD, (a + θ, b − θ, c − θ) under Adam: X_l is the same after every step.

    Where m^θ is a power of two, bit for bit; else to rounding. θ is one number, or one for each layer.
    """
    for name, make in PARAMETERISATIONS.items():
        for optimizer in ("sgd", "adam"):
            L, data, seed = int(rng.integers(1, 4)), batches(rng), int(rng.integers(2**32))
            abc = make(L)
            for m, theta in ((16, 0.5), (16, rng.integers(-2, 3, L + 1) / 2), (11, rng.uniform(-0.5, 0.5, L + 1))):
                plain = trained(abc, m, seed, data, optimizer, train_step)
                other = trained(shifted(abc, theta, optimizer), m, seed, data, optimizer, train_step)
                size = 0.0 if m == 16 else tolerance(plain)
                yield equal(f"{name}, {optimizer}: θ = {np.round(theta, 2)}", other, plain, atol=size)
    theta, abc = rng.standard_normal(3), ABC(*rng.standard_normal((3, 3)))
    for given in (theta, float(theta[0])):
        moved = [np.array(shifted(abc, given, optimizer)) for optimizer in ("sgd", "adam")]
        yield equal("a + θ", moved[0][0], abc.a + given)
        yield equal("the same a and b for both", moved[0][:2], moved[1][:2])
    yield equal("SGD is the default", np.array(shifted(mup.abc_standard(1), 1.0).c), -2.0)


def other_shift(change):
    """Shifted exponents that went through change(exponents, shifted ones, θ)."""

    def shifted(abc, theta, optimizer="sgd"):
        return change(abc, mup_symmetry.shifted(abc, theta, optimizer), theta)

    return shifted


def gradient_in_products(abc, state, a, labels, eta, base=1):
    """SGD's step with the gradient in X_l = multiplier · W_l as if it were that in W_l; Adam's own."""
    new, loss = mup_training.train_step(abc, state, a, labels, eta, base)
    W, V = (mup_training.parameters(one) for one in (state, new))
    if isinstance(state[0], AdamState):
        return new, loss
    k = mup.at_width(abc, len(W[0]), base).multiplier
    return tuple(old + (one - old) / s for old, one, s in zip(W, V, k, strict=True)), loss


def adams_eps_in_the_weights(abc, state, a, labels, eta, base=1):
    """Adam's step with ε in units of the gradients in W_l; SGD's own."""
    new, loss = mup_training.train_step(abc, state, a, labels, eta, base)
    if not isinstance(state[0], AdamState):
        return new, loss
    k = mup.at_width(abc, len(state[0].x), base).multiplier
    triples = zip(state, new, k, strict=True)
    return tuple(one._replace(x=old.x + (one.x - old.x) * ratio(one, 1e-8 * s, 1e-8)) for old, one, s in triples), loss


def ratio(one, eps, wrong):
    """Adam's step with a wrong ε over the right one."""
    size = np.sqrt(one.v / (1 - 0.999**one.t))
    return (size + eps) / (size + wrong)


shifts_train_identically.mutants(
    {
        "c − θ for SGD": lambda abc, theta, optimizer="sgd": mup_symmetry.shifted(abc, theta, "adam"),
        "c − 2θ for Adam": lambda abc, theta, optimizer="sgd": mup_symmetry.shifted(abc, theta, "sgd"),
        "c stays": other_shift(lambda abc, good, theta: good._replace(c=abc.c)),
        "b + θ": other_shift(lambda abc, good, theta: good._replace(b=abc.b + theta)),
        "c + 2θ": other_shift(lambda abc, good, theta: good._replace(c=2 * abc.c - good.c)),
        "c shifted 1 % too far": other_shift(lambda abc, good, theta: good._replace(c=abc.c + 1.01 * (good.c - abc.c))),
        "the first layer's θ for all": lambda abc, theta, optimizer="sgd": mup_symmetry.shifted(
            abc, float(np.ravel(theta)[0]), optimizer
        ),
    },
    replaces="shifted",
)
shifts_train_identically.mutants(
    {
        "the multiplier not in the gradient": gradient_in_products,
        "one rate for all layers: c of the first": lambda abc, state, a, labels, eta, base=1: mup_training.train_step(
            abc._replace(c=float(np.ravel(abc.c)[0])), state, a, labels, eta, base
        ),
        "Adam's ε in units of the gradients in W": adams_eps_in_the_weights,
    },
    replaces="train_step",
)


@claim("N11", slide=SLIDE, source="Yang et al. 2022 (Tensor Programs V), Tables 3, 8 and 9")
def tables_are_one_parameterisation(
    rng, *, mup_table=mup_symmetry.mup_table, abc_mup=mup.abc_mup, train_step=mup_training.train_step
):
    r"""Tables 3, 8, 9 and (a, b, c) give the trajectory of Table 3 in plain terms, with SGD and with Adam.

    In plain terms: variances 1, 1/m, 1/m² of the weights X_l themselves (inputs, hidden, output); rates m, 1, 1/m with
    SGD and 1, 1/m, 1/m with Adam. The reference trains X_l by automatic differentiation.
    """
    for optimizer, input_power, hidden_power in (("sgd", 1, 0), ("adam", 0, -1)):
        for L in (1, 3):
            m, data, seed = 12, batches(rng), int(rng.integers(2**32))
            start = [1.0, *[m**-0.5] * (L - 1), 1 / m]
            normals = mup_training.random_weights(
                mup.ABC(np.zeros(L + 1), np.zeros(L + 1), 0.0), P, m, K, np.random.default_rng(seed)
            )
            rates = [float(m) ** input_power, *[float(m) ** hidden_power] * (L - 1), 1 / m]
            expected = reference([s * Z for s, Z in zip(start, normals, strict=True)], rates, data, optimizer)
            forms = {f"Table {number}": mup_table(number, L, optimizer) for number in ("3", "8", "9")}
            for name, abc in {**forms, "(a, b, c)": abc_mup(L, optimizer)}.items():
                measured = trained(abc, m, seed, data, optimizer, train_step)
                yield equal(f"{optimizer}, L = {L}: {name}", measured, expected, atol=tolerance(expected))
            a = {"3": [0, 0, 0], "8": [0, 0, 1], "9": [-0.5, 0, 0.5]}
            printed = [[a[number][0], *[a[number][1]] * (L - 1), a[number][2]] for number in a]
            yield equal(f"{optimizer}, L = {L}: multipliers", [mup_table(n, L, optimizer).a for n in a], printed)
        yield equal("SGD is the default", np.array(mup_table("3", 2)), np.array(mup_table("3", 2, "sgd")))


def other_table(change):
    """A table that went through change(table, Table 3, its number)."""

    def mup_table(number, num_hidden, optimizer="sgd"):
        good, third = (mup_symmetry.mup_table(one, num_hidden, optimizer) for one in (number, "3"))
        return change(good, third, number)

    return mup_table


def half_the_exponents_under_adam(num_hidden, optimizer="sgd"):
    good = mup.abc_mup(num_hidden, optimizer)
    return good if optimizer == "sgd" else good._replace(a=good.a / 2)


def sum_of_the_losses(abc, state, a, labels, eta, base=1):
    """Adam does not feel the size of a gradient."""
    rate = eta if isinstance(state[0], AdamState) else len(a) * eta
    return mup_training.train_step(abc, state, a, labels, rate, base)


def loss_after_the_step(abc, state, a, labels, eta, base=1):
    new, _ = mup_training.train_step(abc, state, a, labels, eta, base)
    return new, mup_training.train_step(abc, new, a, labels, eta, base)[1]


def writes_into_its_state(abc, state, a, labels, eta, base=1):
    new, loss = mup_training.train_step(abc, state, a, labels, eta, base)
    for old, one in zip(state, new, strict=True):
        W, V = (part.x if isinstance(part, AdamState) else part for part in (old, one))
        W[...] = V
    return new, loss


def readout_not_trained(abc, state, a, labels, eta, base=1):
    new, loss = mup_training.train_step(abc, state, a, labels, eta, base)
    return (*new[:-1], state[-1]), loss


tables_are_one_parameterisation.mutants(
    {
        "readout of Table 8 with the variance of Table 3": shipped(
            other_table(lambda good, third, number: good._replace(b=third.b) if number == "8" else good),
            project="mup",
            version="a table misread",
            thread="#7",
        ),
        "rates of Table 3 in Table 8": other_table(lambda good, third, number: good._replace(c=third.c)),
        "Adam's rates are SGD's": lambda number, num_hidden, optimizer="sgd": mup_symmetry.mup_table(
            number, num_hidden, "sgd"
        ),
        "readout variance 1/m in Table 3: SP's": other_table(
            lambda good, third, number: good._replace(b=np.append(good.b[:-1], 0.5))
        ),
        "Table 3 under every number": other_table(lambda good, third, number: third),
    },
    replaces="mup_table",
)
tables_are_one_parameterisation.mutants(
    {
        "printed exponents, trained by Adam": lambda num_hidden, optimizer="sgd": mup.abc_mup(num_hidden),
        "hidden a = ½ for Adam": half_the_exponents_under_adam,
    },
    replaces="abc_mup",
)
tables_are_one_parameterisation.mutants(
    {
        "sum of the losses in place of the mean": sum_of_the_losses,
        "rate 1 % too large": lambda abc, state, a, labels, eta, base=1: mup_training.train_step(
            abc, state, a, labels, 1.01 * eta, base
        ),
        "the loss after the step": loss_after_the_step,
        "writes into its state": writes_into_its_state,
        "readout not trained": readout_not_trained,
    },
    replaces="train_step",
)


@claim("N11", slide=SLIDE, source="Yang et al. 2022, Appendix B (base shapes)")
def at_the_base_width_all_are_standard(rng, *, at_width=mup.at_width, train_step=mup_training.train_step):
    r"""At m = m₀, μP, its tables and NTP are SP bit for bit; at other widths each differs from it."""
    for optimizer in ("sgd", "adam"):
        L, m, data, seed = 2, 10, batches(rng), int(rng.integers(2**32))
        forms = {"NTP": mup.abc_ntk(L), "μP": mup.abc_mup(L, optimizer)}
        forms |= {f"Table {number}": mup_symmetry.mup_table(number, L, optimizer) for number in ("3", "8", "9")}
        standard = trained(mup.abc_standard(L), m, seed, data, optimizer, train_step, base=m)
        for name, abc in forms.items():
            measured = trained(abc, m, seed, data, optimizer, train_step, base=m)
            yield equal(f"{optimizer}: {name} at m₀", measured, standard)
            away = trained(abc, m, seed, data, optimizer, train_step, base=m // 2)
            plain = trained(mup.abc_standard(L), m, seed, data, optimizer, train_step, base=m // 2)
            yield equal(f"{optimizer}: {name} at 2m₀ is another", float(np.abs(away - plain).max() > 1e-3), 1.0)
            scales = np.array(at_width(abc, m, m))
            expected = [np.ones(3), [1, m**-0.5, m**-0.5], np.ones(3)]
            yield equal(f"{optimizer}: {name}: scales at m₀", scales, expected, rtol=rounding(8))


def rates_without_the_base_width(abc, state, a, labels, eta, base=1):
    m, c = len(mup_training.parameters(state)[0]), float(np.ravel(abc.c)[-1])
    return mup_training.train_step(abc, state, a, labels, eta * m ** (-c - abc.a[-1]), base)


at_the_base_width_all_are_standard.mutants(
    {
        "powers of m instead of m/m₀": lambda abc, m, base=1: mup.at_width(abc, m),
        "starts of variance 1 at the base width": lambda abc, m, base=1: mup.at_width(abc, m, base)._replace(
            deviation=np.ones(len(abc.a))
        ),
    },
    replaces="at_width",
)
at_the_base_width_all_are_standard.mutants(
    {"rates not relative to the base width": rates_without_the_base_width}, replaces="train_step"
)
