"""The engine of the figures: which there are, their bytes, what is written, and what happens when something fails."""

import ast
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import figures
from figures import discovery, rendering

PACKAGE = Path(figures.__file__).parent


def files(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


# What there is


def test_every_module_of_a_chapter_is_a_figure(made_up):
    assert {"minimax/algorithms", "minimax/dirac_gan", "made_up/good"} <= set(figures.names())


def test_figures_come_in_the_order_of_the_lecture():
    names = ["appendix/a", "control/a", "diffusion/b", "diffusion/a", "minimax/z"]
    order = ["minimax/z", "diffusion/a", "diffusion/b", "control/a", "appendix/a"]
    assert sorted(names, key=discovery.lecture_order) == order


@pytest.mark.parametrize(
    "pattern",
    [
        "minimax/dirac_gan",
        "minimax.dirac_gan",
        "mini*.dirac_gan",
        "dirac_gan",
        "dirac",
        "dirac*",
        "*/dirac_gan",
        "mini*/*c_gan",
        "minimax/d*",
    ],
)
def test_a_pattern_selects(pattern):
    assert discovery.select([pattern]) == ["minimax/dirac_gan"]


def test_a_chapter_selects_its_figures():
    assert discovery.select(["minimax"]) == [name for name in figures.names() if name.startswith("minimax/")]


def test_no_pattern_selects_all_and_two_select_each_figure_once():
    assert discovery.select([]) == figures.names()
    assert discovery.select(["dirac*", "minimax/dirac_gan"]) == ["minimax/dirac_gan"]


def test_a_whole_name_selects_only_that_figure(made_up):
    (made_up / "made_up" / "good_too.py").touch()
    assert discovery.select(["made_up/good"]) == ["made_up/good"]


def test_an_unknown_pattern_is_refused_with_close_matches():
    with pytest.raises(LookupError, match=r"'dirac_gna'; close: .*dirac_gan"):
        discovery.select(["minimax", "dirac_gna"])
    with pytest.raises(LookupError, match="--list"):
        discovery.select(["§§§"])


# What every figure must be


@pytest.mark.parametrize("name", figures.names())
def test_a_figure_says_what_it_is(name):
    figure = discovery.load(name)
    assert discovery.describe(name) == (name, figure.SLIDE, discovery.title(figure.__doc__), figure.ROWS)
    assert all(discovery.describe(name))
    assert len(figure.CAPTION) > 40
    assert len(figure.ALT) > 40


@pytest.mark.parametrize("name", figures.names())
def test_a_figure_is_the_same_twice_and_leaves_the_global_generator_alone(name):
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first, second = (rendering.render(name, ["svg"], "draft") for _ in range(2))
    assert first.error == ""
    assert first.pictures == second.pictures
    assert first.record == second.record
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_figures_import_only_what_they_may():
    allowed = {*sys.stdlib_module_names, "figures", "refimpl", "numpy", "scipy", "matplotlib"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {module.partition(".")[0] for module in modules} <= allowed, path
            assert "matplotlib.pyplot" not in modules, path


# The pictures


@pytest.mark.parametrize("format", rendering.FORMATS)
def test_the_bytes_depend_on_nothing_but_the_figure(format, made_up):
    alone = rendering.render("made_up/good", [format], "draft").pictures[format]
    rendering.render("made_up/random", rendering.FORMATS, "draft")
    among = rendering.render("made_up/good", rendering.FORMATS, "full").pictures[format]
    assert alone == among
    assert alone.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[format])


def test_the_users_matplotlib_settings_do_not_matter(made_up):
    import matplotlib

    expected = rendering.render("made_up/good", ["svg"], "draft").pictures
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 7}):
        assert rendering.render("made_up/good", ["svg"], "draft").pictures == expected
        assert matplotlib.rcParams["font.size"] == 20


def test_the_generator_is_seeded_by_the_name(made_up):
    seeds = [rendering.seed(name) for name in figures.names()]
    assert len(set(seeds)) == len(seeds)
    x = np.random.default_rng(rendering.seed("made_up/random")).standard_normal(10)
    parameters = rendering.render("made_up/random", ["svg"], "draft").record["parameters"]
    assert parameters["x"] == {"shape": [10], "dtype": "float64", "min": x.min(), "max": x.max()}


def test_the_quality_reaches_the_data(made_up):
    assert rendering.render("made_up/random", ["svg"], "full").record["parameters"]["x"]["shape"] == [1000]


def test_a_summary_is_plain():
    inner = discovery.Description("a", "b", "c", ("M01",))
    value = {"x": np.array([[1.0, np.nan, 3.0]]), "k": np.int64(3), "s": ("a", None, True), "d": inner}
    value |= {"inf": np.inf, "z": 1j, "empty": np.zeros(0), "words": np.array(["a"])}
    plain = rendering.summary(value)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["x"] == {"shape": [1, 3], "dtype": "float64", "min": 1.0, "max": 3.0}
    assert (plain["k"], plain["s"], plain["inf"], plain["z"]) == (3, ["a", None, True], "inf", "1j")
    assert plain["d"] == {"name": "a", "slide": "b", "title": "c", "rows": ["M01"]}
    assert plain["empty"] == {"shape": [0], "dtype": "float64"}


