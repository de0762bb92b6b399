"""What `make fuzz` makes of what was measured, and that `make test` runs the same examples each time."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing import edges
from testing.fuzzing.__main__ import slowest
from testing.fuzzing.edges import REPORT_VARIABLE, TIMES_VARIABLE, edge, fuzzed, memory_below


def line(name: str, milliseconds: float, example: str) -> str:
    return json.dumps({"edge": name, "milliseconds": milliseconds, "example": example}) + "\n"


def test_the_slowest_call_of_each_edge_is_shown() -> None:
    report = line("a", 1.0, "x") + line("b", 80.0, "y") + line("a", 2.0, "z")
    assert [text.split() for text in slowest(report)] == [[">", "80.0", "ms", "b", "y"], ["2.0", "ms", "a", "z"]]


def test_slower_and_slower_calls_are_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REPORT_VARIABLE, str(tmp_path / "report"))
    seconds = iter([0.0, 9.0, 0.0, 0.001, 0.0, 0.0005, 0.0, 0.002])
    monkeypatch.setattr(edges.time, "thread_time", lambda: next(seconds))
    for example in ["first", "a", "b", "c"]:
        with edge("an edge of its own", example):
            pass
    written = [json.loads(entry) for entry in (tmp_path / "report").read_text().splitlines()]
    assert [(entry["milliseconds"], entry["example"]) for entry in written] == [(1.0, "'a'"), (2.0, "'c'")]


def examples() -> list[Any]:
    seen: list[Any] = []

    @given(st.integers())
    @fuzzed(20)
    def collect(number: int) -> None:
        seen.append(number)

    collect()
    return seen


def test_examples_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TIMES_VARIABLE, raising=False)
    assert examples() == examples()
    monkeypatch.setenv(TIMES_VARIABLE, "2")
    assert examples() != examples()


def test_memory_is_bounded() -> None:
    with memory_below(2_000_000):
        assert bytes(1_000_000)
    with pytest.raises(AssertionError, match="bytes were held at once"), memory_below(2_000_000):
        assert bytes(3_000_000)
