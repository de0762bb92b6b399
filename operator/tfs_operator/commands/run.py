"""`tfs-operator run`: watches TFModels and reconciles them until it is told to stop."""

import argparse
import asyncio
import logging
from typing import Any

from tfs_operator import logs
from tfs_operator.commands import log_flags, settings

log = logging.getLogger(__name__)


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("run", help="run the operator against a cluster")
    settings.add_flags(parser)
    parser.add_argument("--kubeconfig", metavar="FILE", help="default: the pod's service account, else ~/.kube/config")
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="TFModels worked on at once (%(default)s)")
    parser.add_argument("--http-port", type=int, default=8080, metavar="PORT", help="/healthz, /readyz, /metrics")
    parser.add_argument(
        "--status-poll-seconds",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="how often model servers are asked when nothing moves (default: %(default)s)",
    )
    parser.add_argument(
        "--retry-seconds",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how soon a version that could not be loaded is tried again; doubles up to an hour (default: %(default)s)",
    )
    log_flags.add_flags(parser, default_format="json")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Imports the controller only here, so that `render` and `crd` start without kopf, grpc and a client."""
    from prometheus_client import disable_created_metrics

    from tfs_operator.cluster.errors import ClusterError
    from tfs_operator.controller.operator import Options, run

    # A third series for each counter, which nobody asks for.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client annotates most of itself
    logs.configure(options.log_format, options.log_level)
    if options.log_level != "debug":
        logging.getLogger("kopf").setLevel(logging.WARNING)
    try:
        asyncio.run(
            run(
                Options(
                    settings=settings.from_options(options),
                    kubeconfig=options.kubeconfig,
                    workers=options.workers,
                    http_port=options.http_port,
                    status_poll_seconds=options.status_poll_seconds,
                    retry_seconds=options.retry_seconds,
                )
            )
        )
    except ClusterError as error:
        log.critical("%s", error)
        return 1
    except Exception:
        log.critical("a mistake in the operator ended it", exc_info=True)
        return 1
    return 0
