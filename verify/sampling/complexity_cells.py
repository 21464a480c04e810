"""The table of complexities, cell by cell: slide "Langevin Monte Carlo"."""

import re
from fractions import Fraction

import numpy as np

from refimpl.sampling import complexity
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.sampling.metrics import SLIDE

PRINTED = {
    "[24] TV": "Lp^3\\epsilon^{-4}",
    "[24] KL": "Lp^3\\epsilon^{-2}",
    "[25] TV": "L^2p^5\\epsilon^{-2}",
    "[21] W₂": "Lp^9\\epsilon^{-6}",
    "[18] TV": "L^2p^4\\epsilon^{-2}",
    "[18] KL": "L^2p^4\\epsilon^{-1}",
    "[54] W₂": "L(f)^2p^4C_P^3\\epsilon^{-4}",
    "[71] W₂": "Lp^9\\epsilon^{-6}",
    "[71] TV": "Lp^3\\epsilon^{-3}",
    "[71] KL": "Lp^3\\epsilon^{-\\frac{3}{2}}",
}
"""The cells of the slide's table, as typeset."""


def printed_exponents(cell):
    """Exponents of L, p, ε and C_P in a cell."""
    cell = re.sub(r"\\frac\{(\d)\}\{(\d)\}", r"\1/\2", cell.replace("L(f)", "L"))
    found = dict(re.findall(r"(L|p|C_P|\\epsilon)(?:\^\{?(-?[\d/]+)\}?)?", cell))
    return [float(Fraction(found[name] or 1)) if name in found else 0.0 for name in ("L", "p", "\\epsilon", "C_P")]


def of_cells(table):
    """The rows of a table by the names that their cells have above."""
    return {f"{row.reference.split()[0]} {row.distance}": row for row in table}


@claim("S06", slide=SLIDE, source="the slide's table")
def table_has_the_exponents_of_the_slide(rng, *, complexity_table=complexity.complexity_table):
    r"""Cell by cell: log steps = α log L + β log p + … with the printed exponents, and no other cells."""
    rows = of_cells(complexity_table())
    yield equal("cells of the slide that are there", [name in rows for name in PRINTED], True)
    yield equal("number of cells", len(rows), len(PRINTED))
    for name, cell in PRINTED.items():
        L, p, eps, C_P = 10 ** rng.uniform(-2, 2, (4, 6))
        exponents = printed_exponents(cell)
        measured = [np.log(rows[name].steps(*at)) for at in zip(p, L, eps, C_P, strict=True)]
        yield equal(name, measured, np.log([L, p, eps, C_P]).T @ exponents, atol=rounding(100, 100))
        at = [np.log(rows[name].steps(p, L, eps)) for p, L, eps in zip(p, L, eps, strict=True)]
        yield equal(f"{name}, C_P = 1", at, np.log([L, p, eps]).T @ exponents[:3], atol=rounding(100, 100))


def off(cell, name, by):
    """The table with one exponent of one cell changed."""

    def table():
        rows = of_cells(complexity.complexity_table())
        changed = rows[cell]._replace(**{name: getattr(rows[cell], name) + by})
        return list({**rows, cell: changed}.values())

    return table


ONE_EXPONENT_OFF = {
    f"{cell}: {name} {by:+}": off(cell, name, by)
    for cell in PRINTED
    for name in ("of_L", "of_p", "of_eps", "of_C_P")
    for by in (-0.5, 0.5)
}
table_has_the_exponents_of_the_slide.mutants(
    ONE_EXPONENT_OFF | {"first row left out": lambda: complexity.complexity_table()[1:]}
)


@claim("S06", slide=SLIDE, source="the slide's table")
def text_of_the_table_shows_the_numbers_of_steps(rng, *, table_text=complexity.table_text):
    r"""A head, and for each cell of the slide a line that ends in its number of steps, for p = 7, L = 3, ε = ¼."""
    p, L, eps = 7, 3.0, 0.25
    lines = table_text(p, L, eps).splitlines()
    yield equal("lines of the text", len(lines), len(PRINTED) + 1)
    shown = {f"{line.split()[0]} {line[46:48].strip()}": float(line.split()[-1]) for line in lines[1:]}
    for name, cell in PRINTED.items():
        steps = (np.array([L, p, eps, 1.0]) ** printed_exponents(cell)).prod()
        yield equal(f"{name} in the text", shown.get(name, np.nan), steps, rtol=5e-3)


text_of_the_table_shows_the_numbers_of_steps.mutants({
    "L and p exchanged": lambda p, L, eps: complexity.table_text(L, p, eps),
    "1/ε for ε": lambda p, L, eps: complexity.table_text(p, L, 1 / eps),
    "last line left out": lambda p, L, eps: complexity.table_text(p, L, eps).rpartition("\n")[0],
    "no head": lambda p, L, eps: complexity.table_text(p, L, eps).partition("\n")[2],
})
