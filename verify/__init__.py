"""The lecture's theorems as programs: ``python -m verify``, or `run` from Python."""

from verify.claims import Claim, EngineError, Mutant, claim, shipped
from verify.evidence import Evidence, Verdict
from verify.register import ROWS, Row
from verify.running import Result, run

__all__ = ["ROWS", "Claim", "EngineError", "Evidence", "Mutant", "Result", "Row", "Verdict", "claim", "run", "shipped"]
