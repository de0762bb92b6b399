"""The NetworkPolicy: who may open connections to the pods. What the pods themselves connect to is not restricted.

A reload is not authenticated and shares the port with predictions (tensorflow_serving/apis/model_service.proto), and
neither are the fetcher's orders. Probes come from the pod's own node, which every NetworkPolicy lets in.
Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.fetch_protocol import FETCHER_PORT
from tfs_operator.domain.pods import TRIAL_APPLICATION
from tfs_operator.render.metadata import APPLICATION, NAME_LABEL, child, labels
from tfs_operator.render.ports import GRPC_PORT, REST_PORT
from tfs_operator.render.settings import NetworkPolicySettings, Settings

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Set on every namespace by the API server."""

_EXTERNAL = ("NodePort", "LoadBalancer")


def network_policies(tfmodel: TFModel, settings: Settings) -> list[Manifest]:
    """Returns none where the TFModel or the administrator turns them off, or the operator's namespace is unknown."""
    chosen = settings.network_policies
    enabled = tfmodel.spec.network_policy.enabled and chosen.enabled and chosen.operator_namespace
    return [_network_policy(tfmodel, chosen)] if enabled else []


def _network_policy(tfmodel: TFModel, settings: NetworkPolicySettings) -> Manifest:
    spec = {
        "podSelector": _pods(tfmodel),
        "policyTypes": ["Ingress"],
        "ingress": [
            {**_clients(tfmodel, settings), "ports": _ports(GRPC_PORT, REST_PORT)},
            *([{"from": _peers(settings.monitoring), "ports": _ports(REST_PORT)}] if settings.monitoring else []),
            {"from": [_operator(settings)], "ports": _ports(GRPC_PORT, REST_PORT, FETCHER_PORT)},
        ],
    }
    return child(tfmodel, "networking.k8s.io/v1", "NetworkPolicy", tfmodel.metadata.name, {"spec": spec})


def _pods(tfmodel: TFModel) -> Manifest:
    if not tfmodel.spec.rollout.extra_pod:
        return {"matchLabels": labels(tfmodel)}
    others = {name: value for name, value in labels(tfmodel).items() if name != NAME_LABEL}
    either = {"key": NAME_LABEL, "operator": "In", "values": [APPLICATION, TRIAL_APPLICATION]}
    return {"matchLabels": others, "matchExpressions": [either]}


def _clients(tfmodel: TFModel, settings: NetworkPolicySettings) -> Manifest:
    """A Service of an external type is there for clients from anywhere; a rule without `from` is for everybody."""
    allowed = tfmodel.spec.network_policy.allow_from
    if allowed is None and tfmodel.spec.service.type in _EXTERNAL:
        return {}
    own_namespace: Manifest = {"podSelector": {}}
    return {"from": [own_namespace, *_peers(settings.clients), *(peer.as_written() for peer in allowed or ())]}


def _peers(peers: Iterable[Mapping[str, Any]]) -> list[Manifest]:
    return [dict(peer) for peer in peers]


def _operator(settings: NetworkPolicySettings) -> Manifest:
    return {
        "namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: settings.operator_namespace}},
        "podSelector": {"matchLabels": dict(settings.operator_labels)},
    }


def _ports(*numbers: int) -> list[Manifest]:
    return [{"port": number, "protocol": "TCP"} for number in numbers]
