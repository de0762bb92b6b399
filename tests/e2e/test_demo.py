"""`make demo`, from the point on where the cluster and the images are there; and what it says to try next."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from hack.playground.commands import ROOT, run
from hack.playground.kubectl import Kubectl

NAMESPACE = "tfs-demo"
WARM_SECONDS = 120


@pytest.fixture(scope="module")
def first_run(operator: Kubectl, namespaces: list[str]) -> Iterator[str]:
    """What the demo printed. Its namespace stays only if it was there before."""
    was_there = operator.get("namespace", NAMESPACE) is not None
    yield run([sys.executable, "hack/demo.py"], seconds=240)
    if not was_there:
        operator("delete", "namespace", NAMESPACE, "--wait=false")
        namespaces.append(NAMESPACE)


def test_the_demo_asks_the_model_on_both_protocols(first_run: str) -> None:
    for protocol in ("REST", "gRPC"):
        answer = re.search(rf"20 images over {protocol}:\n.*\n.*\n(?:.* x.*\n)?.*accuracy +(\d+) of 20\n", first_run)
        assert answer, first_run
        assert int(answer[1]) >= 17
    assert re.search(r"apply → Ready \d+\.\d s → first answer \d+\.\d s", first_run)


def test_the_demo_run_again_is_warm(first_run: str) -> None:
    began = time.monotonic()
    again = run([sys.executable, "hack/demo.py"], seconds=240)
    assert time.monotonic() - began < WARM_SECONDS
    assert "already trained" in again
    assert "the claim has this very model already" in again
    assert "tfmodel.tfs-operator.io/mnist unchanged" in again


def test_what_the_demo_says_to_try_next_works(first_run: str) -> None:
    _, _, advice = first_run.partition("What to try next")
    commands = "\n".join(line for line in advice.splitlines() if line.startswith("  "))
    script = f"set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n{commands}\n"
    shell = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert shell.returncode == 0, shell.stderr
    assert "predictions" in shell.stdout
    assert "versionLabels" in shell.stdout
