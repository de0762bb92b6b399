"""`make bench-label-moves` with two moves: it works, and reads the servers' logs rightly. Times are not judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 240
RESERVE_SECONDS = 0.5


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("bench") / "label-moves.json"
    flags = ["--rounds=1", "--moves=2", "--replicas=2", f"--reserve-seconds={RESERVE_SECONDS}", f"--json={file}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator")}
    command = [sys.executable, "-m", "bench.label_moves", *flags]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(file.read_text()))


def test_each_move_is_a_load_and_then_a_label(measured: dict[str, Any]) -> None:
    moves = measured["moves"]
    assert [move["version"] for move in moves] == [2, 3]
    assert all(0 < move["began"] < move["available"] < move["moved"] for move in moves)


def test_a_load_begins_no_sooner_than_the_double_is_told(measured: dict[str, Any]) -> None:
    assert all(move["began"] >= RESERVE_SECONDS for move in measured["moves"])
