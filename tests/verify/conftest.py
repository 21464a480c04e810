"""Modules of claims made up for a test."""

import sys

import pytest

import verify.minimax


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """Adds modules, given by their text, to the chapter minimax."""
    monkeypatch.setattr(verify.minimax, "__path__", [*verify.minimax.__path__, str(tmp_path)])
    added = []

    def add(**modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
            added.append(name)

    yield add
    for name in added:
        sys.modules.pop(f"verify.minimax.{name}", None)
        vars(verify.minimax).pop(name, None)
