"""python -m testing.suite [TIER…]: runs the tiers, all of them unless some are named, and says what came of each.

Logs and reports are written to build/tests. Ends with status 0 when every test has passed.
"""

import argparse
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from testing.suite.lanes import LANES, alone, chosen
from testing.suite.running import Run
from testing.suite.summary import clock, summary

FOLDER = Path(__file__).parents[2] / "build" / "tests"
TELL_SECONDS = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.suite", description=__doc__)
    names = [tier.name for lane in LANES for tier in lane]
    parser.add_argument("tiers", nargs="*", metavar="TIER", help=", ".join(names))
    selected = parser.parse_args().tiers or names
    lanes = chosen(selected)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    began = time.monotonic()
    interrupted = False
    run = Run(FOLDER, lambda text: _tell(began, text))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _watch(run, began, [threading.Thread(target=run.lane, args=(lane,)) for lane in lanes])
        if last := alone(selected):
            _watch(run, began, [threading.Thread(target=run.lane, args=((last,),))])
    except KeyboardInterrupt:
        interrupted = True
        _ignore_further_signals()
        _tell(began, "interrupted: ending what runs")
        run.interrupt()
    results = sorted(run.results, key=lambda result: [*names, "alone"].index(result.tier))
    for line in summary(results, time.monotonic() - began):
        print(line)
    return 0 if all(result.is_good for result in results) and not interrupted else 1


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
