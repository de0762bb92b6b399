"""python -m testing.suite [TIER…]: runs the tiers, all of them unless some are named, and says what came of each.

Logs and reports are written to build/tests. Ends with status 0 when every test has passed.
"""

import argparse
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from testing.suite.lanes import Tier, alone, chosen, names
from testing.suite.running import Run
from testing.suite.summary import clock, summary

FOLDER = Path(__file__).parents[2] / "build" / "tests"
TELL_SECONDS = 20.0


def main() -> int:
    folders = _arguments()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    last = alone(folders)
    phases = [chosen(folders), ((last,),) if last else ()]
    began = time.monotonic()
    run = Run(FOLDER, lambda text: _tell(began, text))
    _run(run, began, phases)
    for line in summary(run.results, time.monotonic() - began):
        print(line)
    all_have_run = len(run.results) == sum(len(lane) for phase in phases for lane in phase)
    return 0 if all_have_run and all(result.is_good for result in run.results) else 1


def _arguments() -> list[str]:
    parser = argparse.ArgumentParser(prog="python -m testing.suite", description=__doc__)
    parser.add_argument("tiers", nargs="*", metavar="TIER", help=", ".join(names()))
    folders: list[str] = parser.parse_args().tiers or names()
    if unknown := set(folders) - set(names()):
        parser.error(f"no tier is called {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    return folders


def _run(run: Run, began: float, phases: Sequence[Sequence[tuple[Tier, ...]]]) -> None:
    """The lanes of a phase side by side, until SIGINT or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for lanes in phases:
            _watch(run, began, [threading.Thread(target=run.lane, args=(lane,)) for lane in lanes])
    except KeyboardInterrupt:
        _ignore_further_signals()
        _tell(began, "interrupted: ending what runs")
        run.interrupt()


def _ignore_further_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _watch(run: Run, began: float, threads: list[threading.Thread]) -> None:
    """Until all of them have ended; tells now and then how far they are."""
    for thread in threads:
        thread.start()
    next_time = time.monotonic() + TELL_SECONDS
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.2)
        if time.monotonic() >= next_time:
            _tell(began, run.state())
            next_time += TELL_SECONDS


def _tell(began: float, text: str) -> None:
    print(f"[{clock(time.monotonic() - began):>6}] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
