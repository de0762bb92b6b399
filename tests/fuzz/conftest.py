"""Keeps the reports of failed properties readable for pytest-xdist and JUnit: examples have half characters in them."""

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.longrepr = _escaped(str(report.longrepr))
        report.sections = [(name, _escaped(text)) for name, text in report.sections]
    return report


def _escaped(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
