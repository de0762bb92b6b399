"""Who may reach which port of a pod."""

import itertools
from typing import Any

import pytest

from testing.network_policy import Source, admits
from tests.unit.render.rendering import Manifest, child, rendered, tfmodel
from tfs_operator.render.settings import NetworkPolicySettings, Settings

GRPC, REST, ORDERS = 8500, 8501, 8502
PORTS = (GRPC, REST, ORDERS)

OPERATOR = Source("tfs", {"app.kubernetes.io/name": "tfs-operator", "app.kubernetes.io/instance": "a"})
NEIGHBOUR_OF_THE_OPERATOR = Source("tfs", {"app": "debug"})
NAMED_LIKE_THE_OPERATOR = Source("other", {"app.kubernetes.io/name": "tfs-operator"})
CLIENT = Source("shop", {"app": "basket"})
STRANGER = Source("other", {"app": "basket"})
INGRESS = Source("ingress-nginx", {"app": "nginx"})
PROMETHEUS = Source("monitoring", {"app": "prometheus"})
INTERNET = Source(address="203.0.113.7")
OFFICE = Source(address="192.0.2.10")
SOURCES = {name: source for name, source in globals().items() if isinstance(source, Source)}


def namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


IN_CLUSTER = NetworkPolicySettings(operator_namespace="tfs")
WITH_PEERS = NetworkPolicySettings(
    operator_namespace="tfs", clients=(namespace("ingress-nginx"),), monitoring=(namespace("monitoring"),)
)
OFFICE_ONLY = {"allowFrom": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.128/25"]}}]}
BOTH = (GRPC, REST)


def policy(settings: NetworkPolicySettings = IN_CLUSTER, **spec: Any) -> Manifest:
    return child(rendered(tfmodel(**spec), Settings(network_policies=settings)), "NetworkPolicy")


@pytest.mark.parametrize(
    ("settings", "spec", "allowed"),
    [
        (IN_CLUSTER, {}, {"OPERATOR": PORTS, "CLIENT": BOTH}),
        (
            WITH_PEERS,
            {},
            {"OPERATOR": PORTS, "CLIENT": BOTH, "INGRESS": BOTH, "PROMETHEUS": (REST,)},
        ),
        (
            IN_CLUSTER,
            {"networkPolicy": {"allowFrom": [namespace("other")]}},
            {"OPERATOR": PORTS, "CLIENT": BOTH, "STRANGER": BOTH, "NAMED_LIKE_THE_OPERATOR": BOTH},
        ),
        (
            IN_CLUSTER,
            {"networkPolicy": {"allowFrom": [{**namespace("other"), "podSelector": {"matchLabels": {"app": "x"}}}]}},
            {"OPERATOR": PORTS, "CLIENT": BOTH},
        ),
        *(
            (IN_CLUSTER, {"service": {"type": kind}}, {**dict.fromkeys(SOURCES, BOTH), "OPERATOR": PORTS})
            for kind in ("NodePort", "LoadBalancer")
        ),
        (
            WITH_PEERS,
            {"service": {"type": "LoadBalancer"}, "networkPolicy": OFFICE_ONLY},
            {"OPERATOR": PORTS, "CLIENT": BOTH, "INGRESS": BOTH, "PROMETHEUS": (REST,), "OFFICE": BOTH},
        ),
        (
            IN_CLUSTER,
            {"service": {"type": "LoadBalancer"}, "networkPolicy": {"allowFrom": []}},
            {"OPERATOR": PORTS, "CLIENT": BOTH},
        ),
    ],
    ids=[
        "default",
        "the administrator's peers",
        "another namespace",
        "some pods of another namespace",
        "NodePort",
        "LoadBalancer",
        "LoadBalancer for some addresses",
        "LoadBalancer for nobody outside",
    ],
)
def test_who_may_reach_which_port(
    settings: NetworkPolicySettings, spec: dict[str, Any], allowed: dict[str, tuple[int, ...]]
) -> None:
    made = policy(settings, **spec)
    found = {
        (name, port)
        for (name, source), port in itertools.product(SOURCES.items(), (*PORTS, 22))
        if admits(made, source, port)
    }
    assert found == {(name, port) for name, ports in allowed.items() for port in ports}


def test_it_is_about_the_pods_of_this_tfmodel_and_about_what_comes_in() -> None:
    manifests = rendered(tfmodel(), Settings(network_policies=IN_CLUSTER))
    labels = child(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    spec = child(manifests, "NetworkPolicy")["spec"]
    assert spec["podSelector"]["matchLabels"].items() <= labels.items()
    assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "mnist"
    assert spec["policyTypes"] == ["Ingress"]


def test_the_operators_labels_are_the_administrators() -> None:
    settings = NetworkPolicySettings(operator_namespace="tfs", operator_labels={"app": "op"})
    made = policy(settings)
    assert admits(made, Source("tfs", {"app": "op", "x": "y"}), ORDERS)
    assert not admits(made, OPERATOR, ORDERS)


@pytest.mark.parametrize(
    ("settings", "spec"),
    [
        (IN_CLUSTER, {"networkPolicy": {"enabled": False}}),
        (NetworkPolicySettings(enabled=False, operator_namespace="tfs"), {}),
        (NetworkPolicySettings(), {}),
    ],
    ids=["the user does not want it", "nor the administrator", "the operator does not know where it is"],
)
def test_without(settings: NetworkPolicySettings, spec: dict[str, Any]) -> None:
    manifests = rendered(tfmodel(**spec), Settings(network_policies=settings))
    assert "NetworkPolicy" not in [manifest["kind"] for manifest in manifests]
