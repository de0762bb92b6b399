"""`make bench-fetch`: how long it takes to fetch 1 GiB from an S3 server on this machine, in many files and in few.

`tfs-operator fetch`, from its start until everything is in place, and `rclone copy` with its defaults, in turn. Prints
a table and writes every single measurement to build/bench-fetch.json. Some five minutes; needs 5 GiB of disk, which it
gives back. The status is 0 also when a target is missed, which it says; other work on the machine counts against both.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bench.fetch_data import BUCKET, GIB, SHAPES, VERSION, Shape, publish, same
from bench.fetch_report import Result, Series, as_json, markdown
from bench.fetchers import FETCHERS, Fetcher, Job
from bench.machine import cores_text
from bench.measured_process import ProcessFailed, Usage, measured
from testing.local_cluster.commands import ROOT
from testing.stores.s3 import S3Server, running_s3

ROUNDS = 5
FETCH_SECONDS = 120
DISK_NEEDED = 5 * GIB


def check_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < DISK_NEEDED:
        raise OSError(f"{folder} has {free / GIB:.1f} GiB free, and {DISK_NEEDED / GIB:.0f} GiB are needed")


def fetch(fetcher: Fetcher, server: S3Server, shape: Shape, folder: Path, *, compare: bool) -> Usage:
    """One fetch into an empty folder, which is gone afterwards. What others left to be written to the disk is written
    before it begins."""
    into, work = folder / "fetched" / shape.name, folder / "work"
    into.mkdir(parents=True)
    work.mkdir(exist_ok=True)
    os.sync()
    try:
        command = fetcher.command(Job(server, shape, into, work))
        usage = measured(command.arguments, command.environment, folder / "fetcher.log", FETCH_SECONDS)
        if compare and not same(server.folder / BUCKET / shape.name / str(VERSION), into / str(VERSION)):
            raise ProcessFailed(f"{fetcher.name} fetched something else than there is: {shape.title}")
        return usage
    finally:
        shutil.rmtree(into)


def measure(server: S3Server, fetchers: Sequence[Fetcher], rounds: int, folder: Path) -> list[Series]:
    usages: dict[tuple[Shape, Fetcher], list[Usage]] = {}
    for shape in SHAPES:
        print(f"Publishing {shape.title}", flush=True)
        publish(server, shape)
        for number in range(rounds):
            # Each goes first as often as the other, as far as the number of rounds allows.
            for fetcher in fetchers if number % 2 else reversed(fetchers):
                usage = fetch(fetcher, server, shape, folder, compare=number == 0)
                print(f"  {fetcher.name}: {usage.wall:.2f} s, {usage.cpu:.2f} s CPU", flush=True)
                usages.setdefault((shape, fetcher), []).append(usage)
    return [Series(shape, fetcher.name, usages[shape, fetcher]) for shape in SHAPES for fetcher in fetchers]


def run(fetchers: Sequence[Fetcher], rounds: int) -> Result:
    machine = f"{cores_text()}, load average before: {os.getloadavg()[0]:.1f}"
    (ROOT / "build").mkdir(exist_ok=True)
    # On the disk of the work tree: /tmp may be memory.
    with tempfile.TemporaryDirectory(prefix="bench-fetch-", dir=ROOT / "build") as name:
        folder = Path(name)
        check_disk(folder)
        (folder / "server").mkdir()
        with running_s3(folder / "server") as server:
            server.make_bucket(BUCKET)
            series = measure(server, fetchers, rounds, folder)
    return Result(date.today(), machine, FETCHERS[0].name, series)


def tell(result: Result) -> None:
    (ROOT / "build" / "bench-fetch.json").write_text(json.dumps(as_json(result), indent=1) + "\n")
    print(f"\n{markdown(result)}\nEvery single measurement is in build/bench-fetch.json.")
    for sentence in result.missed:
        print(f"\n*** TARGET MISSED: {sentence} ***")


def main() -> int:
    parser = argparse.ArgumentParser(description="how long it takes to fetch 1 GiB from an S3 server")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each fetcher and shape (default: %(default)s)")
    names = [fetcher.name for fetcher in FETCHERS]
    parser.add_argument("--only", choices=names, help="measure one fetcher alone")
    options = parser.parse_args()
    try:
        tell(run([it for it in FETCHERS if options.only in (None, it.name)], options.rounds))
    except (ProcessFailed, OSError, RuntimeError) as error:
        print(f"\nmake bench-fetch failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake bench-fetch: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
