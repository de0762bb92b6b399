"""What the operator costs the API server, counted in its audit log. Issue figures: no read, and one write a child
plus at most two, the status and an event, for a new TFModel; none for what changes nothing."""

import time
from pathlib import Path

from testing.api_client import Api
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.fleet import BUDGET, condition, reads, tfmodel, wait_for_children, wait_for_reason, writes
from testing.loopback import free_ports
from testing.waiting import eventually

SETTLE_SECONDS = 3.0
"""Longer than the operator's slow poll in this tier (2 s), so that a write by polling would show."""


def test_creating_one_costs_one_write_a_child_and_one_of_the_status_and_no_read(
    control_plane: ControlPlane, api: Api, namespace: str, operator: OperatorProcess
) -> None:
    api.create(tfmodel(namespace, replicas=2))
    wait_for_children(api, namespace, "mnist", BUDGET)
    time.sleep(SETTLE_SECONDS)
    made = writes(control_plane, namespace)
    statuses = [write for write in made if "tfmodels/status" in write]
    assert sorted(write for write in made if write not in statuses) == [
        "patch configmaps mnist-config",
        "patch deployments mnist",
        "patch poddisruptionbudgets mnist",
        "patch services mnist",
        "patch services mnist-headless",
    ]
    assert len(statuses) == 1
    assert reads(control_plane, namespace) == []


def test_an_unrelated_label_on_the_tfmodel_costs_nothing(
    control_plane: ControlPlane, api: Api, namespace: str, operator: OperatorProcess
) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    time.sleep(SETTLE_SECONDS)
    before = writes(control_plane, namespace)
    api.patch("TFModel", namespace, "mnist", {"metadata": {"labels": {"team": "digits"}}})
    time.sleep(SETTLE_SECONDS)
    assert writes(control_plane, namespace) == before


def test_a_name_that_stays_taken_is_tried_again_without_a_write(
    control_plane: ControlPlane, api: Api, namespace: str, operator: OperatorProcess
) -> None:
    """The first pass had made the Deployment, and taken it back."""
    labels = {"app": "other"}
    metadata = {"name": "mnist", "namespace": namespace}
    spec = {"ports": [{"port": 80}], "selector": labels}
    api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    api.create(tfmodel(namespace))
    wait_for_reason(api, namespace, "mnist", "NameTaken")
    before, asked = writes(control_plane, namespace), len(reads(control_plane, namespace))
    eventually(lambda: len(reads(control_plane, namespace)) > asked + 3)
    assert writes(control_plane, namespace) == before
    assert api.get("Deployment", namespace, "mnist") is None


def test_drift_of_one_child_costs_one_write(
    control_plane: ControlPlane, api: Api, namespace: str, operator: OperatorProcess
) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    time.sleep(SETTLE_SECONDS)
    before = len(writes(control_plane, namespace))
    api.patch("Deployment", namespace, "mnist", {"spec": {"replicas": 5}})
    eventually(lambda: (api.get("Deployment", namespace, "mnist") or {})["spec"]["replicas"] == 1)
    time.sleep(SETTLE_SECONDS)
    assert writes(control_plane, namespace)[before:] == ["patch deployments mnist"]


def test_a_deleted_child_of_each_kind_comes_back_by_one_write(
    control_plane: ControlPlane, api: Api, namespace: str, operator: OperatorProcess
) -> None:
    api.create(tfmodel(namespace, replicas=2))
    for child in wait_for_children(api, namespace, "mnist", BUDGET):
        kind, name, uid = child["kind"], child["metadata"]["name"], child["metadata"]["uid"]
        before = len(writes(control_plane, namespace))
        api.delete(kind, namespace, name)
        eventually(lambda k=kind, n=name, u=uid: _uid(api, k, namespace, n) not in (None, u))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        made = [write for write in writes(control_plane, namespace)[before:] if "status" not in write]
        assert len(made) == 1, made


def _uid(api: Api, kind: str, namespace: str, name: str) -> str | None:
    item = api.get(kind, namespace, name)
    return item["metadata"]["uid"] if item else None


def test_a_restart_with_fifty_tfmodels_writes_nothing(
    control_plane: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    kubeconfig, port = control_plane.kubeconfig(OPERATOR), free_ports(1)[0]
    names = [f"model-{number}" for number in range(50)]
    with running_operator(kubeconfig, tmp_path / "first.log", port, *FLAGS):
        for name in names:
            api.create(tfmodel(namespace, name))
        for name in names:
            eventually(lambda n=name: condition(api.get("TFModel", namespace, n)).get("reason") == "Deploying")  # type: ignore[misc]  # as above
        time.sleep(SETTLE_SECONDS)
    before = writes(control_plane, namespace)
    with running_operator(kubeconfig, tmp_path / "second.log", port, *FLAGS) as again:
        eventually(lambda: _reconciles(again) >= len(names))
        time.sleep(SETTLE_SECONDS)
    assert writes(control_plane, namespace) == before


def _reconciles(operator: OperatorProcess) -> float:
    lines = operator.get("/metrics")[1].splitlines()
    counts = [line.split()[-1] for line in lines if line.startswith("controller_runtime_reconcile_total")]
    return sum(map(float, counts))
