"""Locks among the processes that use the local cluster at the same time: one holds a lock, the others wait for it.

The kernel lets a lock go when its process ends, however that happens.
"""

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from typing import IO

from testing.local_cluster.commands import ROOT
from testing.waiting import eventually

FOLDER = ROOT / "build" / "locks"
LOOK_SECONDS = 0.2
WAIT_SECONDS = 500
"""Pages and demos take the same ports one after the other, each for minutes on a busy machine."""


@contextlib.contextmanager
def held(name: str, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Within the block this process holds the lock. Raises an error when another one keeps it for so long."""
    with one_of([name], seconds):
        yield


@contextlib.contextmanager
def one_of(names: Sequence[str], seconds: float = WAIT_SECONDS) -> Iterator[str]:
    """Holds the first of these locks that is free, and yields its name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context((FOLDER / name).open("w")) for name in names}

        def taken() -> str | None:
            return next((name for name, file in files.items() if is_taken(file)), None)

        yield eventually(taken, seconds, what=f"one of the locks {', '.join(names)}", interval=LOOK_SECONDS)


def is_taken(file: IO[str]) -> bool:
    """Whether the lock was free, and is this process's now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
