"""Many jobs on processes, and threads within one; `sweep` is the way in, loaded when it is asked for.

- `processes`: jobs as they are finished, on processes, executors or a map
- `threads`: how many threads multiply, and how many take blocks
- `journal`: partial results, appended to a file
- `sweeps`: a job for each of many items, resumed where it was stopped
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refimpl.parallel.processes import Workers, as_they_come
    from refimpl.parallel.sweeps import sweep

__all__ = ["Workers", "as_they_come", "sweep"]

_HOMES = {
    "Workers": "refimpl.parallel.processes",
    "as_they_come": "refimpl.parallel.processes",
    "sweep": "refimpl.parallel.sweeps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
