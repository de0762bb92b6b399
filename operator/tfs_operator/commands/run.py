"""`tfs-operator run`: watches TFModels and reconciles them until it is stopped."""

import argparse
import asyncio
import gc
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

from tfs_operator import logs
from tfs_operator.commands import log_flags, settings

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from tfs_operator.controller.operator import Election, Options

_NAMESPACE = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


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
    _add_namespaces(parser)
    _add_election(parser)
    log_flags.add_flags(parser, default_format="json")
    parser.set_defaults(execute=execute)


def _add_namespaces(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--namespaces",
        action="append",
        default=[],
        metavar="NAMESPACE",
        help="serve the TFModels of this namespace only; repeat it, or separate several by commas (default: all)",
    )


def _add_election(parser: argparse.ArgumentParser) -> None:
    """The durations' defaults and their bounds are those of cluster/lease.py, which is not imported for `--help`."""
    parser.add_argument(
        "--leader-elect", action="store_true", help="act only while holding a Lease, so that several may run"
    )
    parser.add_argument("--lease-name", default="tfs-operator", metavar="NAME", help="of the Lease (%(default)s)")
    parser.add_argument("--lease-namespace", metavar="NAMESPACE", help="of the Lease (default: the pod's own)")
    parser.add_argument(
        "--lease-duration-seconds",
        type=int,
        default=10,
        metavar="SECONDS",
        help="how long after its last renewal a lease may be taken from its holder (default: %(default)s)",
    )
    parser.add_argument(
        "--renew-deadline-seconds",
        type=float,
        default=7.0,
        metavar="SECONDS",
        help="how long after its last renewal the holder stops; below the duration (default: %(default)s)",
    )
    parser.add_argument(
        "--retry-period-seconds",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="how often the lease is renewed, and looked at by those who stand by (default: %(default)s)",
    )


def execute(options: argparse.Namespace) -> int:
    """Imports the controller only here, so that `render` and `crd` start without kopf, grpc and a client."""
    from prometheus_client import disable_created_metrics

    from tfs_operator.cluster.errors import ClusterError
    from tfs_operator.controller.operator import run

    # A third series for each counter, of no use here.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client annotates most of itself
    logs.configure(options.log_format, options.log_level)
    if options.log_level != "debug":
        logging.getLogger("kopf").setLevel(logging.WARNING)
    _collect_less()
    try:
        asyncio.run(run(_run_options(options)))
    except _WrongUsage as error:
        print(f"tfs-operator: {error}", file=sys.stderr)
        return 2
    except ClusterError as error:
        log.critical("%s", error)
        return 1
    except Exception:
        log.critical("a mistake in the operator ended it", exc_info=True)
        return 1
    return 0


def _collect_less() -> None:
    """What is imported stays, and what is cached is in no cycle: the collector need not look through it so often. With
    its defaults it takes a tenth of the CPU time (docs/performance.md)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


class _WrongUsage(Exception):
    """Flags that do not go together."""


def _run_options(options: argparse.Namespace) -> "Options":
    from tfs_operator.controller.operator import Options

    return Options(
        settings=settings.from_options(options),
        kubeconfig=options.kubeconfig,
        namespaces=_namespaces(options.namespaces),
        election=_election(options) if options.leader_elect else None,
        workers=options.workers,
        http_port=options.http_port,
        status_poll_seconds=options.status_poll_seconds,
        retry_seconds=options.retry_seconds,
    )


def _namespaces(given: list[str]) -> tuple[str, ...]:
    """Each once."""
    names = [name.strip() for each in given for name in each.split(",")]
    if not all(re.fullmatch(_NAMESPACE, name) for name in names):
        raise _WrongUsage(f"--namespaces takes names of namespaces, not {','.join(given)!r}")
    return tuple(dict.fromkeys(names))


def _election(options: argparse.Namespace) -> "Election":
    from tfs_operator.cluster.lease import Times
    from tfs_operator.controller.operator import Election

    try:
        times = Times(options.lease_duration_seconds, options.renew_deadline_seconds, options.retry_period_seconds)
    except ValueError as error:
        raise _WrongUsage(f"--leader-elect: {error}") from None
    return Election(options.lease_name, options.lease_namespace, times)
