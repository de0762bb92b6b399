"""CPU time and memory of running processes, and of the whole machine, as Linux counts them."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
IDLE = slice(3, 5)
"""Fields of /proc/stat: idle, and waiting for a disk."""


def cpu_seconds(pid: int) -> float:
    """Of all its threads, in user and kernel mode; of no child. 0 when the process is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory(pid: int) -> int:
    """Bytes of RSS at its peak so far; 0 when the process is gone."""
    return _memory(pid, "VmHWM:")


def memory(pid: int) -> int:
    """Bytes of RSS now; 0 when the process is gone."""
    return _memory(pid, "VmRSS:")


def _memory(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def machine_cpu_seconds() -> float:
    """What all processes of the machine have used since it was started."""
    ticks = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return (sum(ticks) - sum(ticks[IDLE])) / TICKS


def children_of(pid: int) -> list[int]:
    """The processes that it has started and that still run."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _parent(path) == pid]


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


class OthersCpu:
    """How much of the machine other processes than these take: what disturbs a measurement."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        self._machine, self._own = machine_cpu_seconds(), self._now()

    def seconds(self) -> float:
        """CPU seconds of others, since this was made."""
        return max(0.0, machine_cpu_seconds() - self._machine - (self._now() - self._own))

    def _now(self) -> float:
        return sum(map(cpu_seconds, self._pids))
