"""The log of an operator at work, as a machine reads it."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.fleet import tfmodel, wait_for_children
from testing.loopback import free_ports
from testing.waiting import eventually

Line = dict[str, Any]


@pytest.fixture(params=["info", "debug"])
def talking(
    request: pytest.FixtureRequest, control_plane: ControlPlane, operator_log: Path
) -> Iterator[OperatorProcess]:
    flags = (*FLAGS, "--log-format=json", f"--log-level={request.param}")
    with running_operator(control_plane.kubeconfig(OPERATOR), operator_log, free_ports(1)[0], *flags) as process:
        yield process


def lines(operator: OperatorProcess) -> list[Line]:
    """Every one is JSON, whoever wrote it; the last may not be whole yet."""
    return [json.loads(line) for line in operator.log.read_text().split("\n")[:-1]]


def about(operator: OperatorProcess, namespace: str, name: str) -> list[Line]:
    return [line for line in lines(operator) if (line.get("namespace"), line.get("name")) == (namespace, name)]


def test_every_line_is_json_and_says_of_what_it_is(talking: OperatorProcess, api: Api, namespace: str) -> None:
    for name in ("cats", "dogs"):
        api.create(tfmodel(namespace, name))
        wait_for_children(api, namespace, name)
    for name in ("cats", "dogs"):
        found = about(talking, namespace, name)
        first = [line["message"] for line in found if line["reconcile_id"] == found[0]["reconcile_id"]]
        assert f"created Deployment {namespace}/{name}" in first
        assert [message for message in first if message.startswith("Ready=False Deploying: ")], first
    ids = {name: {line["reconcile_id"] for line in about(talking, namespace, name)} for name in ("cats", "dogs")}
    assert not ids["cats"] & ids["dogs"]
    for line in lines(talking):
        assert line.keys() >= {"time", "level", "logger", "message"}
        assert datetime.fromisoformat(line["time"]).utcoffset() is not None


def test_an_operator_that_is_stopped_ends_with_a_line_of_json(talking: OperatorProcess) -> None:
    talking.process.terminate()
    eventually(lambda: talking.process.poll() is not None)
    assert lines(talking)
