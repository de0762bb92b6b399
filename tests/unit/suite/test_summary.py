"""What `make test` makes of the reports of its runs."""

from pathlib import Path

import pytest

from testing.suite import lanes
from testing.suite.results import Failure, Result, result
from testing.suite.summary import summary

REPORT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="tests.unit.test_a" name="test_good"/>
<testcase classname="tests.unit.test_a" name="test_bad"><failure message="short">assert 1 == 2</failure></testcase>
<testcase classname="tests.unit.test_a" name="test_bad"><error message="teardown">and its teardown</error></testcase>
<testcase classname="" name="tests.unit.test_b"><error message="collection failure">no such module</error></testcase>
<testcase classname="tests.unit.test_a" name="test_left_out"><skipped message="not here"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def found(tmp_path: Path) -> Result:
    (tmp_path / "unit.xml").write_text(REPORT)
    return result("unit", 1, 65.0, 120.0, tmp_path / "unit.xml")


def test_each_test_counts_once(found: Result) -> None:
    assert (found.passed, found.skipped, len({failure.test for failure in found.failures})) == (1, 1, 2)
    assert Failure("tests.unit.test_a::test_bad", "assert 1 == 2") in found.failures


def test_the_end_has_times_counts_and_what_failed(found: Result) -> None:
    lines = list(summary([found, Result("chart", 0, 30.0, 31.0, passed=7)], 70.0))
    assert lines[-3:] == [
        "failed: unit: tests.unit.test_a::test_bad",
        "failed: unit: tests.unit.test_b",
        "8 passed, 2 failed",
    ]
    assert [line.split() for line in lines if line.startswith(("unit", "chart", "together"))] == [
        ["unit", "1:05", "2:00", "1", "2", "1", "exit", "status", "1"],
        ["chart", "0:30", "0:31", "7", "0", "0"],
        ["together", "1:10", "2:31"],
    ]
    assert "assert 1 == 2" in lines


@pytest.mark.parametrize("exit_code", [0, 3, -9])
def test_a_run_without_a_report_has_failed(tmp_path: Path, exit_code: int) -> None:
    found = result("e2e", exit_code, 1.0, 1.0, tmp_path / "e2e.xml")
    assert not found.is_good
    assert list(summary([found], 1.0))[-1] == "0 passed, 1 failed"


def test_every_folder_of_tests_is_a_tier() -> None:
    """Otherwise `make test` would leave its tests out."""
    tests = Path(__file__).parents[2]
    assert set(lanes.names()) == {path.name for path in tests.iterdir() if path.is_dir() and path.name[0] not in "_."}


def test_nothing_is_marked_to_run_alone_where_it_would_not_be_run() -> None:
    tests = Path(__file__).parents[2]
    mark = "@pytest.mark." + "alone\n"
    marked = {path.relative_to(tests).parts[0] for path in tests.rglob("test_*.py") if mark in path.read_text()}
    last = lanes.alone(lanes.names())
    assert last is not None
    assert marked == {argument.removeprefix("tests/") for argument in last.arguments if argument.startswith("tests/")}
