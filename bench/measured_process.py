"""What a process takes from its start to its end: wall time, CPU time, memory. Linux only."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.usage import peak_memory

INTERVAL_SECONDS = 0.02


class ProcessFailed(Exception):
    """It ended with another status than 0, or not in time; the message has the end of its log."""


@dataclass(frozen=True)
class Usage:
    """Seconds; and bytes of RSS at the peak."""

    wall: float
    cpu: float
    peak_memory: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measured(command: Sequence[str], environment: Mapping[str, str], log: Path, seconds: float) -> Usage:
    """Runs `command` to its end, for at most `seconds`."""
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        peak, status, cpu = _watch(process.pid, began + seconds)
        wall = time.monotonic() - began
        # It is waited for already.
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = log.read_text(errors="replace")[-2000:]
        raise ProcessFailed(f"{' '.join(command)} ended with {process.returncode} after {wall:.1f} s: {end}")
    return Usage(wall, cpu, peak)


def _watch(pid: int, deadline: float) -> tuple[int, int, float]:
    """The peak is the kernel's own, read until the end: wait4's counts what this process held before it started the
    other. Returns it with the status and the CPU time, of the process and of those it has waited for."""
    peak = 0
    while True:
        peak = max(peak, peak_memory(pid))
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return peak, status, usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            os.kill(pid, 9)
        time.sleep(INTERVAL_SECONDS)
