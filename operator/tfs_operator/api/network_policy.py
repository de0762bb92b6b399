"""Who may open connections to the pods. Peers are those of Kubernetes 1.35.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from typing import Annotated, Any

from pydantic import Field

from tfs_operator.api.base import ATOMIC_LIST, ApiModel
from tfs_operator.api.rules import Rule
from tfs_operator.api.selectors import LabelSelector

_Cidr = Annotated[str, Field(min_length=1, max_length=64)]


def _one_kind_of_peer(peer: Any) -> bool:
    selects = peer.pod_selector is not None or peer.namespace_selector is not None
    return (peer.ip_block is not None) != selects


class IPBlock(ApiModel):
    """Addresses of a network."""

    cidr: _Cidr
    """Network, for example 192.0.2.0/24 or 2001:db8::/64."""

    except_: Annotated[list[_Cidr], Field(max_length=256, json_schema_extra=ATOMIC_LIST)] | None = Field(
        default=None, alias="except"
    )
    """Parts of the network that are left out."""


class NetworkPolicyPeer(ApiModel):
    """Pods, or addresses. With both selectors: the pods of `podSelector` in the namespaces of `namespaceSelector`."""

    namespace_selector: LabelSelector | None = None
    """Namespaces; `{}` is all of them. Without it, the namespace of the TFModel."""

    pod_selector: LabelSelector | None = None
    """Pods. Without it, all pods of the namespaces."""

    ip_block: IPBlock | None = None
    """Addresses instead of pods."""

    rules = (
        Rule(
            "has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))",
            _one_kind_of_peer,
            "set podSelector, namespaceSelector or both; or ipBlock alone",
        ),
    )


class NetworkPolicy(ApiModel):
    """The NetworkPolicy of the pods. It takes effect where the cluster's network enforces NetworkPolicies."""

    enabled: bool = True
    """Whether a NetworkPolicy is created. Without it every pod of the cluster may make predictions, reload the model
    server's configuration and give the fetcher orders."""

    allow_from: Annotated[list[NetworkPolicyPeer], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] | None = None
    """Who may connect to the ports 8500 (gRPC) and 8501 (REST), besides the pods of this namespace and the operator: as
    `from` of a NetworkPolicy's `ingress`, for example `{namespaceSelector: {matchLabels:
    {kubernetes.io/metadata.name: shop}}}`. With a Service of type NodePort or LoadBalancer every client may, unless
    this is given. gRPC also accepts reloads, which are not authenticated: allow only clients that you trust with
    them."""
