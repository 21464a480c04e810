"""How fast updates grow outside μP: slide "μ-transfer: Zero-shot hyperparameter transfer with μP"."""

import numpy as np

from refimpl.networks import mup, mup_symmetry
from refimpl.networks.mup import ABC
from verify.claims import claim
from verify.evidence import equal, rate
from verify.networks.coordinate_check import SLIDE, L, problem, sampled


@claim("N12", slide=SLIDE, source="Yang & Hu 2021, Section 5; Yang et al. 2022, Appendix J")
def other_updates_grow_with_their_exponents(
    rng, *, update_exponents=mup_symmetry.update_exponents, abc_standard=mup.abc_standard, abc_ntk=mup.abc_ntk
):
    r"""The first updates grow like m^r: under SP r = (−½, ½, 1) with SGD and (0, 1, 1) with Adam, under NTP they fade.

    The slide's exponents are those of SGD. Under Adam, which the next slide's figure is about, they give r = (½, 1, ½).
    With exponents drawn at random the measured slopes are those of `update_exponents` too.
    """
    cases = {
        "SP, sgd": (abc_standard(L), "sgd", [-0.5, 0.5, 1.0], 0.0),
        "SP, adam": (abc_standard(L), "adam", [0.0, 1.0, 1.0], 0.0),
        "NTP, sgd": (abc_ntk(L), "sgd", [-0.5, -0.5, 0.0], 0.0),
        "printed μP, adam": (mup.abc_mup(L), "adam", [0.5, 1.0, 0.5], -0.5),
    }
    data = problem(rng)
    for name, (abc, optimizer, exact, of_output) in cases.items():
        yield equal(f"{name}: exponents", update_exponents(abc, optimizer), exact)
        m, found, output = sampled(rng, data, abc, optimizer)
        for l in range(L + 1):
            yield rate(f"{name}: layer {l + 1}", m, found[:, 0, l], exact[l])
        yield rate(f"{name}: output at step 0", m, output, of_output)
    for optimizer in ("sgd", "adam"):
        abc = random_exponents(rng)
        r = np.asarray(update_exponents(abc, optimizer), float)
        m, found, _ = sampled(rng, data, abc, optimizer)
        for l in range(L + 1):
            yield rate(f"at random, {optimizer}: layer {l + 1}", m, found[:, 0, l], r[l])
    deep = [update_exponents(make(4)) for make in (abc_standard, abc_ntk, mup.abc_mup)]
    yield equal("L = 4", np.array(deep), [[-0.5, 0.5, 0.5, 0.5, 1.0], [-0.5] * 4 + [0.0], [0.0] * 5])


def random_exponents(rng):
    """Random a and c (one for each layer), and b for which features fade and outputs do not grow."""
    a, c = rng.uniform(-0.4, 0.4, (2, L + 1))
    return ABC(a, np.array([0.5, *[0.5] * L]) + rng.uniform(-0.1, 0.2, L + 1) - a, c)


def features_once(abc, optimizer="sgd"):
    scale = abc.a + abc.b - np.array([0.0, *[0.5] * (len(abc.a) - 1)])
    once = np.append(0, np.cumsum(scale)[:-1])
    return mup_symmetry.update_exponents(abc, optimizer) + (once if optimizer == "sgd" else 0)


def features_of_size_one(abc, optimizer="sgd"):
    scale = np.array([0.0, *[0.5] * (len(abc.a) - 2), abc.a[-1] + abc.b[-1]])
    return mup_symmetry.update_exponents(abc._replace(b=scale - abc.a), optimizer)


def incoherent_sums(abc, optimizer="sgd"):
    good = mup_symmetry.update_exponents(abc, optimizer)
    return good - 0.5 * (np.arange(len(good)) > 0)


def readout_of_variance_one(num_hidden):
    good = mup.abc_standard(num_hidden)
    return good._replace(b=np.append(good.b[:-1], 0.0))


other_updates_grow_with_their_exponents.mutants(
    {
        "c of the wrong sign": lambda abc, optimizer="sgd": mup_symmetry.update_exponents(
            abc._replace(c=-np.asarray(abc.c)), optimizer
        ),
        "SGD's for Adam": lambda abc, optimizer="sgd": mup_symmetry.update_exponents(abc),
        "multiplier once instead of twice": lambda abc, optimizer="sgd": (
            mup_symmetry.update_exponents(abc, optimizer) + (abc.a if optimizer == "sgd" else 0)
        ),
        "size of the features once": features_once,
        "features of size 1 in every case": features_of_size_one,
        "incoherent sums: √m in place of m": incoherent_sums,
    },
    replaces="update_exponents",
)
other_updates_grow_with_their_exponents.mutants(
    {
        "readout of variance 1": readout_of_variance_one,
        "SP with its rate divided by m": lambda num_hidden: mup.abc_standard(num_hidden)._replace(c=1.0),
    },
    replaces="abc_standard",
)
other_updates_grow_with_their_exponents.mutants(
    {"standard in place of neural-tangent": lambda num_hidden: mup.abc_standard(num_hidden)}, replaces="abc_ntk"
)