# What is written


def test_a_run_writes_pictures_records_and_an_index(made_up, tmp_path):
    out = tmp_path / "new" / "gallery"
    (made,) = figures.run(["made_up/good"], out, ["png", "pdf"])
    assert files(out) == ["index.html", "made_up/good.json", "made_up/good.pdf", "made_up/good.png"]
    assert {f: (out / f"made_up/good.{f}").read_bytes() for f in ("png", "pdf")} == made.pictures
    record = json.loads((out / "made_up/good.json").read_text())
    assert record == made.record
    assert record["versions"].keys() == {"python", "numpy", "scipy", "matplotlib", "refimpl"}
    assert {key: value for key, value in record.items() if key != "versions"} == {
        "name": "made_up/good",
        "slide": "A <slide>",
        "title": "A made-up figure",
        "caption": "Points & lines.",
        "alternative text": 'One "line".',
        "formats": ["png", "pdf"],
        "quality": "draft",
        "seed": rendering.seed("made_up/good"),
        "parameters": {"x": {"shape": [5], "dtype": "float64", "min": 0.0, "max": 4.0}, "step": 0.5},
    }


def test_a_later_run_adds_to_the_index(made_up, tmp_path):
    figures.run("made_up/good", tmp_path, "png")
    figures.run("made_up/random", tmp_path, "svg")
    index = (tmp_path / "index.html").read_text()
    assert 'src="made_up/good.png" alt="One &quot;line&quot;."' in index
    assert 'src="made_up/random.svg"' in index
    assert "A &lt;slide&gt;" in index
    assert "Points &amp; lines." in index
    assert "http" not in index


def test_a_record_speaks_of_all_pictures_made_alike_and_of_no_others(made_up, tmp_path):
    def formats():
        return json.loads((tmp_path / "made_up/random.json").read_text())["formats"]

    figures.run("made_up/random", tmp_path, "svg")
    figures.run("made_up/random", tmp_path, "png")
    assert formats() == ["png", "svg"]
    figures.run("made_up/random", tmp_path, "pdf", quality="full")
    assert formats() == ["pdf"]
    assert "random.svg" not in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "made_up/other"}', '{"name": 3, "formats": 4}'])
def test_the_index_passes_over_files_that_are_not_records(text, made_up, tmp_path):
    out = tmp_path / "gallery"
    (out / "made_up").mkdir(parents=True)
    (out / "made_up" / "other.json").write_text(text)
    figures.run("made_up/good", out)
    assert "1 figure of" in (out / "index.html").read_text()


def test_a_picture_without_a_format_for_pages_is_shown_in_words(made_up, tmp_path):
    figures.run("made_up/good", tmp_path, "pdf")
    index = (tmp_path / "index.html").read_text()
    assert "<img" not in index
    assert "One &quot;line&quot;." in index


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_make_the_same_files(workers, made_up, tmp_path):
    names = ["minimax/dirac_gan", "minimax/algorithms"]
    results = figures.run(names, tmp_path / "some", rendering.FORMATS, workers=workers)
    assert [result.name for result in results] == names
    for name in names:
        here = rendering.render(name, rendering.FORMATS, "draft").pictures
        assert {f: (tmp_path / "some" / f"{name}.{f}").read_bytes() for f in rendering.FORMATS} == here


# When something goes wrong


def test_a_figure_that_raises_is_reported_and_the_others_are_made(made_up, tmp_path):
    good, raising = figures.run(["good", "raising"], tmp_path / "out")
    assert (good.error, raising.error) == ("", "ValueError: x must be > 0, got -1")
    assert "raising.py" in raising.trace
    assert files(tmp_path / "out") == ["index.html", "made_up/good.json", "made_up/good.png"]


def test_a_picture_that_cannot_be_written_is_reported(made_up, tmp_path):
    (tmp_path / "made_up" / "good.png").mkdir(parents=True)
    good, random = figures.run(["good", "random"], tmp_path)
    assert "good.png" in good.error
    assert random.error == ""


def test_an_interrupted_run_leaves_what_was_finished(made_up, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        figures.run(["good", "stopped"], tmp_path / "out")
    assert files(tmp_path / "out") == ["index.html", "made_up/good.json", "made_up/good.png"]
    assert "made_up/good.png" in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize(("file", "out"), [("a", "a"), ("a", "a/b/c"), ("a/made_up", "a")])
def test_a_directory_that_cannot_be_written_is_refused_before_computing(file, out, made_up, tmp_path):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    with pytest.raises(NotADirectoryError, match=r"cannot write into .*: a file is in the way"):
        figures.run("made_up/stopped", tmp_path / out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workers": 0}, "workers must be >= 1, got 0"),
        ({"workers": 1.5}, "workers must be an integer, got 1.5"),
        ({"quality": "best"}, "quality must be one of 'draft', 'full', got 'best'"),
        ({"formats": ["png", "jpg"]}, "formats must be one of 'png', 'svg', 'pdf', got 'jpg'"),
        ({"formats": []}, "formats must name at least one of png, svg, pdf"),
    ],
)
def test_bad_arguments_are_refused(arguments, message, made_up, tmp_path):
    with pytest.raises((TypeError, ValueError), match=message):
        figures.run("made_up/stopped", tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()
