"""An interrupted run leaves nothing behind."""

import os
import threading
from pathlib import Path

import pytest

from testing.control_plane.operator_process import eventually
from testing.suite.lanes import Tier
from testing.suite.running import Run

TEST = """
import pathlib, subprocess, sys, time, pytest

@pytest.fixture
def program():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    pathlib.Path(__file__).with_name("pid").write_text(str(process.pid))
    yield
    process.kill()
    process.wait()

def test_that_would_take_long(program):
    time.sleep(100)
"""


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_what_fixtures_have_started_ends_too(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_long.py").write_text(TEST)
    run = Run(tmp_path, print)
    lane = (Tier("first", (str(tmp_path), workers)), Tier("second", (str(tmp_path), workers)))
    thread = threading.Thread(target=run.lane, args=(lane,))
    thread.start()
    pid = int(eventually(lambda: _text(tmp_path / "pid"), 60))
    run.interrupt()
    thread.join(60)
    assert not _lives(pid)
    assert [found.tier for found in run.results if found.is_good] == []
    assert not (tmp_path / "second.log").exists() or not (tmp_path / "second.log").read_text()


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
