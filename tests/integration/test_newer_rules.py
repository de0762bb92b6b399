"""TFModels that were stored before a rule came, on a real API server: what they may still do, and how they serve."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from testing.api_client import Api, Manifest, Refused
from testing.fleet.fleet import tfmodel, wait_for_children, wait_for_reason
from testing.schema import annotation_cases, name_cases
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")

DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tfmodels.tfs-operator.io"
NEWER = {annotation_cases.APPARMOR, annotation_cases.SECCOMP, name_cases.RESERVED}
UNCONFINED = {"container.apparmor.security.beta.kubernetes.io/model-server": "unconfined"}


@contextmanager
def before_the_rules(api: Api, refused_now: Manifest) -> Iterator[None]:
    """The schema without the newer rules. A changed schema takes effect some time later, so what the present one
    refuses tells which one the API server judges by."""
    versions = api.request("GET", DEFINITION)["spec"]["versions"]
    try:
        _define(api, _without_newer_rules(versions))
        eventually(lambda: not _problem(api, refused_now))
        yield
    finally:
        _define(api, versions)
        eventually(lambda: any(message in _problem(api, refused_now) for message in NEWER))


def _define(api: Api, versions: Any) -> None:
    api.request("PATCH", DEFINITION, {"spec": {"versions": versions}}, "application/merge-patch+json")


def _without_newer_rules(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_newer_rules(item) for item in part if not _is_newer_rule(item)]
    return {key: _without_newer_rules(item) for key, item in part.items()} if isinstance(part, dict) else part


def _is_newer_rule(item: Any) -> bool:
    return isinstance(item, dict) and item.get("message") in NEWER


def _problem(api: Api, manifest: Manifest) -> str:
    """Why the API server refuses it; empty where it does not."""
    try:
        api.create(manifest, "?dryRun=All")
    except Refused as refusal:
        return refusal.message
    return ""


def _replicas(api: Api, namespace: str, name: str) -> int:
    deployment = api.get("Deployment", namespace, name) or {}
    return int(deployment["spec"]["replicas"])


def test_a_tfmodel_of_a_reserved_name_is_changed_and_served_on(api: Api, namespace: str) -> None:
    with before_the_rules(api, tfmodel(namespace, "probe-headless")):
        api.create(tfmodel(namespace, "shop-headless"))
    wait_for_children(api, namespace, "shop-headless")
    api.patch("TFModel", namespace, "shop-headless", {"spec": {"replicas": 3}})
    eventually(lambda: _replicas(api, namespace, "shop-headless") == 3)
    wait_for_reason(api, namespace, "shop-headless", "Deploying")
    api.create(tfmodel(namespace, "shop"))
    found = wait_for_reason(api, namespace, "shop", "NameTaken")
    assert "Service shop-headless exists and is controlled by TFModel shop-headless" in found["message"]


def test_a_tfmodel_with_an_annotation_that_is_refused_now_is_left_as_it_serves(api: Api, namespace: str) -> None:
    """The rule holds for a value that is changed, so that the rest of the object can be."""
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    before = api.get("Deployment", namespace, "mnist")
    probe = tfmodel(namespace, "probe", podTemplate={"annotations": UNCONFINED})
    with before_the_rules(api, probe):
        api.patch("TFModel", namespace, "mnist", {"spec": {"podTemplate": {"annotations": UNCONFINED}}})
    found = wait_for_reason(api, namespace, "mnist", "InvalidSpec")
    assert f"spec.podTemplate.annotations: {annotation_cases.APPARMOR}" in found["message"]
    api.patch("TFModel", namespace, "mnist", {"spec": {"replicas": 2}})
    wait_for_reason(api, namespace, "mnist", "InvalidSpec")
    assert api.get("Deployment", namespace, "mnist") == before
    api.patch("TFModel", namespace, "mnist", {"spec": {"podTemplate": None}})
    eventually(lambda: _replicas(api, namespace, "mnist") == 2)
    wait_for_reason(api, namespace, "mnist", "Deploying")
