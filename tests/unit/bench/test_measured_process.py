"""What a process is said to have taken."""

import os
import sys
from pathlib import Path

import pytest

from bench.measured_process import ProcessFailed, measured

MIB = 2**20
BUSY = "import time; held = bytearray(80 * 2**20)\nwhile time.process_time() < 0.3: pass\ndel held"


def test_time_and_memory_are_those_of_the_process(tmp_path: Path) -> None:
    held_by_us = bytearray(200 * MIB)
    held_by_us[:: os.sysconf("SC_PAGE_SIZE")] = b"x" * len(held_by_us[:: os.sysconf("SC_PAGE_SIZE")])
    usage = measured([sys.executable, "-c", BUSY], os.environ, tmp_path / "log", 30)
    assert 80 * MIB < usage.peak_memory < 150 * MIB
    assert 0.3 <= usage.cpu < 10
    assert usage.wall >= 0.3


def test_a_failure_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"(?s)ended with 3 .*no such bucket"):
        measured([sys.executable, "-c", "print('no such bucket'); exit(3)"], os.environ, tmp_path / "log", 30)


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="ended with -9"):
        measured([sys.executable, "-c", "import time; time.sleep(60)"], os.environ, tmp_path / "log", 0.5)
