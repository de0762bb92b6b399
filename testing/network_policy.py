"""What a NetworkPolicy means, said anew from its documentation and not from how we render it.

Source: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Whoever opens a connection: a pod, or without a namespace somebody outside the cluster."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = "10.0.0.1"


def admits(policy: Manifest, source: Source, port: int) -> bool:
    """Whether the policy, as the only one that selects the pod, lets a TCP connection in."""
    rules = policy["spec"]["ingress"]
    return any(_has_port(rule, port) and _has_peer(policy, rule, source) for rule in rules)


def _has_port(rule: Manifest, port: int) -> bool:
    ports = rule.get("ports") or [{"port": port}]
    return any(each.get("protocol", "TCP") == "TCP" and each["port"] == port for each in ports)


def _has_peer(policy: Manifest, rule: Manifest, source: Source) -> bool:
    peers = rule.get("from")
    return not peers or any(_is(policy, peer, source) for peer in peers)


def _is(policy: Manifest, peer: Manifest, source: Source) -> bool:
    if "ipBlock" in peer:
        block, address = peer["ipBlock"], ipaddress.ip_address(source.address)
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and not any(address in ipaddress.ip_network(each) for each in block.get("except", []))
    if not source.namespace:
        return False
    if "namespaceSelector" in peer:
        names = {"kubernetes.io/metadata.name": source.namespace}
        if not _selects(peer["namespaceSelector"], names):
            return False
    elif source.namespace != policy["metadata"]["namespace"]:
        return False
    return _selects(peer.get("podSelector", {}), source.labels)


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels"}, "not needed here so far"
    return bool(selector.get("matchLabels", {}).items() <= dict(labels).items())
