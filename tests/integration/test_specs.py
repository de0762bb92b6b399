"""Specs that are not acted on: said by a condition, in one log line, with nothing made."""

import http
import time

import pytest

from testing.api_client import Api, Refused
from testing.control_plane.control_plane import ControlPlane
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import CHILDREN, tfmodel, wait_for_children, wait_for_reason, writes
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")


def children(api: Api, namespace: str) -> list[str]:
    found = [(kind, api.get(kind, namespace, pattern.format("mnist"))) for kind, pattern in CHILDREN]
    return [kind for kind, item in found if item is not None]


def test_hostpath_is_refused_unless_allowed(api: Api, namespace: str, operator: OperatorProcess) -> None:
    api.create(tfmodel(namespace, modelUri="hostpath:///srv/models/mnist"))
    found = wait_for_reason(api, namespace, "mnist", "HostPathNotAllowed")
    assert found["message"].startswith("modelUri: hostpath://")
    assert "--allow-hostpath" in found["message"]
    time.sleep(3)
    assert children(api, namespace) == []
    assert len([line for line in operator.lines() if f"{namespace}/mnist" in line]) == 1


def test_a_suspended_tfmodel_is_left_as_it_is_until_it_is_resumed(
    control_plane: ControlPlane, api: Api, namespace: str
) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    api.patch("TFModel", namespace, "mnist", {"spec": {"suspend": True, "replicas": 3}})
    wait_for_reason(api, namespace, "mnist", "Suspended")
    api.delete("Service", namespace, "mnist")
    time.sleep(2)
    assert children(api, namespace) == ["ConfigMap", "Service", "Deployment"]
    api.patch("TFModel", namespace, "mnist", {"spec": {"suspend": False}})
    eventually(lambda: children(api, namespace) == ["ConfigMap", "Service", "Service", "Deployment"])
    deployment = eventually(lambda: api.get("Deployment", namespace, "mnist"))
    eventually(lambda: (api.get("Deployment", namespace, "mnist") or {})["spec"]["replicas"] == 3)
    assert deployment is not None


def test_scaled_to_zero_is_said(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, replicas=0))
    found = wait_for_reason(api, namespace, "mnist", "ScaledToZero")
    assert found["status"] == "False"


def test_the_scale_subresource_sets_the_replicas(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    api.patch("TFModel", namespace, "mnist", {"spec": {"replicas": 4}}, "scale")
    eventually(lambda: (api.get("Deployment", namespace, "mnist") or {})["spec"]["replicas"] == 4)


def test_an_invalid_spec_from_an_older_crd_becomes_a_condition(
    control_plane: ControlPlane, api: Api, namespace: str, operator: OperatorProcess
) -> None:
    """The schema is loosened, as an old CRD would be, and a bad object slips in."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tfmodels.tfs-operator.io"
    strict = api.request("GET", path)["spec"]["versions"]
    loose = [{**strict[0], "schema": {"openAPIV3Schema": _anything()}}]
    merge = "application/merge-patch+json"
    api.request("PATCH", path, {"spec": {"versions": loose}}, merge)
    bad = tfmodel(namespace, modelUri="pvc://models/../etc", gpus=-1)
    try:
        eventually(lambda: _created(api, bad))
        found = wait_for_reason(api, namespace, "mnist", "InvalidSpec")
    finally:
        api.request("PATCH", path, {"spec": {"versions": strict}}, merge)
        eventually(lambda: _is_invalid(api, bad))
    assert "spec.modelUri: must not have '.' or '..'" in found["message"]
    assert "spec.gpus" in found["message"]
    assert children(api, namespace) == []
    assert writes(control_plane, namespace) == ["patch tfmodels/status mnist"]
    assert len([line for line in operator.lines() if f"{namespace}/mnist" in line]) == 1


def _anything() -> dict[str, object]:
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _is_invalid(api: Api, manifest: dict[str, object]) -> bool:
    """A changed schema makes the API server open its storage anew, some time later: it answers by the old one until
    then, and 429 meanwhile."""
    try:
        api.create(manifest, "?dryRun=All")
    except Refused as refusal:
        return refusal.status == http.HTTPStatus.UNPROCESSABLE_ENTITY
    return False


def _created(api: Api, manifest: dict[str, object]) -> bool:
    try:
        api.create(manifest)
    except Refused:
        return False
    return True
