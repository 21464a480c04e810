"""Modules of claims that moved: a pattern that names the old one finds the new one."""

MODULES: dict[str, str] = {}
"""Old module to new module, both without ``verify.``, such as ``minimax.algorithms``."""
