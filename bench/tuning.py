"""`make bench-tuning`: what `spec.server`'s tuning does to the boston example under its load, without a cluster.

Each case is a TFModel's `spec.server`, rendered, and the test double started with the flags and files that come out.
Everything runs on 127.0.0.1, server and clients on the same cores. Prints the tables of docs/tuning.md and writes every
single figure to build/bench-tuning.json. Some four minutes; other work on the machine shows in every figure.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from bench.boston import program, samples, train
from bench.machine import cores_text
from bench.tuned_server import NoStart
from bench.tuning_cases import (
    AGES,
    LOADS,
    POOLS,
    LoadCase,
    measure_calls,
    measure_first,
    measure_load,
)
from bench.tuning_figures import Calls, FirstRequests, Load
from bench.tuning_report import Result, as_json, markdown
from testing.local_cluster.commands import ROOT

ROUNDS, STARTS = 3, 5


def measure_loads(cases: Sequence[LoadCase], base_path: Path, folder: Path, rounds: int) -> dict[str, list[Load]]:
    """In turn, so that what else goes on meets all cases."""
    load_program, bodies, found = program("load"), samples(base_path), dict[str, list[Load]]()
    for _ in range(rounds):
        for case in cases:
            load = measure_load(case, base_path, bodies, folder, load_program)
            print(f"  {case.title}: {load.rate:.0f} requests/s, p95 {load.p95:.1f} ms", flush=True)
            found.setdefault(case.title, []).append(load)
    return found


def measure_warmup(base_path: Path, folder: Path) -> dict[str, list[FirstRequests]]:
    bodies = samples(base_path)
    without = [measure_first(base_path, bodies, folder) for _ in range(STARTS)]
    program("warmup").write(base_path / "1", bodies)
    return {
        "no warmup": without,
        "20 warmup requests": [measure_first(base_path, bodies, folder) for _ in range(STARTS)],
    }


def measure_ages(base_path: Path, folder: Path) -> dict[str, Calls]:
    bodies = samples(base_path)
    return {case.title: measure_calls(case, base_path, bodies, folder) for case in AGES}


def run(rounds: int) -> Result:
    machine, before = cores_text(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-tuning-") as name:
        folder = Path(name)
        print("Training examples/boston", flush=True)
        base_path = train(folder)
        print("Batching", flush=True)
        batching = measure_loads(LOADS, base_path, folder, rounds)
        print("Parallelism", flush=True)
        parallelism = measure_loads(POOLS, base_path, folder, rounds)
        print("The age of connections", flush=True)
        connections = measure_ages(base_path, folder)
        print("Warmup", flush=True)
        warmup = measure_warmup(base_path, folder)
    averages = (before, os.getloadavg()[0])
    return Result(date.today(), machine, averages, batching, parallelism, warmup, connections)


def tell(result: Result) -> None:
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench-tuning.md").write_text(markdown(result))
    (ROOT / "build" / "bench-tuning.json").write_text(json.dumps(as_json(result), indent=1) + "\n")
    print(f"\n{markdown(result)}\nEvery single figure is in build/bench-tuning.json.")


def main() -> int:
    parser = argparse.ArgumentParser(description="what tuning does to the boston example under its load")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each load (default: %(default)s)")
    options = parser.parse_args()
    try:
        tell(run(options.rounds))
    except (NoStart, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
        print(f"\nmake bench-tuning failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake bench-tuning: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
