"""Autoscaling on a real API server: who writes the number of replicas, and when nobody of ours does.

There is no controller here, so a test plays the autoscaler: it writes the scale subresource, as kube-controller-manager
does.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import TESTER, ControlPlane
from testing.control_plane.operator_process import pretty
from testing.fleet.fleet import BUDGET, condition, tfmodel, wait_for_children, wait_for_reason, writes
from testing.fleet.replica_counts import counts_since, scale
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")

SETTLE_SECONDS = 3.0
"""Longer than the operator's slow poll in this tier (2 s), so that a write by polling would show."""
HPA = ("HorizontalPodAutoscaler", "{}")
REQUESTS = {"resources": {"requests": {"cpu": 1}}}
TWO_TO_TEN = {"minReplicas": 2, "maxReplicas": 10}

Counts = Callable[[Manifest], list[int]]


@pytest.fixture
def counts(control_plane: ControlPlane) -> Counts:
    return lambda deployment: counts_since(control_plane.kubeconfig(TESTER), deployment)


def deployment(api: Api, namespace: str) -> Manifest:
    live = api.get("Deployment", namespace, "mnist")
    assert live is not None
    return live


def edit(api: Api, namespace: str, **spec: Any) -> None:
    api.patch("TFModel", namespace, "mnist", {"spec": spec})


def until_autoscaled(api: Api, namespace: str) -> None:
    eventually(lambda: api.get("HorizontalPodAutoscaler", namespace, "mnist"))


def test_a_tfmodel_that_is_autoscaled_begins_with_its_fewest_replicas(
    api: Api, namespace: str, control_plane: ControlPlane
) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling=TWO_TO_TEN))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    assert deployment(api, namespace)["spec"]["replicas"] == 2
    ready = wait_for_reason(api, namespace, "mnist", "Deploying")
    assert ready["message"].startswith("0 of 2 replicas are ready")
    made = [write for write in writes(control_plane, namespace) if write.startswith("patch deployments")]
    assert made == ["patch deployments mnist"] * 2


def test_one_that_begins_with_one_costs_one_write_a_child(
    api: Api, namespace: str, control_plane: ControlPlane
) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling={"maxReplicas": 10}))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    time.sleep(SETTLE_SECONDS)
    assert sorted(write for write in writes(control_plane, namespace) if "status" not in write) == [
        "patch configmaps mnist-config",
        "patch deployments mnist",
        "patch horizontalpodautoscalers mnist",
        "patch poddisruptionbudgets mnist",
        "patch services mnist",
        "patch services mnist-headless",
    ]


def test_the_autoscaler_is_made_right_after_what_pods_need(
    api: Api, namespace: str, control_plane: ControlPlane
) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling={"maxReplicas": 10}))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    assert writes(control_plane, namespace)[:3] == [
        "patch deployments mnist",
        "patch configmaps mnist-config",
        "patch horizontalpodautoscalers mnist",
    ]


def test_the_count_is_the_autoscalers_and_never_fought_over(
    api: Api, namespace: str, control_plane: ControlPlane, counts: Counts
) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling=TWO_TO_TEN))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    before = deployment(api, namespace)
    quiet = len(_childrens_writes(control_plane, namespace))
    for replicas in (7, 3, 9):
        scale(api, "Deployment", namespace, "mnist", replicas)
        eventually(
            lambda desired=replicas: f"of {desired} replicas" in _message(api, namespace),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
            explain=lambda: pretty(api.get("TFModel", namespace, "mnist")),
        )
    time.sleep(SETTLE_SECONDS)
    assert len(_childrens_writes(control_plane, namespace)) == quiet
    edit(api, namespace, server={**REQUESTS, "image": "example/server:2"})
    eventually(lambda: _image(api, namespace) == "example/server:2")
    edit(api, namespace, autoscaling={"minReplicas": 4, "maxReplicas": 12}, replicas=1)
    eventually(lambda: _spec(api, "HorizontalPodAutoscaler", namespace)["maxReplicas"] == 12)
    time.sleep(SETTLE_SECONDS)
    assert set(counts(before)) == {2, 7, 3, 9}
    assert counts(before)[-1] == 9


def _childrens_writes(plane: ControlPlane, namespace: str) -> list[str]:
    return [write for write in writes(plane, namespace) if "status" not in write]


def _message(api: Api, namespace: str) -> str:
    return str(condition(api.get("TFModel", namespace, "mnist")).get("message", ""))


def _image(api: Api, namespace: str) -> str:
    return str(deployment(api, namespace)["spec"]["template"]["spec"]["containers"][0]["image"])


def _spec(api: Api, kind: str, namespace: str) -> Manifest:
    return dict((api.get(kind, namespace, "mnist") or {}).get("spec", {}))


def test_nothing_is_written_at_rest(api: Api, namespace: str, control_plane: ControlPlane) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling=TWO_TO_TEN))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    time.sleep(SETTLE_SECONDS)
    before = writes(control_plane, namespace)
    time.sleep(SETTLE_SECONDS)
    assert writes(control_plane, namespace) == before


def test_switching_it_on_leaves_the_count_as_it_is(api: Api, namespace: str, counts: Counts) -> None:
    """Server-side apply alone would make it 1: nobody else owns the field."""
    api.create(tfmodel(namespace, server=REQUESTS, replicas=5))
    wait_for_children(api, namespace, "mnist", BUDGET)
    before = deployment(api, namespace)
    edit(api, namespace, autoscaling=TWO_TO_TEN)
    until_autoscaled(api, namespace)
    time.sleep(SETTLE_SECONDS)
    scale(api, "Deployment", namespace, "mnist", 8)
    edit(api, namespace, server={**REQUESTS, "image": "example/server:2"})
    eventually(lambda: _image(api, namespace) == "example/server:2")
    found = counts(before)
    assert (found[0], found[-1], set(found)) == (5, 8, {5, 8})


