"""Modules of the examples: programs, not packages, so they are loaded by file."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


def load(monkeypatch: pytest.MonkeyPatch, example: str, module: str) -> ModuleType:
    """As Python does for a script: what lies beside it can be imported. Until the end of the test."""
    folder = EXAMPLES / example
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "draw", raising=False)  # two examples have one
    name = f"example_{example}_{module}"
    spec = importlib.util.spec_from_file_location(name, folder / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, loaded)
    spec.loader.exec_module(loaded)
    monkeypatch.delitem(sys.modules, "draw", raising=False)
    return loaded
