"""`make bench-threads`: what gRPC's threads cost, and whom the server refuses when they are too few.

A server with gRPC's own C++ library, which has the same pool as TensorFlow Serving (`--grpc_max_threads`), answers each
call after 20 ms, as if it waited in a batch; callers ask without a pause. Needs g++ and that library (on Debian
`apt-get install g++ pkg-config libgrpc++-dev`). Everything is on 127.0.0.1. Prints the table of docs/tuning.md. About
two minutes; other work on the machine shows in every figure.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.machine import cores_text
from bench.report import filled
from bench.usage import memory, peak_memory
from testing.local_cluster.commands import ROOT

SOURCE, PROGRAM = ROOT / "bench" / "grpc_pool.cc", ROOT / "build" / "grpc_pool"
CALL_MILLISECONDS, SECONDS = 20, 5
SAMPLE_SECONDS = 0.05
CASES = (
    *((8, callers) for callers in (4, 6, 7, 8, 32)),
    *((64, callers) for callers in (62, 64)),
    *((256, callers) for callers in (8, 64, 240, 300)),
    *((1024, callers) for callers in (8, 64, 256, 512, 1000)),
)
"""`--grpc_max_threads`, and callers at once."""

HEAD = """\
| threads at most | callers | answered/s | refused | p50 ms | p99 ms | threads at once | MiB above rest |
|--:|--:|--:|--:|--:|--:|--:|--:|"""


@dataclass(frozen=True)
class Figures:
    """What one case took. Times in milliseconds, `above_rest` in bytes of RSS."""

    limit: int
    callers: int
    answered: int
    refused: int
    p50: float
    p99: float
    threads: int
    above_rest: int

    def row(self) -> str:
        asked = self.answered + self.refused
        cells = (
            self.limit,
            self.callers,
            f"{self.answered / SECONDS:.0f}",
            f"{100 * self.refused / asked:.1f}%" if self.refused else 0,
            f"{self.p50:.1f}",
            f"{self.p99:.1f}",
            self.threads,
            f"{self.above_rest / 2**20:.1f}",
        )
        return "| " + " | ".join(map(str, cells)) + " |"


class NotBuiltError(Exception):
    """The C++ program cannot be built here."""


def build() -> None:
    """Compiles the server and its callers; raises NotBuiltError with the compiler's words."""
    missing = [tool for tool in ("g++", "pkg-config") if shutil.which(tool) is None]
    if missing:
        raise NotBuiltError(f"{' and '.join(missing)} not found")
    PROGRAM.parent.mkdir(exist_ok=True)
    command = ["g++", "-O2", "-std=c++17", str(SOURCE), "-o", str(PROGRAM), *library()]
    compiled = subprocess.run(command, capture_output=True, text=True)
    if compiled.returncode:
        raise NotBuiltError(compiled.stderr)


def library() -> list[str]:
    """The compiler's flags for gRPC's C++ library."""
    asked = subprocess.run(["pkg-config", "--cflags", "--libs", "grpc++"], capture_output=True, text=True)
    if asked.returncode:
        raise NotBuiltError(asked.stderr)
    return shlex.split(asked.stdout)


@contextmanager
def serving(limit: int) -> Iterator[tuple[int, str]]:
    """Runs a server with so many threads at most; gives its process and port."""
    command = [str(PROGRAM), "serve", str(limit), str(CALL_MILLISECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.pid, server.stdout.readline().strip()
        finally:
            server.stdin.close()  # which ends it


class MostThreads:
    """Counts a process's threads until it is stopped, and keeps the highest number."""

    def __init__(self, pid: int) -> None:
        self.most = 0
        self._tasks = Path(f"/proc/{pid}/task")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._stopped.set()
        self._thread.join()
        return self.most

    def _count(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            self.most = max(self.most, len(list(self._tasks.iterdir())))


def measure(limit: int, callers: int) -> Figures:
    """Lets callers ask a fresh server for some seconds; raises SubprocessError when they cannot."""
    with serving(limit) as (pid, port):
        rest, counting = memory(pid), MostThreads(pid)
        command = [str(PROGRAM), "call", port, str(callers), str(SECONDS)]
        called = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS + 90)
        answered, refused, failed, p50, p99, _ = map(float, called.stdout.split())
        if failed:
            raise subprocess.SubprocessError(f"{failed:.0f} calls failed otherwise than by a refusal")
        peak = peak_memory(pid)
        return Figures(limit, callers, int(answered), int(refused), p50, p99, counting.stop(), peak - rest)


def run() -> str:
    """Measures all cases; returns the table with how it was taken."""
    before = os.getloadavg()[0]
    rows = []
    for limit, callers in CASES:
        rows.append(measure(limit, callers).row())
        print(f"  {rows[-1]}", flush=True)
    version = subprocess.run(["pkg-config", "--modversion", "grpc++"], capture_output=True, text=True).stdout.strip()
    measured = (
        f"Measured by `make bench-threads` on {date.today().isoformat()}, {cores_text()},"
        f" gRPC {version}, calls of {CALL_MILLISECONDS} ms without a pause, {SECONDS} s each; load average"
        f" {before:.1f} before, {os.getloadavg()[0]:.1f} after."
    )
    return "\n".join([filled(measured), "", HEAD, *rows, ""])


def main() -> int:
    argparse.ArgumentParser(description="what gRPC's threads cost, and whom too few refuse").parse_args()
    try:
        build()
        table = run()
    except NotBuiltError as error:
        print(f"{error}\nmake bench-threads needs g++, pkg-config and libgrpc++-dev", file=sys.stderr)
        return 1
    except (OSError, subprocess.SubprocessError) as error:
        print(f"\nmake bench-threads failed: {error}", file=sys.stderr)
        return 1
    (ROOT / "build" / "bench-threads.md").write_text(table)
    print(f"\n{table}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
