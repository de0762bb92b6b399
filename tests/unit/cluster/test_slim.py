"""What is kept of an object is bounded, whatever its writer has put into it."""

import json
from typing import Any

import pytest

from tfs_operator.cluster.slim import MAX_CHILD_BYTES, MAX_POD_BYTES, slim, stub
from tfs_operator.domain.object_size import MAX_SPEC_BYTES, UNREADABLE

HUGE = "x" * 1_400_000
CONTROLLER = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "name": "m", "uid": "u", "controller": True}
COMMITTED = {"tfs-operator.io/committed": "{}"}


def size(item: Any) -> int:
    return len(json.dumps(item))


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {"a": HUGE}},
        {"labels": {f"l{number}": "x" * 63 for number in range(10_000)}},
        {"labels": {f"app.kubernetes.io/l{number}": "x" * 63 for number in range(10_000)}},
        {"ownerReferences": [CONTROLLER, *({"uid": str(number), "name": "x" * 60} for number in range(10_000))]},
        {"ownerReferences": [{**CONTROLLER, "name": HUGE}]},
        {"finalizers": [f"a/{number}" for number in range(50_000)]},
        {"managedFields": [{"fieldsV1": {"f:a": HUGE}}]},
    ],
    ids=["annotations", "labels", "labels like ours", "owners", "a long owner", "finalizers", "managed fields"],
)
@pytest.mark.parametrize("kind", ["TFModel", "Pod", "ConfigMap", "Deployment"])
def test_metadata_of_any_size_is_kept_in_little(make, kind, metadata):
    kept = slim(make(kind, "m", **metadata))
    assert kept["metadata"]["name"] == "m"
    assert size(kept) < 1_000


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"server": {"env": [{"name": "a", "value": HUGE}]}}, "spec: has more than 128 KiB"),
        ({"a": [{}] * 200_000}, "spec: has more than 128 KiB"),
        ({"podTemplate": {"affinity": nested(5_000)}}, "spec: is nested deeper than 100 levels"),
    ],
)
def test_a_spec_that_is_too_large_is_left_out_and_says_so(make, spec, problem):
    kept = slim({**make("TFModel", "m", generation=7), "spec": spec, "status": {"a": "b"}})
    assert kept[UNREADABLE].startswith(problem)
    assert kept["spec"] == {}
    assert kept["status"] == {"a": "b"}
    assert kept["metadata"]["generation"] == 7
    assert slim(json.loads(json.dumps(kept))) == kept, "it is what kopf hands on"


def test_the_largest_spec_is_kept(make):
    spec = {"modelUri": "x" * (MAX_SPEC_BYTES - 20)}
    kept = slim({**make("TFModel", "m"), "spec": spec})
    assert kept["spec"] == spec
    assert UNREADABLE not in kept


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"models.config": HUGE}},
        {"spec": {"replicas": 3, "template": {"spec": {"containers": [{"env": [{"value": HUGE}]}]}}}},
        {"spec": {"replicas": 3, "template": nested(5_000)}},
        {"spec": {"replicas": 3}, "status": {"conditions": [{"message": HUGE}]}},
    ],
)
def test_of_a_child_that_is_larger_than_any_of_ours_the_figures_stay(make, content):
    labels = {"app.kubernetes.io/instance": "m", "a": "b"}
    child = make("Deployment", "m", annotations={**COMMITTED, "a": "b"}, labels=labels, ownerReferences=[CONTROLLER])
    kept = slim({**child, **content})
    assert size(kept) < MAX_CHILD_BYTES
    assert kept["metadata"]["ownerReferences"] == [CONTROLLER]
    assert kept["metadata"]["annotations"] == COMMITTED
    assert kept["metadata"]["labels"] == {"app.kubernetes.io/instance": "m"}
    assert "spec" not in content or kept["spec"] == {"replicas": 3}


def test_of_a_pod_that_is_larger_than_any_the_name_stays(make):
    status = {"phase": "Running", "podIP": "10.0.0.1", "message": HUGE}
    kept = slim({**make("Pod", "m"), "spec": {"nodeName": "n"}, "status": status})
    assert kept["status"] == {}
    assert size(kept) < MAX_POD_BYTES


def test_it_is_done_once(make):
    kept = slim(make("Service", "m", managedFields=[{}]))
    assert slim(kept) is kept


def test_a_stub_is_only_who_it_is(make):
    config_map = {**make("ConfigMap", "m", ownerReferences=[CONTROLLER], annotations={"a": HUGE}), "data": {"a": HUGE}}
    assert size(stub(config_map)) < 400
