"""Errors that carry what was reached before they were raised."""

from typing import Any


class DivergedError(ArithmeticError):
    """An iteration left the finite numbers.

    Parameters
    ----------
    last : array
        The last finite state.
    step : int
        The number of steps after which that state was reached.
    """

    def __init__(self, last: Any, step: int):
        super().__init__(f"diverged: the state after step {step} was the last finite one")
        self.last = last
        self.step = step

    def __reduce__(self) -> tuple[type, tuple[Any, int]]:
        return type(self), (self.last, self.step)
