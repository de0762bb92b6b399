"""The table of `make bench-memory`."""

import json
from datetime import date

from bench.allocators_report import Result, Run, as_json, markdown


def run(after: float, rate: float) -> Run:
    return Run([160.0, 300.0, after], 200.0, [0.1, 0.3, 0.2], 12.0, 1.0, 2.5, rate, 0.4, 30.0, 25.0)


def result(left_out: str = "") -> Result:
    runs = {"glibc": [run(400.0, 900.0), run(500.0, 1000.0), run(450.0, 800.0)], "jemalloc": [run(210.0, 1000.0)]}
    return Result(date(2026, 11, 29), "2 cores (x)", runs, 2, 200.0, 0.1, left_out)


def test_a_row_has_medians_with_the_least_and_the_most() -> None:
    rows = [line.split(" | ") for line in markdown(result()).splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == ["| glibc", "| jemalloc"]
    glibc = rows[0]
    assert glibc[1].startswith("160 (")
    assert glibc[2].startswith("450 (400")
    assert glibc[2].endswith("500)")
    assert glibc[4].startswith("0.20 (")
    assert glibc[8].startswith("900 (800")


def test_what_was_left_out_is_said() -> None:
    assert "Without jemalloc." in markdown(result("Without jemalloc."))


def test_no_paragraph_is_wider_than_the_documents_are() -> None:
    text = [line for line in markdown(result()).splitlines() if not line.startswith("|")]
    assert max(map(len, text)) <= 120


def test_the_json_has_every_figure() -> None:
    written = json.loads(json.dumps(as_json(result())))
    assert written["runs"]["glibc"][1]["memory"] == [160.0, 300.0, 500.0]
