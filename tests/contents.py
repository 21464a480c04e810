"""The table of contents made anew: ``python -m tests.contents --write`` writes it into refimpl/data and README.md."""

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from figures import discovery
from refimpl.data.contents import lecture_order
from verify.choosing import discover
from verify.claims import Claim
from verify.register import ROWS, SLIDES

ROOT = Path(__file__).resolve().parents[1]
JSON = ROOT / "refimpl" / "data" / "contents.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- contents: python -m tests.contents --write -->\n", "<!-- end of contents -->\n"


def contents() -> dict[str, Any]:
    """Slides with their rows, and rows with their formulas, claims and figures."""
    claims, drawn = discover().claims, {name: discovery.describe(name) for name in discovery.names()}
    return {
        "slides": [{"title": title, "rows": rows_on(title)} for title in SLIDES],
        "rows": {
            row.id: {
                "slide": row.slide,
                "statement": row.statement,
                "status": row.status,
                "formulas": formulas([one for one in claims if one.row == row.id]),
                "claims": sorted((one.name for one in claims if one.row == row.id), key=lecture_order),
                "figures": [name for name, figure in drawn.items() if row.id in figure.rows],
            }
            for row in ROWS.values()
        },
    }


def rows_on(title: str) -> list[str]:
    """Rows that stand on a slide, those of other slides that are on it too behind them."""
    return [row.id for row in ROWS.values() if row.slide == title] + list(SLIDES[title])


def formulas(claims: list[Claim]) -> list[str]:
    """Paths of the functions that claims check."""
    return sorted({one.path(need) for one in claims for need in one.needs}, key=lecture_order)


def as_json(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def table(made: dict[str, Any]) -> str:
    """README's table: slide, formulas, claims, figures."""
    lines = ["| slide | rows | formulas | claims | figures |", "|---|---|---|---|---|"]
    for slide in made["slides"]:
        rows = [made["rows"][id] for id in slide["rows"]]
        formulas, claims, figures = (
            [one for row in rows for one in row[key]] for key in ("formulas", "claims", "figures")
        )
        cells = [slide["title"], " ".join(slide["rows"]), modules("refimpl", formulas), modules("verify", claims)]
        cells.append("<br>".join(link(f"figures/{name}.py", name.partition("/")[2]) for name in dict.fromkeys(figures)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def modules(room: str, paths: list[str]) -> str:
    """Links to modules: behind those of formulas their functions, behind those of claims how many they hold."""
    listed = []
    for module, group in groupby(sorted(set(paths), key=lecture_order), key=lambda path: path.rpartition(".")[0]):
        names = [path.rpartition(".")[2] for path in group]
        what = ", ".join(f"`{name}`" for name in names) if room == "refimpl" else str(len(names))
        listed.append(link(f"{room}/{module.replace('.', '/')}.py", module.partition(".")[2]) + f": {what}")
    return "<br>".join(listed)


def link(path: str, text: str) -> str:
    return f"[{text}]({path})"


def readme(text: str, made: dict[str, Any]) -> str:
    """README.md with its table made anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table(made) + END + rest.split(END)[1]


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.contents --write")
    everything = contents()
    JSON.write_text(as_json(everything), "utf-8")
    README.write_text(readme(README.read_text("utf-8"), everything), "utf-8")
