"""What the administrator of the operator decides, as opposed to the user who writes a TFModel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfs_operator import __version__
from tfs_operator.domain.policy import Allowed

DEFAULT_SERVER_IMAGE = "tensorflow/serving:2.21.0"
DEFAULT_GPU_SERVER_IMAGE = "tensorflow/serving:2.21.0-gpu"
DEFAULT_FETCHER_IMAGE = f"tfs-operator:{__version__}"


@dataclass(frozen=True)
class NetworkPolicySettings:
    """Who may reach the pods of every TFModel; each peer is as in `from` of a NetworkPolicy's `ingress`."""

    enabled: bool = True
    operator_namespace: str = ""
    """Where the operator runs. Empty, as when it runs outside the cluster: no NetworkPolicies are made, for none could
    let the operator in."""

    operator_labels: Mapping[str, str] = field(default_factory=lambda: {"app.kubernetes.io/name": "tfs-operator"})
    """Of the operator's pods."""

    clients: tuple[Mapping[str, Any], ...] = ()
    """May use gRPC and REST, for example an ingress controller."""

    monitoring: tuple[Mapping[str, Any], ...] = ()
    """May use REST only, where the metrics are."""


@dataclass(frozen=True)
class Settings:
    """Defaults and permissions that hold for every TFModel."""

    server_image: str = DEFAULT_SERVER_IMAGE
    gpu_server_image: str = DEFAULT_GPU_SERVER_IMAGE
    fetcher_image: str = DEFAULT_FETCHER_IMAGE
    """The operator's own image: the fetcher is a command of it."""

    update_agents_at_once: bool = False
    """Whether an upgrade of the operator replaces all pods, so that their agents are of the same release."""

    allowed: Allowed = field(default_factory=Allowed)
    cluster_domain: str = "cluster.local"
    network_policies: NetworkPolicySettings = field(default_factory=NetworkPolicySettings)
