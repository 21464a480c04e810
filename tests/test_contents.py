"""The table of contents is that of the rooms as they are, and leads from every end to the others."""

import importlib.util
import json
from pathlib import Path

import pytest

from figures import discovery
from refimpl.data import contents
from verify.register import ROWS, SLIDES

spec = importlib.util.spec_from_file_location("tests_contents", Path(__file__).with_name("contents.py"))
assert spec is not None
assert spec.loader is not None
generator = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generator)
MADE = generator.contents()


def test_the_shipped_table_is_fresh() -> None:
    assert json.loads(generator.JSON.read_text("utf-8")) == MADE, "run: python -m tests.contents --write"


def test_readmes_table_is_fresh() -> None:
    text = generator.README.read_text("utf-8")
    assert generator.readme(text, MADE) == text, "run: python -m tests.contents --write"


def test_every_slide_has_rows_and_every_row_a_slide() -> None:
    read = contents.load()
    assert [slide.title for slide in read.slides] == list(SLIDES)
    assert all(slide.rows for slide in read.slides)
    assert {id for slide in read.slides for id in slide.rows} == set(ROWS) == set(read.rows)


def test_rows_of_another_slide_are_not_those_of_this_one() -> None:
    assert not [(title, id) for title, others in SLIDES.items() for id in others if ROWS[id].slide == title]


@pytest.mark.parametrize("name", discovery.names())
def test_figures_draw_statements_of_their_slide(name: str) -> None:
    figure = discovery.describe(name)
    assert set(figure.rows) <= set(ROWS)
    assert set(figure.rows) & set(generator.rows_on(figure.slide))


def test_links_of_the_table_lead_to_files() -> None:
    table = generator.table(MADE)
    targets = {part.partition(")")[0] for part in table.split("](")[1:]}
    assert len(targets) > 200
    assert not [target for target in targets if not (Path(generator.ROOT) / target).is_file()]
