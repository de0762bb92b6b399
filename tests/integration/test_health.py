"""/healthz, /readyz and /metrics tell the truth."""

import socket
import subprocess
import sys
from pathlib import Path

import yaml

from testing.api_client import Api
from testing.control_plane.control_plane import kubeconfig_for
from testing.control_plane.operator_process import OperatorProcess, started_operator
from testing.fleet.fleet import tfmodel, wait_for_children
from testing.loopback import free_ports
from testing.waiting import eventually


def test_a_running_operator_is_healthy_and_ready(operator: OperatorProcess) -> None:
    assert operator.get("/healthz") == (200, "ok\n")
    assert operator.get("/readyz") == (200, "ok\n")


def test_the_metrics_have_the_names_that_are_charted(api: Api, namespace: str, operator: OperatorProcess) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    exposition = operator.get("/metrics")[1]
    for name in (
        'workqueue_depth{name="tfmodel"}',
        'workqueue_adds_total{name="tfmodel"}',
        'workqueue_queue_duration_seconds_count{name="tfmodel"}',
        'workqueue_work_duration_seconds_count{name="tfmodel"}',
        'controller_runtime_reconcile_total{controller="tfmodel",result=',
        'controller_runtime_reconcile_time_seconds_count{controller="tfmodel"}',
        'rest_client_requests_total{code="200",method="PATCH"}',
    ):
        assert f"\n{name}" in exposition, name


def test_an_operator_without_a_cluster_says_so_in_one_sentence() -> None:
    command = [sys.executable, "-m", "tfs_operator.cli", "run", "--kubeconfig=/nonexistent", "--http-port=0"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "cannot reach a cluster" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_operator_whose_api_server_is_silent_is_alive_but_not_ready(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kubeconfig = tmp_path / "kubeconfig"
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig.write_text(yaml.safe_dump(kubeconfig_for(server, token="none")))
        with started_operator(kubeconfig, tmp_path / "operator.log", free_ports(1)[0]) as process:
            eventually(lambda: process.get("/healthz")[0] == 200)
            status, body = process.get("/readyz")
    assert (status, body) == (503, "the caches are not filled yet\n")
