"""Objects that anybody may write, on a real API server, stop no operator: each costs what it is, and no more."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.usage import peak_memory
from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.fleet import tfmodel, wait_for_children, wait_for_reason
from testing.loopback import free_ports
from testing.waiting import eventually
from tfs_operator.cluster.kinds import RESOURCES

OURS = {"app.kubernetes.io/managed-by": "tfs-operator", "app.kubernetes.io/instance": "mnist"}
DEPTH = 9_990
"""The deepest that the API server was seen to take."""
LARGE = 60
MEBIBYTE = 2**20


def nested(levels: int) -> str:
    return '{"f:a":' * levels + "{}" + "}" * levels


def config_map(namespace: str, name: str, **more: Any) -> Manifest:
    metadata = {"namespace": namespace, "name": name, "labels": OURS, **more.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}


def owner(kind: str = "TFModel") -> Manifest:
    reference = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": kind, "name": "mnist", "uid": "forged"}
    return {"ownerReferences": [{**reference, "controller": True}]}


def deep(api: Api, manifest: Manifest) -> None:
    """Creates an object whose `managedFields` are nested deeper than any decoder of the operator takes. json.dumps
    would not write it, and json.loads not read it."""
    fields = {"manager": "m", "operation": "Update", "apiVersion": manifest["apiVersion"], "fieldsType": "FieldsV1"}
    manifest["metadata"]["managedFields"] = [{**fields, "fieldsV1": "DEEP"}]
    path = RESOURCES[manifest["kind"]].path(manifest["metadata"]["namespace"])
    assert api.send("POST", path, json.dumps(manifest).replace('"DEEP"', nested(DEPTH)).encode()) == 201


@pytest.fixture
def emptied(api: Api, namespace: str) -> Iterator[str]:
    """A namespace whose ConfigMaps go at the end: other operators of the tier need not read them."""
    yield namespace
    path = RESOURCES["ConfigMap"].path(namespace)
    api.send("DELETE", path, b"{}")
    api.send("DELETE", RESOURCES["TFModel"].path(namespace), b"{}")


def is_served(api: Api, namespace: str, name: str) -> None:
    api.create(tfmodel(namespace, name))
    wait_for_children(api, namespace, name)


def test_what_is_nested_too_deep_ends_no_watch(api: Api, emptied: str, operator: OperatorProcess) -> None:
    deep(api, config_map(emptied, "deep"))
    is_served(api, emptied, "mnist")
    eventually(lambda: operator.metric("tfs_operator_malformed_answers_total") > 0)
    deep(api, config_map(emptied, "deeper", metadata=owner()))
    is_served(api, emptied, "cats")
    assert operator.get("/healthz")[0] == 200
    assert operator.process.poll() is None
    said = [line for line in operator.lines() if "nested deeper than 100 levels" in line]
    assert len(said) == 1, "it is logged once a minute at most"
    assert f"ConfigMap {emptied}/deep" in said[0]


def test_what_is_nested_too_deep_ends_no_list(
    control_plane: ControlPlane, api: Api, emptied: str, tmp_path: Path
) -> None:
    """An operator that starts afterwards, TFModels included."""
    deep(api, config_map(emptied, "deep"))
    deep(api, tfmodel(emptied))
    kubeconfig, log = control_plane.kubeconfig(OPERATOR), tmp_path / "operator.log"
    with running_operator(kubeconfig, log, free_ports(1)[0], *FLAGS) as operator:
        eventually(lambda: api.get("Deployment", emptied, "mnist"))
        assert operator.metric("tfs_operator_malformed_answers_total") > 0
        assert operator.process.poll() is None


def test_labelled_objects_of_no_tfmodel_are_not_kept(
    control_plane: ControlPlane, api: Api, emptied: str, tmp_path: Path
) -> None:
    """As many mebibytes as would take most of the chart's limit, each of them once."""
    kubeconfig = control_plane.kubeconfig(OPERATOR)
    with running_operator(kubeconfig, tmp_path / "before.log", free_ports(1)[0], *FLAGS) as operator:
        before = peak_memory(operator.process.pid)
    for number in range(LARGE):
        forged = owner() if number % 2 else {}
        api.create(config_map(emptied, f"large-{number}", metadata=forged, data={"a": "x" * (MEBIBYTE - 1000)}))
    with running_operator(kubeconfig, tmp_path / "after.log", free_ports(1)[0], *FLAGS) as operator:
        is_served(api, emptied, "mnist")
        grown = peak_memory(operator.process.pid) - before
    assert grown < LARGE * MEBIBYTE / 2, f"{grown / MEBIBYTE:.0f} MiB"


def test_a_spec_that_is_too_large_is_refused_and_the_next_one_served(
    api: Api, emptied: str, operator: OperatorProcess
) -> None:
    env = [{"name": f"A{number}", "value": "x" * 32_000} for number in range(40)]
    manifest = tfmodel(emptied, "large")
    manifest["spec"]["server"] = {"env": env}
    api.create(manifest)

    refused = wait_for_reason(api, emptied, "large", "InvalidSpec")
    assert "has more than 128 KiB" in refused["message"]
    api.patch("TFModel", emptied, "large", {"spec": {"server": {"env": env[:1]}}})
    wait_for_children(api, emptied, "large")
