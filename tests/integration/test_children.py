"""What becomes of one TFModel, and whose objects are left alone."""

import time

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import BUDGET, CHILDREN, tfmodel, wait_for_children, wait_for_reason
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")


def test_every_child_is_controlled_by_the_tfmodel(api: Api, namespace: str) -> None:
    made = api.create(tfmodel(namespace, replicas=2))
    for child in wait_for_children(api, namespace, "mnist", BUDGET):
        [owner] = child["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("TFModel", made["metadata"]["uid"], True)


def test_an_edit_of_any_child_is_undone(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, replicas=2))
    wait_for_children(api, namespace, "mnist", BUDGET)
    edits: list[tuple[str, str, Manifest]] = [
        ("ConfigMap", "mnist-config", {"data": {"models.config": "broken"}}),
        ("Service", "mnist", {"spec": {"selector": {"app.kubernetes.io/instance": "other"}}}),
        ("Service", "mnist-headless", {"spec": {"selector": {"app.kubernetes.io/instance": "other"}}}),
        ("Deployment", "mnist", {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 99}}}}),
        ("PodDisruptionBudget", "mnist", {"spec": {"maxUnavailable": 2}}),
    ]
    for kind, name, edit in edits:
        before = api.get(kind, namespace, name)
        assert before is not None
        api.patch(kind, namespace, name, edit)
        eventually(lambda: _same(api.get(kind, namespace, name), before), explain=lambda: (kind, name))  # noqa: B023  # called within the iteration


def _same(live: Manifest | None, before: Manifest) -> bool:
    return live is not None and all(live.get(part) == before.get(part) for part in ("spec", "data"))


def test_a_removed_managed_by_label_comes_back(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    label = "app.kubernetes.io/managed-by"
    api.patch("Service", namespace, "mnist", {"metadata": {"labels": {label: None}}})
    eventually(lambda: (api.get("Service", namespace, "mnist") or {})["metadata"]["labels"].get(label))


def test_a_setting_taken_out_of_the_spec_leaves_the_child(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, service={"annotations": {"example.com/a": "1"}}))
    wait_for_children(api, namespace, "mnist")
    assert _annotation(api, namespace) == "1"
    api.patch("TFModel", namespace, "mnist", {"spec": {"service": {"annotations": None}}})
    eventually(lambda: _annotation(api, namespace) is None)


def _annotation(api: Api, namespace: str) -> str | None:
    service = api.get("Service", namespace, "mnist") or {}
    value: str | None = service["metadata"].get("annotations", {}).get("example.com/a")
    return value


def test_a_child_no_longer_wanted_is_pruned(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, replicas=2))
    wait_for_children(api, namespace, "mnist", BUDGET)
    api.patch("TFModel", namespace, "mnist", {"spec": {"replicas": 1}})
    eventually(lambda: api.get("PodDisruptionBudget", namespace, "mnist") is None)


def test_a_change_of_versions_and_labels_changes_the_config_and_not_the_pods(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    before = api.get("Deployment", namespace, "mnist")
    api.patch("TFModel", namespace, "mnist", {"spec": {"versionLabels": {"canary": 2}}})

    def config() -> str:
        found = api.get("ConfigMap", namespace, "mnist-config") or {}
        return str(found["data"]["models.config"])

    eventually(lambda: 'key: "canary" value: 2' in config(), explain=config)
    assert api.get("Deployment", namespace, "mnist") == before


@pytest.mark.parametrize(("kind", "pattern"), CHILDREN)
def test_a_name_that_is_taken_is_left_alone_and_said(api: Api, namespace: str, kind: str, pattern: str) -> None:
    name = pattern.format("mnist")
    foreign = api.create(_foreign(kind, namespace, name))
    api.create(tfmodel(namespace))
    found = wait_for_reason(api, namespace, "mnist", "NameTaken")
    assert f"{kind} {name} exists" in found["message"]
    live = api.get(kind, namespace, name)
    assert live is not None
    assert live["metadata"]["resourceVersion"] == foreign["metadata"]["resourceVersion"]
    others = [(k, p.format("mnist")) for k, p in CHILDREN if (k, p) != (kind, pattern)]
    assert [api.get(k, namespace, n) for k, n in others] == [None] * len(others)


def test_a_name_that_is_free_again_is_taken_up(api: Api, namespace: str) -> None:
    api.create(_foreign("Service", namespace, "mnist"))
    api.create(tfmodel(namespace))
    wait_for_reason(api, namespace, "mnist", "NameTaken")
    api.delete("Service", namespace, "mnist")
    wait_for_children(api, namespace, "mnist")


def _foreign(kind: str, namespace: str, name: str) -> Manifest:
    versions = {"ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1"}
    labels = {"app": "other"}
    bodies: dict[str, Manifest] = {
        "ConfigMap": {"data": {"a": "b"}},
        "Service": {"spec": {"ports": [{"port": 80}], "selector": labels}},
        "Deployment": {
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "c", "image": "example/other:1"}]},
                },
            }
        },
    }
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": versions[kind], "kind": kind, "metadata": metadata, **bodies[kind]}


def test_a_refused_child_is_said_once_and_nothing_is_half_made(
    api: Api, namespace: str, operator: OperatorProcess
) -> None:
    terms = [{"matchExpressions": [{"key": "pool", "operator": "In", "values": []}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    api.create(tfmodel(namespace, podTemplate={"affinity": affinity}))
    found = wait_for_reason(api, namespace, "mnist", "ChildRefused")
    assert "Deployment mnist" in found["message"]
    assert "nodeSelectorTerms" in found["message"]
    assert [api.get(kind, namespace, pattern.format("mnist")) for kind, pattern in CHILDREN] == [None] * 4
    time.sleep(3)
    assert len([line for line in operator.lines() if f"{namespace}/mnist" in line]) == 1
    api.patch("TFModel", namespace, "mnist", {"spec": {"podTemplate": {"affinity": None}}})
    wait_for_children(api, namespace, "mnist")


def test_an_object_of_a_deleted_namesake_is_awaited_not_stolen(api: Api, namespace: str) -> None:
    """Without a garbage collector here, the children of the first stay; the second must not touch them."""
    first = api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    api.delete("TFModel", namespace, "mnist")
    api.create(tfmodel(namespace, replicas=3))
    found = wait_for_reason(api, namespace, "mnist", "NameTaken")
    assert "TFModel mnist" in found["message"]
    live = api.get("Deployment", namespace, "mnist")
    assert live is not None
    assert live["metadata"]["ownerReferences"][0]["uid"] == first["metadata"]["uid"]
    for kind, pattern in CHILDREN:
        api.delete(kind, namespace, pattern.format("mnist"))
    wait_for_children(api, namespace, "mnist", BUDGET)
