"""Domains of NamedTuples: the kind, and a domain for each field that needs one."""

from typing import Any

from refimpl.arguments.domains import Domain, Sizes


def record(kind: Any, **fields: Domain) -> Domain:
    """A NamedTuple of this kind whose named fields lie in these domains."""

    def check(name: str, value: Any, sizes: Sizes) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")
        return value._replace(**{
            field: inner.check(f"{name}.{field}", getattr(value, field), {}) for field, inner in fields.items()
        })

    return Domain(kind.__name__, check)
