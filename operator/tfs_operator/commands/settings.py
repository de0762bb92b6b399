"""The flags that `run` and `render` share."""

import argparse

from tfs_operator.commands import network_policies
from tfs_operator.domain.policy import Allowed
from tfs_operator.render.settings import DEFAULT_FETCHER_IMAGE, DEFAULT_GPU_SERVER_IMAGE, DEFAULT_SERVER_IMAGE, Settings


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server-image",
        default=DEFAULT_SERVER_IMAGE,
        metavar="IMAGE",
        help="image of TensorFlow Serving for TFModels that name none (default: %(default)s)",
    )
    parser.add_argument(
        "--gpu-server-image",
        default=DEFAULT_GPU_SERVER_IMAGE,
        metavar="IMAGE",
        help="the same for TFModels with GPUs (default: %(default)s)",
    )
    parser.add_argument(
        "--fetcher-image",
        default=DEFAULT_FETCHER_IMAGE,
        metavar="IMAGE",
        help="image of the operator, whose fetcher runs beside model servers (default: %(default)s)",
    )
    parser.add_argument(
        "--update-agents-at-once",
        action="store_true",
        help="replace all pods when --fetcher-image changes, not only those that are replaced anyway",
    )
    parser.add_argument(
        "--allow-hostpath",
        action="store_true",
        help="allow hostpath:// URIs, which read files of the node; for local clusters only",
    )
    parser.add_argument(
        "--allow-keda-credentials",
        action="store_true",
        help="allow triggers of KEDA that use a ClusterTriggerAuthentication, or the identity of KEDA's own operator",
    )
    parser.add_argument(
        "--cluster-domain",
        default="cluster.local",
        metavar="DOMAIN",
        help="DNS domain of the cluster's Services (default: %(default)s)",
    )
    network_policies.add_flags(parser)


def from_options(options: argparse.Namespace) -> Settings:
    return Settings(
        server_image=options.server_image,
        gpu_server_image=options.gpu_server_image,
        fetcher_image=options.fetcher_image,
        update_agents_at_once=options.update_agents_at_once,
        allowed=Allowed(hostpath=options.allow_hostpath, keda_credentials=options.allow_keda_credentials),
        cluster_domain=options.cluster_domain,
        network_policies=network_policies.from_options(options),
    )
