"""The flags for NetworkPolicies of the pods that serve models."""

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
        help="create NetworkPolicies for pods that serve models; needs --operator-namespace (default: %(default)s)",
    )
    group.add_argument(
        "--operator-namespace",
        default="",
        metavar="NAMESPACE",
        help="namespace of the operator's pods, which NetworkPolicies admit; without it none is created",
    )
    group.add_argument(
        "--operator-labels",
        type=_labels,
        default=_DEFAULTS.operator_labels,
        metavar="KEY=VALUE,…",
        help="labels of the operator's pods (default: app.kubernetes.io/name=tfs-operator)",
    )
    peers = "as a JSON list of NetworkPolicyPeers"
    group.add_argument(
        "--network-policy-clients",
        type=_peers,
        default=(),
        metavar="JSON",
        help=f"peers with access to gRPC and REST of every TFModel, besides its own namespace; {peers}",
    )
    group.add_argument(
        "--network-policy-monitoring",
        type=_peers,
        default=(),
        metavar="JSON",
        help=f"peers with access to REST of every TFModel, which has the metrics; {peers}",
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
    """Parses labels. Rejects an empty list, which would select every pod in the namespace."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(key and equals for key, equals, _ in pairs):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE,KEY=VALUE,…")
    return {key: value for key, _, value in pairs}


def _peers(text: str) -> tuple[dict[str, Any], ...]:
    """Parses peers. Rejects an empty peer, which would admit all connections."""
    try:
        peers = json.loads(text)
    except RecursionError:
        raise argparse.ArgumentTypeError("is nested too deeply") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {error}") from None
    if not isinstance(peers, list) or not all(isinstance(peer, dict) and peer for peer in peers):
        raise argparse.ArgumentTypeError(f"{text!r} is not a JSON list of NetworkPolicyPeers")
    return tuple(peers)
