"""Calls of the product with what arrives from outside: how many of them there are, how long each takes, what it holds.

`make test` runs the same examples each time. `make fuzz` runs other ones each time and more of them, and measures them.
"""

import gc
import json
import os
import reprlib
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings

TIMES_VARIABLE = "TFS_FUZZ_TIMES"
"""How many times as many examples there are as in `make test`; set by `make fuzz` alone."""

REPORT_VARIABLE = "TFS_FUZZ_REPORT"
"""The file to which slow calls are written, a JSON object a line."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 160


def fuzzed(examples: int) -> settings:
    """Returns the settings of a property of so many examples."""
    times = int(os.environ.get(TIMES_VARIABLE, "0"))
    return settings(
        max_examples=examples * max(times, 1),
        derandomize=not times,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def edge(name: str, example: object) -> Iterator[None]:
    """Measures the processor time of a call with `example`, where there is a report to write it to."""
    if REPORT_VARIABLE not in os.environ:
        yield
        return
    gc.disable()  # it would look through all that Hypothesis keeps
    began = time.thread_time()
    try:
        yield
        _SLOWEST.note(name, time.thread_time() - began, example)
    finally:
        gc.enable()


@contextmanager
def memory_below(most_bytes: int) -> Iterator[None]:
    """Fails where more than `most_bytes` were allocated at once meanwhile."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= most_bytes, f"{peak} bytes were held at once, and {most_bytes} are the most"


class _Slowest:
    """Writes down each call that took longer than any other of the same edge in this process. The first one does not
    count: it imports modules and compiles patterns."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def note(self, name: str, seconds: float, example: object) -> None:
        known = self._seconds.setdefault(name, -1.0)
        if known < 0:
            self._seconds[name] = 0.0
            return
        if seconds <= known:
            return
        self._seconds[name] = seconds
        entry = {"edge": name, "milliseconds": 1000 * seconds, "example": _SHORT.repr(example)}
        with Path(os.environ[REPORT_VARIABLE]).open("a") as file:
            file.write(json.dumps(entry) + "\n")


_SLOWEST = _Slowest()
