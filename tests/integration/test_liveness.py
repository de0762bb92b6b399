"""What a kubelet would see of an operator that goes wrong: a mistake of ours, made in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.control_plane import OPERATOR, ROOT, ControlPlane
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import tfmodel
from testing.loopback import free_ports
from testing.waiting import eventually


@contextmanager
def broken(plane: ControlPlane, folder: Path, how: str, *flags: str) -> Iterator[OperatorProcess]:
    port, log = free_ports(1)[0], folder / "operator.log"
    command = [sys.executable, "-m", "testing.control_plane.broken_operator", how, "run", *flags]
    command += [f"--kubeconfig={plane.kubeconfig(OPERATOR)}", f"--http-port={port}"]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT) as process:
        try:
            yield OperatorProcess(f"http://127.0.0.1:{port}", log, process)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("hang", "a reconcile ran for "),
        ("give-up", "every reconcile failed by a mistake in the operator for "),
        ("crash", "every reconcile failed by a mistake in the operator for "),
    ],
)
def test_a_reconcile_that_never_succeeds_is_told(
    control_plane: ControlPlane, api: Api, namespace: str, tmp_path: Path, how: str, why: str
) -> None:
    api.create(tfmodel(namespace))
    with broken(control_plane, tmp_path, how) as process:
        status, body = eventually(lambda: ill(process), explain=process.lines)
    assert status == 503
    assert why in body


def ill(process: OperatorProcess) -> tuple[int, str] | None:
    answer = process.get("/healthz")
    return answer if answer[0] == 503 else None


def test_a_loop_that_is_blocked_answers_nobody(
    control_plane: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    with broken(control_plane, tmp_path, "block") as process:
        eventually(lambda: process.get("/readyz")[0] == 200, explain=process.lines)
        api.create(tfmodel(namespace))
        eventually(lambda: process.get("/healthz")[0] == 0, explain=process.lines)


@pytest.mark.parametrize("part", ["no-watch", "no-workers", "no-renewer", "no-resync"])
def test_a_part_that_ends_ends_the_process(
    control_plane: ControlPlane, api: Api, namespace: str, tmp_path: Path, part: str
) -> None:
    lease = ("--leader-elect", f"--lease-namespace={namespace}")
    with broken(control_plane, tmp_path, part, *lease) as process:
        assert process.process.wait(60) == 1, process.lines()
    assert "ended, which it never should" in process.log.read_text()
