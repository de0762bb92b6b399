"""python -m testing.fuzzing [--seconds N]: runs the fuzz tier again and again, each time with other input.

Ends at the first failure, whose smallest example is printed, or with the round in which the time is over. Then a table
has the slowest call of each edge. `--seed` repeats one round.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testing.fuzzing.edges import REPORT_VARIABLE, TIMES_VARIABLE

REPORT = Path(__file__).parents[2] / "build" / "fuzz" / "slowest.jsonl"
LONGEST_BLOCK_MILLISECONDS = 50.0
"""For so long nothing may keep an event loop from other work. What runs in threads is measured all the same."""

_TIMES = 2
"""Examples of a round, as a multiple of those in `make test`."""


def main() -> int:
    options = _arguments()
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    deadline = time.monotonic() + options.seconds
    status = _round(secrets.randbelow(2**32) if options.seed is None else options.seed)
    while status == 0 and options.seed is None and time.monotonic() < deadline:
        status = _round(secrets.randbelow(2**32))
    for line in slowest(REPORT.read_text() if REPORT.exists() else ""):
        print(line)
    return status


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testing.fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, metavar="N", help="default: %(default).0f")
    parser.add_argument("--seed", type=int, metavar="N", help="run one round, with this seed")
    return parser.parse_args()


def _round(seed: int) -> int:
    """Returns pytest's exit status."""
    print(f"--seed {seed}", flush=True)
    command = [sys.executable, "-m", "pytest", "tests/fuzz", "-q", "-n2", "--dist=loadfile"]
    command += [f"--hypothesis-seed={seed}"]
    marks = {TIMES_VARIABLE: str(_TIMES), REPORT_VARIABLE: str(REPORT)}
    return subprocess.run(command, check=False, env={**os.environ, **marks}).returncode


def slowest(report: str) -> Iterator[str]:
    """Yields a line for each edge, the slowest first. `report` is what testing/fuzzing/edges.py has written."""
    found: dict[str, dict[str, Any]] = {}
    for entry in map(json.loads, report.splitlines()):
        if entry["milliseconds"] > found.get(entry["edge"], {"milliseconds": 0.0})["milliseconds"]:
            found[entry["edge"]] = entry
    for entry in sorted(found.values(), key=lambda each: -each["milliseconds"]):
        mark = ">" if entry["milliseconds"] > LONGEST_BLOCK_MILLISECONDS else " "
        yield f"{mark} {entry['milliseconds']:8.1f} ms  {entry['edge']:<40} {entry['example']}"


if __name__ == "__main__":
    sys.exit(main())
