"""Who may open connections to the pods."""

from typing import Annotated, Any

from pydantic import Field

from tfs_operator.api.base import ATOMIC_LIST, PRESERVE_UNKNOWN, ApiModel

Peer = Annotated[dict[str, Any], Field(json_schema_extra=PRESERVE_UNKNOWN)]


class NetworkPolicy(ApiModel):
    """The NetworkPolicy of the pods. It takes effect where the cluster's network enforces NetworkPolicies."""

    enabled: bool = True
    """Whether a NetworkPolicy is created. Without it every pod of the cluster may make predictions, reload the model
    server's configuration and give the fetcher orders."""

    allow_from: Annotated[list[Peer], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] | None = None
    """Who may connect to the ports 8500 (gRPC) and 8501 (REST), besides the pods of this namespace and the operator: as
    `from` of a NetworkPolicy's `ingress`, for example `{namespaceSelector: {matchLabels:
    {kubernetes.io/metadata.name: shop}}}`. With a Service of type NodePort or LoadBalancer every client may, unless
    this is given. gRPC also accepts reloads, which are not authenticated: allow only clients that you trust with
    them."""
