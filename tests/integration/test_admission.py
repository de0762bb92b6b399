"""A child that a rule of the cluster refuses: which child, which rule, what to do; everything else goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.admission import Webhook, policy_denies, refuses, set_quota, webhook_denies
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.fleet.fleet import CHILDREN, tfmodel, wait_for_children, wait_for_reason
from testing.fleet.served import Served
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def other_namespace(api: Api, namespace: str) -> Iterator[str]:
    name = f"{namespace}-b"
    api.create_namespace(name)
    yield name
    for item in api.list("TFModel", name):
        api.delete("TFModel", name, item["metadata"]["name"])


def made(api: Api, namespace: str) -> list[str]:
    names = [(kind, pattern.format("mnist")) for kind, pattern in CHILDREN]
    return [f"{kind} {name}" for kind, name in names if api.get(kind, namespace, name)]


def attempts(plane: ControlPlane, namespace: str, plural: str) -> int:
    """Writes of the operator that were refused."""
    refused = [
        event
        for event in plane.requests(OPERATOR)
        if event["verb"] in ("create", "patch")
        and event.get("objectRef", {}).get("namespace") == namespace
        and event["objectRef"]["resource"] == plural
        and event["responseStatus"]["code"] in (400, 403, 422, 500)
    ]
    return len(refused)


def test_a_quota_without_room_for_a_service(
    api: Api, namespace: str, other_namespace: str, control_plane: ControlPlane
) -> None:
    set_quota(api, namespace, count_services="0")
    eventually(lambda: refuses(api, namespace, "", "services"))
    api.create(tfmodel(namespace))
    found = wait_for_reason(api, namespace, "mnist", "ChildRefused")
    assert found["message"].startswith("the API server refuses Service mnist: ")
    assert "exceeded quota: team" in found["message"]
    assert found["message"].endswith(": raise ResourceQuota team, or delete what is not needed in this namespace")
    assert made(api, namespace) == ["ConfigMap mnist-config", "Deployment mnist"]
    api.create(tfmodel(other_namespace))
    wait_for_children(api, other_namespace, "mnist")
    assert attempts(control_plane, namespace, "services") < 12  # two Services, after 1, 2, 4 … seconds
    set_quota(api, namespace, count_services="9")
    eventually(lambda: len(made(api, namespace)) == 4)
    wait_for_reason(api, namespace, "mnist", "Deploying")


def test_a_policy_that_denies_the_deployment(api: Api, namespace: str, other_namespace: str) -> None:
    with policy_denies(api, namespace, "apps", "deployments", "ask the platform team"):
        api.create(tfmodel(namespace))
        found = wait_for_reason(api, namespace, "mnist", "ChildRefused")
        assert found["message"].startswith("the API server refuses Deployment mnist: ")
        assert "ask the platform team" in found["message"]
        assert f"the administrator of the policy no-deployments-{namespace}" in found["message"]
        assert made(api, namespace) == []
        api.create(tfmodel(other_namespace))
        wait_for_children(api, other_namespace, "mnist")
    eventually(lambda: len(made(api, namespace)) == 4)


def test_a_webhook_that_denies_a_service_and_then_does_not_answer(api: Api, namespace: str, tmp_path: Path) -> None:
    webhook = Webhook(tmp_path, "only the network team makes Services")
    with webhook_denies(api, namespace, "services", webhook):
        api.create(tfmodel(namespace))
        found = wait_for_reason(api, namespace, "mnist", "ChildRefused")
        assert "refuses Service mnist: " in found["message"]
        assert 'admission webhook "rules.example.com" denied the request: only the network team' in found["message"]
        assert found["message"].endswith("ask the administrator of the webhook rules.example.com")
        assert made(api, namespace) == ["ConfigMap mnist-config", "Deployment mnist"]
        webhook.stop()
        api.patch("TFModel", namespace, "mnist", {"spec": {"service": {"annotations": {"a": "b"}}}})
        eventually(
            lambda: (
                "until the webhook rules.example.com answers again"
                in wait_for_reason(api, namespace, "mnist", "ChildRefused")["message"]
            ),
            60,
        )
    eventually(lambda: len(made(api, namespace)) == 4, 90)


def test_a_label_moves_while_a_service_is_refused(served: Served) -> None:
    """The pods are there, and whoever asks them by their addresses is served."""
    api, namespace = served.api, served.namespace
    with policy_denies(api, namespace, "", "services", "no Services today"):
        api.delete("Service", namespace, "mnist")
        found = served.until_reason("ChildRefused")
        assert "Service mnist" in found["message"]
        served.edit(versionLabels={"stable": 2})
        served.until(lambda: served.answers("stable") == [2, 2])
        served.until(lambda: served.condition("LabelsApplied")["status"] == "True")
    served.until_done(60)


def test_a_service_name_that_is_taken_while_the_pods_serve(served: Served) -> None:
    api, namespace = served.api, served.namespace
    with policy_denies(api, namespace, "", "services", "while they are exchanged"):
        api.delete("Service", namespace, "mnist")
        served.until_reason("ChildRefused")
    foreign = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mnist", "namespace": namespace}}
    if served.api.get("Service", namespace, "mnist"):
        api.delete("Service", namespace, "mnist")
    eventually(lambda: _created(api, {**foreign, "spec": {"ports": [{"port": 80}]}}))
    found = served.until_reason("NameTaken")
    assert found["message"] == (
        "Service mnist exists and is not made by tfs-operator: it is left alone. Delete it, or rename this TFModel"
    )
    served.edit(versionLabels={"stable": 2})
    served.until(lambda: served.answers("stable") == [2, 2])
    assert (api.get("Service", namespace, "mnist") or {})["spec"]["ports"][0]["port"] == 80
    api.delete("Service", namespace, "mnist")
    served.until_done(90)


def _created(api: Api, manifest: dict[str, object]) -> bool:
    try:
        api.create(manifest)
    except Exception:
        return False
    return True
