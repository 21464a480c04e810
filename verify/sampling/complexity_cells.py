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


@claim("S06", slide=SLIDE, source="the slide's table")
def table_has_the_exponents_of_the_slide(
    rng, *, complexity_table=complexity.complexity_table, table_text=complexity.table_text
):
    r"""Cell by cell: log steps = α log L + β log p + … with the printed exponents; the text shows the numbers."""
    rows = {f"{row.reference.split()[0]} {row.distance}": row for row in complexity_table()}
    yield equal("cells of the slide that are there", [name in rows for name in PRINTED], True)
    yield equal("number of cells", len(rows), len(PRINTED))
    for name, cell in PRINTED.items():
        L, p, eps, C_P = 10 ** rng.uniform(-2, 2, (4, 6))
        exponents = printed_exponents(cell)
        measured = [np.log(rows[name].steps(*at)) for at in zip(p, L, eps, C_P, strict=True)]
        yield equal(name, measured, np.log([L, p, eps, C_P]).T @ exponents, atol=rounding(100, 100))
        at = [np.log(rows[name].steps(p, L, eps)) for p, L, eps in zip(p, L, eps, strict=True)]
        yield equal(f"{name}, C_P = 1", at, np.log([L, p, eps]).T @ exponents[:3], atol=rounding(100, 100))
    p, L, eps = 7, 3.0, 0.25
    lines = table_text(p, L, eps).splitlines()
    shown = {f"{line.split()[0]} {line[46:48].strip()}": float(line.split()[-1]) for line in lines[1:]}
    values = {name: np.array([L, p, eps, 1.0]) ** printed_exponents(cell) for name, cell in PRINTED.items()}
    yield equal("lines of the text", len(lines), len(PRINTED) + 1)
    for name, factors in values.items():
        yield equal(f"{name} in the text", shown.get(name, np.nan), factors.prod(), rtol=5e-3)


def off(cell, name, by):
    """The table with one exponent of one cell changed."""
    return lambda: [
        row._replace(**{name: getattr(row, name) + by}) if f"{row.reference.split()[0]} {row.distance}" == cell else row
        for row in complexity.complexity_table()
    ]


for _cell in PRINTED:
    for _name in ("of_L", "of_p", "of_eps", "of_C_P"):
        for _by in (-0.5, 0.5):
            table_has_the_exponents_of_the_slide.mutants(
                {f"{_cell}: {_name} {_by:+}": off(_cell, _name, _by)}, replaces="complexity_table"
            )

table_has_the_exponents_of_the_slide.mutants(
    {
        "L and p exchanged": lambda p, L, eps: complexity.table_text(L, p, eps),
        "1/ε for ε": lambda p, L, eps: complexity.table_text(p, L, 1 / eps),
        "last line left out": lambda p, L, eps: complexity.table_text(p, L, eps).rpartition("\n")[0],
        "no head": lambda p, L, eps: complexity.table_text(p, L, eps).partition("\n")[2],
    },
    replaces="table_text",
)


table_has_the_exponents_of_the_slide.mutants(
    {"first row left out": lambda: complexity.complexity_table()[1:]}, replaces="complexity_table"
)
