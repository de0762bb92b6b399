"""An interrupted run leaves nothing behind."""

import threading
from pathlib import Path

import pytest

from testing.suite.lanes import Tier
from testing.suite.running import Run
from testing.waiting import eventually

TEST = """
import pathlib, subprocess, sys, time, pytest

COMMAND = [sys.executable, "-c", "import time; time.sleep(100)"]

@pytest.fixture
def program():
    process = subprocess.Popen(COMMAND)
    left_behind = subprocess.Popen(COMMAND, start_new_session=True)
    pathlib.Path(__file__).with_name("pids").write_text(f"{process.pid} {left_behind.pid} .")
    yield
    process.kill()
    process.wait()

def test_that_would_take_long(program):
    time.sleep(100)
"""


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_what_was_started_ends_too(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_long.py").write_text(TEST)
    run = Run(tmp_path, print)
    lane = (Tier("first", (str(tmp_path), workers)), Tier("second", (str(tmp_path), workers)))
    thread = threading.Thread(target=run.lane, args=(lane,))
    thread.start()
    *pids, _ = eventually(lambda: _text(tmp_path / "pids")).split()
    run.interrupt()
    thread.join(60)
    eventually(lambda: not any(_lives(int(pid)) for pid in pids))
    assert [found.tier for found in run.results if found.is_good] == []
    assert not (tmp_path / "second.log").exists() or not (tmp_path / "second.log").read_text()


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _lives(pid: int) -> bool:
    """One that has ended and was not waited for yet does not live."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
