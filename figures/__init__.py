"""The lecture's pictures: ``python -m figures``, or `run` from Python."""

from figures.discovery import names
from figures.rendering import Rendering
from figures.running import run

__all__ = ["Rendering", "names", "run"]
