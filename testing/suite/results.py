"""What pytest's own report of a run has, JUnit's XML: how many tests passed, and what the others had to say."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Failure:
    """A test that failed, or that an error in its set-up, its teardown or its collection kept from passing."""

    test: str
    text: str


@dataclass(frozen=True)
class Result:
    """Of one tier. `seconds` is the time that passed, `cpu_seconds` what its processes computed in it."""

    tier: str
    exit_code: int
    seconds: float
    cpu_seconds: float
    passed: int = 0
    skipped: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.exit_code == 0 and not self.failures


def result(tier: str, exit_code: int, seconds: float, cpu_seconds: float, report: Path) -> Result:
    """Reads the report, which is missing when pytest ended before it could write one."""
    if not report.exists():
        return Result(tier, exit_code or 1, seconds, cpu_seconds)
    cases = list(ElementTree.parse(report).iter("testcase"))
    failures = [
        Failure(_name(case), _text(each)) for case in cases for each in case if each.tag in ("failure", "error")
    ]
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = sum(all(case.find(tag) is None for tag in ("failure", "error", "skipped")) for case in cases)
    return Result(tier, exit_code, seconds, cpu_seconds, passed, skipped, tuple(failures))


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname', '')}::{case.get('name', '')}".removeprefix("::")


def _text(element: ElementTree.Element) -> str:
    return element.text or element.get("message") or ""
