"""`make bench-memory`: what the allocator of the C library does to a process of many threads whose models are swapped.

Runs `bench.allocator_process` with glibc as it comes, with MALLOC_ARENA_MAX, and with jemalloc, in turn and several
times. Prints a table and writes every figure to build/bench-memory.json. Some five minutes on a machine that does
nothing else; a real server has more threads than this and other sizes, so the figures are for comparison.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bench import jemalloc
from bench.allocator_model import save
from bench.allocators_report import Result, Run, as_json, markdown
from bench.machine import cores_text
from bench.usage import OthersCpu
from testing.fleet.model_servers import DOUBLE
from testing.local_cluster.commands import ROOT

ROUNDS, SWAPS, SECONDS, RATE = 4, 30, 2.5, 200.0
RUN_SECONDS = 180
ARENAS = "MALLOC_ARENA_MAX"
THRESHOLD = "MALLOC_MMAP_THRESHOLD_"
LARGE = str(2**20)
"""Bytes from which on each allocation is a mapping of its own, given back when it is freed. Without the variable glibc
raises its threshold to what was freed, up to 32 MiB."""
GLIBC = {
    "glibc": {},
    **{f"{ARENAS}={count}": {ARENAS: str(count)} for count in (1, 2, 4)},
    f"{ARENAS}=2 {THRESHOLD}={LARGE}": {ARENAS: "2", THRESHOLD: LARGE},
}
NO_JEMALLOC = "Without jemalloc: it is not installed, and there is no Debian package to be had."

Environment = Mapping[str, str]


def cases(folder: Path) -> dict[str, Environment]:
    """The environment of each, by its title."""
    found = jemalloc.library(folder)
    return {**GLIBC, **({"jemalloc": {"LD_PRELOAD": str(found)}} if found else {})}


def measure(model: Path, environment: Environment, options: argparse.Namespace) -> tuple[Run, float]:
    """A run, and the CPU seconds of its process."""
    arguments = [str(model), str(options.swaps), str(options.seconds), str(options.rate)]
    command = [sys.executable, "-m", "bench.allocator_process", *arguments]
    path = os.pathsep.join([str(ROOT), str(ROOT / "operator"), str(DOUBLE)])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "LD_PRELOAD"))}
    before = os.times()
    done = subprocess.run(
        command,
        env={**inherited, "PYTHONPATH": path, "TF_ENABLE_ONEDNN_OPTS": "0", **environment},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ChildProcessError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(**json.loads(done.stdout)), used


def run(options: argparse.Namespace, folder: Path) -> Result:
    print("Writing the model", flush=True)
    save(folder / "model")
    chosen, runs, used = cases(folder), dict[str, list[Run]](), 0.0
    others, began = OthersCpu([os.getpid()]), time.monotonic()
    for _ in range(options.rounds):
        for title, environment in chosen.items():
            one, cpu = measure(folder / "model", environment, options)
            print(f"  {title}: {one.memory[0]:.0f} → {one.memory[-1]:.0f} MiB, {one.rate:.0f} requests/s", flush=True)
            runs.setdefault(title, []).append(one)
            used += cpu
    return Result(
        day=date.today(),
        machine=cores_text(),
        runs=runs,
        swaps=options.swaps,
        rate=options.rate,
        others=max(0.0, others.seconds() - used) / (time.monotonic() - began),
        left_out="" if "jemalloc" in chosen else NO_JEMALLOC,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="what the allocator does to a process whose models are swapped")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default: %(default)s)")
    parser.add_argument("--swaps", type=int, default=SWAPS, help="of a run (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of requests a stage (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench-memory.json", metavar="FILE")
    options = parser.parse_args()
    options.json.parent.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
            result = run(options, Path(folder))
    except (OSError, subprocess.SubprocessError) as error:
        print(f"\nmake bench-memory failed: {error}", file=sys.stderr)
        return 1
    options.json.write_text(json.dumps(as_json(result), indent=1) + "\n")
    print(f"\n{markdown(result)}\nEvery figure is in {options.json}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
