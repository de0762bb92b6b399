"""What is expensive to make and is only read, made once for all processes of a test run."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(paths: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Returns the folder that `make` has filled, in this process of the run or in another one.

    The first that asks makes it, and the others wait for that; an error leaves nothing behind, so the next tries anew.
    """
    shared = shared_folder(paths)
    made = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            unfinished = paths.mktemp(f"{name}-unfinished") / name
            make(unfinished)
            unfinished.rename(made)
    return made


def shared_folder(paths: pytest.TempPathFactory) -> Path:
    """Returns the temporary folder of the run, in which each of its processes has its own."""
    return paths.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else paths.getbasetemp()
