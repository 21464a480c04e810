"""The page that shows a directory's figures: one HTML text, with nothing to load but the pictures beside it."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Any

Record = dict[str, Any]

_STYLE = """
:root { color-scheme: light; --ink: #1d2430; --soft: #5b6575; --line: #dfe3ea; --mark: #0072b2 }
* { box-sizing: border-box }
body { margin: 0; background: #f5f6f8; color: var(--ink); font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif }
header, main, footer { max-width: 64rem; margin: auto; padding: 0 1.25rem }
header { padding-top: 2.5rem }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2 }
h2 { margin: 3rem 0 1rem; font-size: 1.3rem; text-transform: capitalize; border-bottom: 2px solid var(--mark) }
h3 { margin: 0; font-size: 1.15rem }
p { margin: .4rem 0 }
nav a { margin-right: 1.25rem; text-transform: capitalize }
a { color: var(--mark) }
figure { margin: 0 0 2rem; background: #fff; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden }
figure img { display: block; width: 100%; height: auto; padding: 1rem }
figcaption { padding: 1rem 1.25rem 1.1rem; border-top: 1px solid var(--line) }
.slide, .made, .alt, details, footer { color: var(--soft); font-size: .875rem }
.alt { padding: 1.25rem }
.made a { margin-right: .75rem; text-transform: uppercase }
summary { cursor: pointer }
footer { padding-bottom: 2.5rem }
"""


def page(records: Sequence[Record]) -> str:
    """The page of some figures, given by their records in the order in which to show them."""
    chapters = [(chapter, list(group)) for chapter, group in groupby(records, _chapter)]
    links = "".join(f'<a href="#{escape(chapter)}">{escape(chapter)}</a>' for chapter, _ in chapters)
    sections = "".join(_section(chapter, group) for chapter, group in chapters)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Diffusion Models and Robustness: figures</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>Diffusion Models and Robustness</h1>
<p>{_count(len(records))} of the lecture, computed and drawn by <code>python -m figures</code>.</p>
<nav>{links}</nav>
</header>
<main>{sections}
</main>
<footer>Beside each picture, a JSON file holds its parameters, seed and versions.</footer>
</body>
</html>
"""


def _count(number: int) -> str:
    return f"{number} figure" + ("" if number == 1 else "s")


def _chapter(record: Record) -> str:
    return record["name"].partition("/")[0]


def _section(chapter: str, records: Iterable[Record]) -> str:
    return f"""
<section id="{escape(chapter)}">
<h2>{escape(chapter)}</h2>{"".join(map(_figure, records))}
</section>"""


def _figure(record: Record) -> str:
    shown = {key: escape(value) for key, value in record.items() if isinstance(value, str)}
    links = "".join(f'<a href="{shown["name"]}.{f}">{f}</a>' for f in (*record["formats"], "json"))
    return f"""
<figure id="{shown["name"]}">
{_picture(record)}
<figcaption>
<h3>{shown["title"]}</h3>
<p class="slide">Slide “{shown["slide"]}”</p>
<p>{shown["caption"]}</p>
<details><summary>In words</summary>{shown["alternative text"]}</details>
<p class="made">{links}{shown["quality"]} quality · {shown["name"]}</p>
</figcaption>
</figure>"""


def _picture(record: Record) -> str:
    """The picture in the first format that a browser shows in a page, or what it would show in words."""
    name, alt = escape(record["name"]), escape(record["alternative text"])
    for format in ("svg", "png"):
        if format in record["formats"]:
            return f'<a href="{name}.{format}"><img src="{name}.{format}" alt="{alt}" loading="lazy"></a>'
    return f'<p class="alt">{alt}</p>'
