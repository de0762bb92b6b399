"""A plugin of pytest that writes down how far a run is, for whoever watches it: `pytest -p testing.suite.progress`.

With xdist it works in the process that hands out the tests, and is silent in the workers.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FILE_VARIABLE = "TFS_TEST_PROGRESS"


class Writer:
    """Appends one JSON object a line: `{"total": N}` once, then `{"test": …, "outcome": …}` for each that is done."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._total = 0
        self._failed: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without xdist."""
        if session.items:
            self._write(total=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """Every worker collects all tests."""
        if not self._total:
            self._total = len(ids)
            self._write(total=self._total)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Three for each test: a setup, a call and a teardown."""
        if report.failed:
            self._failed.add(report.nodeid)
        if report.when == "teardown":
            self._write(test=report.nodeid, outcome="failed" if report.nodeid in self._failed else "done")

    def _write(self, **entry: object) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    file = os.environ.get(FILE_VARIABLE)
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(Path(file)), "suite progress")


def read(file: Path) -> tuple[int, list[dict[str, Any]]]:
    """Returns the number of tests, 0 while it is unknown, and the entries of those that are done."""
    if not file.exists():
        return 0, []
    complete = [json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
    total = sum(entry.get("total", 0) for entry in complete)
    return total, [entry for entry in complete if "test" in entry]
