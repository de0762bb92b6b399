"""`make bench-scale`: what the operator costs with 100, 300 and 1,000 TFModels.

A kube-apiserver and an etcd on 127.0.0.1 for each number, without nodes or controllers, and the operator as a process
with the flags of the chart. Prints a table and writes every single measurement to build/bench-scale.json. Some seven
minutes, at most twenty. The status is 0 also when a target is missed, which it says; other work on the machine counts
against the operator, and is told too.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bench.machine import cores_text
from bench.scale_models import AUTOSCALED, many, tfmodel
from bench.scale_repair import repairs
from bench.scale_report import Result, Size, as_json, markdown
from bench.scale_stages import burst, one_at_a_time, rest, restarted
from bench.scale_world import World, new_world, wait_until_ready
from testing.api_client import ApiError
from testing.local_cluster.commands import ROOT

SIZES = (100, 300, 1000)
REST_SECONDS = 60.0
ROUNDS = 10
SINGLES = 20
RUN_SECONDS = 1200


def say(text: str) -> None:
    print(f"  {text}", flush=True)


async def measured(world: World, count: int, options: argparse.Namespace) -> Size:
    tfmodels = many(count, **(AUTOSCALED if options.autoscaled else {}))
    with world.operator() as operator:
        await asyncio.to_thread(wait_until_ready, operator)
        created = await burst(world, operator, tfmodels)
        say(f"every child after {created.complete:.1f} s, {created.cpu / count * 1000:.1f} ms CPU each")
        still = await rest(world, operator, options.rest_seconds)
        say(f"{still.requests.writes} writes and {still.cpu:.2f} s CPU in {still.seconds:.0f} s at rest")
    began = time.monotonic()
    with world.operator() as operator:
        again = await restarted(world, operator, began, count)
        say(f"restarted in {again.seconds:.1f} s with {again.requests.writes} writes")
        autoscaled = [tfmodel(f"single-{index:02}", **AUTOSCALED) for index in range(SINGLES)]
        singles = await one_at_a_time(world, autoscaled)
        repaired = await repairs(world, options.rounds)
    return Size(created, still, again, singles, repaired, world.peak_memory)


async def run(counts: Sequence[int], options: argparse.Namespace) -> Result:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    (ROOT / "build").mkdir(exist_ok=True)
    sizes = []
    async with asyncio.timeout(RUN_SECONDS):
        for count in counts:
            print(f"{count:,} TFModels", flush=True)
            # On the disk of the work tree: /tmp may be memory.
            with tempfile.TemporaryDirectory(prefix="bench-scale-", dir=ROOT / "build") as folder:
                async with new_world(Path(folder)) as world:
                    sizes.append(await measured(world, count, options))
    return Result(date.today(), cores_text(), cores, load, sizes)


def tell(result: Result, file: Path) -> None:
    file.write_text(json.dumps(as_json(result), indent=1) + "\n")
    print(f"\n{markdown(result)}\nEvery single measurement is in {file}.")
    for sentence in result.missed:
        print(f"\n*** TARGET MISSED: {sentence} ***")
    for sentence in result.disturbed:
        print(f"\n*** THE MACHINE WAS BUSY: {sentence} ***")


def _words(error: BaseException) -> str:
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "; ".join(map(_words, inner)) or str(error)


def main() -> int:
    parser = argparse.ArgumentParser(description="what the operator costs with many TFModels")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of TFModels (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench-scale.json", metavar="FILE")
    parser.add_argument("--rest-seconds", type=float, default=REST_SECONDS, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="damages to each child (default: %(default)s)")
    parser.add_argument("--autoscaled", action="store_true", help="each TFModel has an autoscaler, as KServe's have")
    options = parser.parse_args()
    try:
        sizes = [int(size) for size in options.sizes.split(",")]
        tell(asyncio.run(run(sizes, options)), options.json)
    except (ApiError, AssertionError, ExceptionGroup, OSError, TimeoutError, ValueError) as error:
        print(f"\nmake bench-scale failed: {_words(error) or f'not done within {RUN_SECONDS} s'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake bench-scale: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
