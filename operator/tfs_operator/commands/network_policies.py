"""The flags about NetworkPolicies of the pods that serve."""

import argparse
import json
from typing import Any

from tfs_operator.render.settings import NetworkPolicySettings

_DEFAULTS = NetworkPolicySettings()


def add_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("NetworkPolicies")
    group.add_argument(
        "--network-policies",
        choices=("true", "false"),
        default="true",
        help="whether pods that serve get a NetworkPolicy; it takes --operator-namespace (default: %(default)s)",
    )
    group.add_argument(
        "--operator-namespace",
        default="",
        metavar="NAMESPACE",
        help="where the operator's own pods are; without it no NetworkPolicy is made, since none could let them in",
    )
    group.add_argument(
        "--operator-labels",
        type=_labels,
        default=_DEFAULTS.operator_labels,
        metavar="KEY=VALUE,…",
        help="labels of the operator's own pods (default: app.kubernetes.io/name=tfs-operator)",
    )
    peers = "as a JSON list of NetworkPolicyPeers"
    group.add_argument(
        "--network-policy-clients",
        type=_peers,
        default=(),
        metavar="JSON",
        help=f"who may use gRPC and REST of every TFModel, besides those in its own namespace; {peers}",
    )
    group.add_argument(
        "--network-policy-monitoring",
        type=_peers,
        default=(),
        metavar="JSON",
        help=f"who may use REST of every TFModel, where its metrics are; {peers}",
    )


def from_options(options: argparse.Namespace) -> NetworkPolicySettings:
    return NetworkPolicySettings(
        enabled=options.network_policies == "true",
        operator_namespace=options.operator_namespace,
        operator_labels=options.operator_labels,
        clients=options.network_policy_clients,
        monitoring=options.network_policy_monitoring,
    )


def _labels(text: str) -> dict[str, str]:
    """An empty list would be a selector of every pod in the namespace."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(key and equals for key, equals, _ in pairs):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE,KEY=VALUE,…")
    return {key: value for key, _, value in pairs}


def _peers(text: str) -> tuple[dict[str, Any], ...]:
    """An empty peer would admit everything, which is hardly meant."""
    try:
        peers = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}") from None
    if not isinstance(peers, list) or not all(isinstance(peer, dict) and peer for peer in peers):
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON list of NetworkPolicyPeers")
    return tuple(peers)
