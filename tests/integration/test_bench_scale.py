"""`make bench-scale` with three TFModels: it works, and what it counts is as promised. Times are not judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testing.fleet.churning import KINDS

ROOT = Path(__file__).parents[2]
SECONDS = 240
CHILDREN = 5
"""ConfigMap, Deployment, NetworkPolicy, and two Services."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("bench") / "scale.json"
    flags = ["--sizes=3", "--rest-seconds=3", "--rounds=2", f"--json={file}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator")}
    command = [sys.executable, "-m", "bench.scale", *flags]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    (size,) = json.loads(file.read_text())["sizes"]
    return dict(size)


def test_a_new_tfmodel_costs_no_read_and_one_write_a_child_one_of_its_status_and_an_event(
    measured: dict[str, Any],
) -> None:
    burst = measured["burst"]
    assert (burst["tfmodels"], burst["children"]) == (3, CHILDREN)
    assert burst["requests"]["reads"] == 0
    assert burst["requests"]["writes"] == 3 * (CHILDREN + 2)


@pytest.mark.parametrize("stage", ["rest", "restart"])
def test_nothing_is_written_at_rest_nor_by_a_restart(measured: dict[str, Any], stage: str) -> None:
    assert measured[stage]["requests"]["writes"] == 0


def test_the_single_ones_have_a_deployment_and_an_autoscaler(measured: dict[str, Any]) -> None:
    assert {name: len(times) for name, times in measured["one_at_a_time"].items()} == {
        "to_deployment": 20,
        "to_autoscaler": 20,
    }


def test_every_kind_of_child_was_repaired(measured: dict[str, Any]) -> None:
    assert set(measured["repairs"]) == set(KINDS)
    assert all(len(found["deleted"]) >= 2 and len(found["edited"]) >= 2 for found in measured["repairs"].values())
