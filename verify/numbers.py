"""Numbers and evidence in words."""

from typing import Any

from verify.evidence import Evidence, Verdict


def number(value: Any, digits: int = 6) -> str:
    """A number with so many significant digits; anything else as it is."""
    if value is None:
        return ""
    if isinstance(value, complex):
        return f"{value:.{digits}g}"
    return f"{value:.{digits}g}" if isinstance(value, int | float) else str(value)


def apart(a: Any, b: Any) -> tuple[str, str]:
    """Two numbers with as many digits as make them look different, if they are: at least 6, at most 17.

    >>> apart(1.0, 1.000000001)
    ('1', '1.000000001')
    """
    shown = [(number(a, digits), number(b, digits)) for digits in range(6, 18)]
    return next(((x, y) for x, y in shown if x != y), shown[0])


def interval(bounds: tuple[float, float] | None) -> str:
    """An interval by its ends; a narrow one by half its width."""
    if bounds is None:
        return ""
    low, high = bounds
    if high - low < 1e-4 * abs(high):
        return f"± {(high - low) / 2:.1e}"
    return f"[{low:.6g}, {high:.6g}]"


def subject(e: Evidence) -> str:
    """What was compared, and on how much."""
    return f"{e.what} ({e.detail})" if e.detail else e.what


def comparison(e: Evidence) -> str:
    """What was measured against what: in few digits where it passes, and where it does not in all that it takes."""
    if e.measured is None:
        return ""
    if e.kind == "sign":
        return f"{'measured ' if e.verdict is Verdict.FAIL else ''}{number(e.measured)}, sign {e.expected:+g}"
    relation = e.kind if e.kind in ("at most", "at least") else "expected"
    bounds = "" if relation == e.kind or (e.interval and e.interval[0] == e.interval[1]) else interval(e.interval)
    if e.verdict is Verdict.FAIL:
        measured, expected = apart(e.measured, e.expected)
        parts = [f"measured {measured}", f"{relation} {expected}", difference(e), bounds if e.alpha else ""]
    else:
        parts = [number(e.measured), f"{relation} {number(e.expected)}", bounds]
    return ", ".join(filter(None, parts))


def difference(e: Evidence) -> str:
    """How far apart the two numbers are, and in how many tolerances."""
    try:
        gap = e.measured - e.expected
    except TypeError:
        return ""
    if not e.tolerance:
        return f"difference {gap:.3g}" + (" where none is allowed" if e.tolerance == 0 else "")
    return f"difference {gap:.3g} = {abs(gap) / e.tolerance:.3g} × the tolerance {e.tolerance:.2g}"