def test_the_autoscalers_first_write_takes_the_count_over(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, replicas=5))
    wait_for_children(api, namespace, "mnist", BUDGET)
    assert _owners(api, namespace) == {"tfs-operator"}
    edit(api, namespace, autoscaling=TWO_TO_TEN)
    eventually(lambda: _owners(api, namespace) == {"tfs-operator-replicas"})
    scale(api, "Deployment", namespace, "mnist", 8)
    assert _owners(api, namespace) == {"kube-controller-manager"}


def _owners(api: Api, namespace: str) -> set[str]:
    entries = deployment(api, namespace)["metadata"]["managedFields"]
    return {entry["manager"] for entry in entries if "f:replicas" in entry["fieldsV1"].get("f:spec", {})}


def test_switching_it_off_goes_back_to_the_spec(api: Api, namespace: str, counts: Counts) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling=TWO_TO_TEN, replicas=3))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    scale(api, "Deployment", namespace, "mnist", 6)
    before = deployment(api, namespace)
    edit(api, namespace, autoscaling=None)
    eventually(lambda: deployment(api, namespace)["spec"]["replicas"] == 3)
    eventually(lambda: api.get("HorizontalPodAutoscaler", namespace, "mnist") is None)
    assert set(counts(before)) == {6, 3}
    assert _owners(api, namespace) == {"tfs-operator"}
    assert condition(api.get("TFModel", namespace, "mnist"), "ScalingActive") == {}


def test_on_and_off_again_and_again_is_as_good_as_once(api: Api, namespace: str, counts: Counts) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, replicas=5))
    wait_for_children(api, namespace, "mnist", BUDGET)
    before = deployment(api, namespace)
    for _ in range(2):
        edit(api, namespace, autoscaling=TWO_TO_TEN)
        until_autoscaled(api, namespace)
        edit(api, namespace, autoscaling=None)
        eventually(lambda: api.get("HorizontalPodAutoscaler", namespace, "mnist") is None)
        eventually(lambda: "tfs-operator" in _owners(api, namespace))
    assert set(counts(before)) == {5}


def test_kubectl_scale_and_somebody_elses_autoscaler_scale_the_tfmodel(api: Api, namespace: str) -> None:
    """Both write its scale subresource."""
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    for replicas in (4, 2):
        scale(api, "TFModel", namespace, "mnist", replicas)
        eventually(lambda desired=replicas: deployment(api, namespace)["spec"]["replicas"] == desired)  # type: ignore[misc]  # as above
    status = (api.get("TFModel", namespace, "mnist") or {})["status"]
    labels = {"name": "tensorflow-serving", "instance": "mnist", "managed-by": "tfs-operator"}
    assert status["selector"] == ",".join(f"app.kubernetes.io/{name}={value}" for name, value in labels.items())


def test_an_autoscaler_that_is_edited_or_deleted_is_made_good(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling=TWO_TO_TEN))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    before = _spec(api, "HorizontalPodAutoscaler", namespace)
    api.patch("HorizontalPodAutoscaler", namespace, "mnist", {"spec": {"maxReplicas": 99}})
    eventually(lambda: _spec(api, "HorizontalPodAutoscaler", namespace) == before)
    api.delete("HorizontalPodAutoscaler", namespace, "mnist")
    eventually(lambda: _spec(api, "HorizontalPodAutoscaler", namespace) == before)


def test_metrics_of_every_type_are_passed_on(api: Api, namespace: str) -> None:
    metrics = [
        {
            "type": "Pods",
            "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "1500m"}},
        },
        {
            "type": "External",
            "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}},
        },
    ]
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 600}}
    scaling = {"maxReplicas": 4, "metrics": metrics, "behavior": behavior}
    api.create(tfmodel(namespace, autoscaling=scaling))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    spec = _spec(api, "HorizontalPodAutoscaler", namespace)
    assert [metric["type"] for metric in spec["metrics"]] == ["Pods", "External"]
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 600


def test_a_metric_that_kubernetes_refuses_is_said_in_its_words(api: Api, namespace: str) -> None:
    metric = {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "Value", "value": "30"}}}
    api.create(tfmodel(namespace, autoscaling={"maxReplicas": 4, "metrics": [metric]}))
    found = wait_for_reason(api, namespace, "mnist", "ChildRefused")
    assert "HorizontalPodAutoscaler mnist" in found["message"]
    assert "spec.metrics[0].pods.target.averageValue" in found["message"]


def test_an_autoscaler_that_cannot_read_its_metrics_is_said_and_takes_nothing_away(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, server=REQUESTS, autoscaling=TWO_TO_TEN))
    wait_for_children(api, namespace, "mnist", BUDGET, HPA)
    wait_for_reason(api, namespace, "mnist", "AutoscalerPending", "ScalingActive")
    failure = {
        "type": "ScalingActive",
        "status": "False",
        "reason": "FailedGetContainerResourceMetric",
        "message": "no metrics returned from resource metrics API",
        "lastTransitionTime": "2026-11-21T06:30:00Z",
    }
    status = {"currentMetrics": None, "desiredReplicas": 0, "conditions": [failure]}
    api.patch("HorizontalPodAutoscaler", namespace, "mnist", {"status": status}, "status")
    found = wait_for_reason(api, namespace, "mnist", "AutoscalerFailed", "ScalingActive")
    assert "is metrics-server installed?" in found["message"]
    wait_for_reason(api, namespace, "mnist", "Deploying")
