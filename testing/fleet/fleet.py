"""Ready-made TFModels, and how to wait for what the operator makes of them."""

from typing import Any

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.operator_process import pretty
from testing.waiting import eventually

CHILDREN = (
    ("ConfigMap", "{}-config"),
    ("Service", "{}"),
    ("Service", "{}-headless"),
    ("Deployment", "{}"),
)
BUDGET = ("PodDisruptionBudget", "{}")
WRITING_VERBS = ("create", "update", "patch", "delete", "deletecollection")


def tfmodel(namespace: str, name: str = "mnist", **spec: Any) -> Manifest:
    """A TFModel that needs no storage."""
    return {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"modelUri": f"file:///models/{name}", "versionLabels": {"stable": 1}, **spec},
    }


def condition(item: Manifest | None, kind: str = "Ready") -> Manifest:
    conditions = (item or {}).get("status", {}).get("conditions", [])
    return next((found for found in conditions if found["type"] == kind), {})


def wait_for_reason(api: Api, namespace: str, name: str, reason: str, kind: str = "Ready") -> Manifest:
    """The condition, once it has this reason for the newest generation."""

    def reached() -> Manifest | None:
        live = api.get("TFModel", namespace, name)
        found = condition(live, kind)
        is_new = live is not None and found.get("observedGeneration") == live["metadata"]["generation"]
        return found if is_new and found.get("reason") == reason else None

    return dict(eventually(reached, explain=lambda: pretty(api.get("TFModel", namespace, name))))


def wait_for_children(api: Api, namespace: str, name: str, *more: tuple[str, str]) -> list[Manifest]:
    """All children, once they exist and the status says that the pods are awaited."""
    wait_for_reason(api, namespace, name, "Deploying")
    found = [api.get(kind, namespace, pattern.format(name)) for kind, pattern in (*CHILDREN, *more)]
    assert all(found), f"a child is missing: {found}"
    return [child for child in found if child is not None]


def writes(plane: ControlPlane, namespace: str) -> list[str]:
    """The operator's writes in a namespace, without events: `patch deployments mnist`, with /status if so."""
    return [
        " ".join((event["verb"], _resource(event["objectRef"]), event["objectRef"].get("name", "")))
        for event in plane.requests(OPERATOR)
        if event["verb"] in WRITING_VERBS
        and event.get("objectRef", {}).get("namespace") == namespace
        and event["objectRef"]["resource"] != "events"
    ]


def reads(plane: ControlPlane, namespace: str) -> list[str]:
    """The operator's reads of single objects in a namespace: `get deployments mnist`."""
    return [
        " ".join((event["verb"], _resource(event["objectRef"]), event["objectRef"]["name"]))
        for event in plane.requests(OPERATOR)
        if event["verb"] == "get" and event.get("objectRef", {}).get("namespace") == namespace
    ]


def _resource(reference: Manifest) -> str:
    subresource = reference.get("subresource")
    return f"{reference['resource']}/{subresource}" if subresource else str(reference["resource"])
