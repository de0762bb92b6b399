"""The NetworkPolicy of the pods, as the API server has it."""

import time

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import FLAGS
from testing.fleet.fleet import tfmodel, wait_for_children, wait_for_reason
from testing.network_policy import Source, admits
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")

POLICY = ("NetworkPolicy", "{}")
MONITORING = '[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]'
OPERATOR = Source("tfs", {"app.kubernetes.io/name": "tfs-operator"})
GRPC, REST, ORDERS = 8500, 8501, 8502
NO_NETWORK = {"ipBlock": {"cidr": "192.0.2.0/33"}}


@pytest.fixture(scope="module")
def operator_flags() -> tuple[str, ...]:
    """As the chart has them."""
    return (*FLAGS, "--operator-namespace=tfs", f"--network-policy-monitoring={MONITORING}")


def policy(api: Api, namespace: str) -> Manifest | None:
    return api.get("NetworkPolicy", namespace, "mnist")


def test_it_is_made_and_stored_as_it_was_meant(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace, networkPolicy={"allowFrom": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}))
    wait_for_children(api, namespace, "mnist", POLICY)
    live = policy(api, namespace)
    assert live is not None
    assert [admits(live, OPERATOR, port) for port in (GRPC, REST, ORDERS)] == [True, True, True]
    assert [admits(live, Source(namespace), port) for port in (GRPC, REST, ORDERS)] == [True, True, False]
    assert [admits(live, Source("monitoring"), port) for port in (GRPC, REST, ORDERS)] == [False, True, False]
    assert [admits(live, Source(address="192.0.2.1"), port) for port in (GRPC, ORDERS)] == [True, False]
    assert not any(admits(live, Source("other"), port) for port in (GRPC, REST, ORDERS))


def test_an_edit_is_undone_and_what_was_deleted_comes_back(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist", POLICY)
    before = (policy(api, namespace) or {})["spec"]
    api.patch("NetworkPolicy", namespace, "mnist", {"spec": {"ingress": [{}]}})
    eventually(lambda: (policy(api, namespace) or {})["spec"] == before)
    api.delete("NetworkPolicy", namespace, "mnist")
    eventually(lambda: (policy(api, namespace) or {}).get("spec") == before)


def test_it_goes_when_it_is_not_wanted_and_comes_back(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist", POLICY)
    api.patch("TFModel", namespace, "mnist", {"spec": {"networkPolicy": {"enabled": False}}})
    eventually(lambda: policy(api, namespace) is None)
    api.patch("TFModel", namespace, "mnist", {"spec": {"networkPolicy": {"enabled": True}}})
    eventually(lambda: policy(api, namespace) is not None)


def test_no_pod_is_made_without_the_policy_that_protects_it(api: Api, namespace: str) -> None:
    """The API server refuses a peer that is no network."""
    api.create(tfmodel(namespace, networkPolicy={"allowFrom": [NO_NETWORK]}))
    found = wait_for_reason(api, namespace, "mnist", "ChildRefused")
    assert "NetworkPolicy mnist" in found["message"]
    assert "192.0.2.0/33" in found["message"]
    time.sleep(2)
    assert api.get("Deployment", namespace, "mnist") is None
    api.patch("TFModel", namespace, "mnist", {"spec": {"networkPolicy": {"allowFrom": [{"podSelector": {}}]}}})
    wait_for_children(api, namespace, "mnist", POLICY)


def test_a_peer_of_a_model_that_is_protected_already_holds_up_nothing_else(api: Api, namespace: str) -> None:
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist", POLICY)
    before = (policy(api, namespace) or {})["spec"]
    wrong = {"networkPolicy": {"allowFrom": [NO_NETWORK]}, "replicas": 3}
    api.patch("TFModel", namespace, "mnist", {"spec": wrong})
    wait_for_reason(api, namespace, "mnist", "ChildRefused")
    eventually(lambda: (api.get("Deployment", namespace, "mnist") or {})["spec"]["replicas"] == 3)
    assert (policy(api, namespace) or {})["spec"] == before
