"""What a pattern means: names win over parts, case never counts, and former names are answered with today's."""

import pytest

from refimpl.minimax.algorithms import gda_step
from verify import choosing, former_names
from verify.choosing import Found, choose, discover
from verify.claims import claim
from verify.register import ROWS


def make(name, row="M09", statement="A statement.", source="A paper", formerly=(), module="verify.minimax.made_up"):
    """A claim on `gda_step` under a name."""

    def function(rng, *, gda_step=gda_step):
        yield

    function.__name__, function.__doc__, function.__module__ = name, statement, module
    return claim(row, slide="A slide", source=source, formerly=formerly)(function)


@pytest.fixture
def claims(monkeypatch):
    """The only claims that there are, in place of the project's."""
    made = [
        make("eg_contracts", statement="Lemma 2.5 (i)\n    of the paper."),
        make("eg_contracts_more", row="M10", source="Nesterov 1983"),
        make("leaves_saddles", row="M07", formerly=("escapes_saddles", "leaves_strict_saddles")),
        make("stays", row="S01", module="verify.sampling.walks"),
    ]
    monkeypatch.setattr(choosing, "discover", lambda: Found(made, []))
    return made


def names(pattern, **keywords):
    return [one.function.__name__ for one in choose([pattern], **keywords).claims]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("m09", ["eg_contracts"]),
        ("EG_contracts", ["eg_contracts"]),
        ("eg_contract", ["eg_contracts", "eg_contracts_more"]),
        ("eg_*", ["eg_contracts", "eg_contracts_more"]),
        ("*_more", ["eg_contracts_more"]),
        ("lemma 2.5", ["eg_contracts"]),
        ("(I) OF the", ["eg_contracts"]),
        ("nesterov", ["eg_contracts_more"]),
        ("Sampling", ["stays"]),
        ("minimax.made_up", ["eg_contracts", "eg_contracts_more", "leaves_saddles"]),
        ("walks", ["stays"]),
        ("gda_step", ["eg_contracts", "eg_contracts_more", "leaves_saddles", "stays"]),
        ("minimax.algorithms.GDA_step", ["eg_contracts", "eg_contracts_more", "leaves_saddles", "stays"]),
        ("recall sgd", ["leaves_saddles"]),
        ("stays by Hurwitz", ["leaves_saddles"]),
        ("escapes_saddles", ["leaves_saddles"]),
        ("minimax.made_up.Leaves_Strict_Saddles", ["leaves_saddles"]),
    ],
)
def test_a_pattern_finds(claims, pattern, found):
    assert names(pattern) == found


def test_an_exact_name_takes_no_part_of_another(claims):
    claims.append(make("speaks_of_walks", statement="On walks."))
    assert names("walks") == ["stays"]
    assert names("walk") == ["stays", "speaks_of_walks"]


def test_rows_without_claims_are_found_by_their_own_texts(claims):
    assert [row.id for row in choose(["PPAD-complete"]).rows] == ["M08"]
    assert [row.id for row in choose(["m08"]).rows] == ["M08"]
    with pytest.raises(LookupError, match=r"no claim matches 'm08', only rows that none checks: M08 \(stated only\)"):
        choose(["m08"], to_run=True)


@pytest.mark.parametrize(
    ("pattern", "close"), [("Minimx", "minimax"), ("GDA_stp", "gda_step"), ("eg_contrats", "eg_contracts")]
)
def test_an_unknown_pattern_offers_close_names(claims, pattern, close):
    with pytest.raises(LookupError, match=f"nothing matches '{pattern}'; close: .*{close}"):
        choose(["M09", pattern])


@pytest.mark.parametrize("pattern", ["", "  ", "§§§"])
def test_a_pattern_that_says_nothing_is_refused(claims, pattern):
    with pytest.raises(LookupError, match="nothing matches"):
        choose([pattern])


def test_no_patterns_mean_everything(claims):
    assert choose([]).claims == claims
    assert choose([]).rows == list(ROWS.values())


def test_former_names_are_answered_with_todays(claims, monkeypatch):
    monkeypatch.setattr(former_names, "MODULES", {"minimax.strolls": "sampling.walks"})
    for pattern, new in [
        ("minimax.strolls", "sampling.walks"),
        ("Strolls", "sampling.walks"),
        ("minimax.strolls.stays", "sampling.walks.stays"),
        ("escapes_saddles", "minimax.made_up.leaves_saddles"),
    ]:
        assert choose([pattern]).renamed == {pattern: new}
    assert names("minimax.strolls.stays") == ["stays"]
    assert choose(["eg_contracts"]).renamed == {}


def test_the_table_of_former_names_leads_to_modules():
    modules = {one.name.rpartition(".")[0] for one in discover().claims}
    assert set(former_names.MODULES.values()) <= modules
    assert not set(former_names.MODULES) & modules


@pytest.mark.parametrize(
    "pattern", ["Lemma 2.5", "LMC", "Tweedie", "LipSDP", "abc-param", "ogda_step", "*contracts_on_xy", "extragradient"]
)
def test_what_readers_look_for_is_there(pattern):
    assert choose([pattern], to_run=True).claims


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("x = 1\n1 = 2\n", 2, "SyntaxError"),
        ("x = 1\n\nimport no_such_module\n", 3, "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
        ("from refimpl.minimax.games import bilinear\n\nbilinear(\n    'x')\n", 3, "Error"),
    ],
)
def test_a_module_that_does_not_import_is_named_with_its_line(chapter, text, line, problem):
    chapter(broken_module=text)
    claims, (broken,) = discover()
    assert broken.name == "minimax.broken_module"
    assert f"broken_module.py:{line}: does not import: " in broken.problem
    assert problem in broken.problem
    assert "\n" not in broken.problem
    assert len(claims) > 300


def test_a_broken_module_is_meant_by_what_stands_in_it(chapter):
    chapter(broken_module="'M10'\n1 / 0\n")
    assert [one.name for one in choose(["m10"]).broken] == ["minimax.broken_module"]
    assert [one.name for one in choose(["minimax"]).broken] == ["minimax.broken_module"]
    assert choose(["M09"]).broken == []
