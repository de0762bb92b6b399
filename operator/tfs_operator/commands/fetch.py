"""`tfs-operator fetch`: fetches models from their store into its own pod."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from tfs_operator import logs
from tfs_operator.commands import log_flags
from tfs_operator.domain.fetch_protocol import FETCHER_PORT


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("fetch", help="fetch models from their store; runs beside a model server")
    parser.add_argument(
        "--plan",
        type=Path,
        required=True,
        metavar="FILE",
        help="path of fetch.json with the sources and the first order",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/models/store"),
        metavar="DIR",
        help="folder above every base path (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=FETCHER_PORT,
        metavar="PORT",
        help="port for orders, reports and metrics (default: %(default)s)",
    )
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: all)")
    parser.add_argument(
        "--model-server",
        default="http://127.0.0.1:8501",
        metavar="URL",
        help="REST address of the model server, queried before a version is removed (default: %(default)s)",
    )
    parser.add_argument(
        "--server-config",
        type=Path,
        metavar="FILE",
        help="file to write with the configuration with which the model server starts (default: none)",
    )
    parser.add_argument("--shared", metavar="POD", help="share base paths with other pods, under the name of this pod")
    _add_storage(parser)
    log_flags.add_flags(parser, default_format="text")
    parser.set_defaults(execute=execute)


def _add_storage(parser: argparse.ArgumentParser) -> None:
    """Adds the flags for spec.storage."""
    group = parser.add_argument_group("storage")
    group.add_argument("--endpoint", metavar="URL", help="address of the store (default: that of the scheme)")
    group.add_argument("--region", metavar="REGION", help="region of the store")
    group.add_argument("--anonymous", action="store_true", help="send requests without credentials")
    group.add_argument("--credentials", type=Path, metavar="DIR", help="folder where the Secret is mounted")
    group.add_argument("--secret-name", metavar="NAME", help="name of the Secret, for messages")
    group.add_argument(
        "--claims",
        type=Path,
        default=Path("/models/pvc"),
        metavar="DIR",
        help="folder where claims are mounted that models are copied from (default: %(default)s)",
    )
    group.add_argument(
        "--ca-bundle", type=Path, metavar="FILE", help="certificate authorities to trust besides the system's (PEM)"
    )
    group.add_argument("--ca-name", metavar="NAME", help="name of the ConfigMap of --ca-bundle, for messages")


def execute(options: argparse.Namespace) -> int:
    """Imports the fetcher only here, so that the other commands start without it."""
    from tfs_operator.fetcher.config import InvalidConfig
    from tfs_operator.fetcher.process import run

    logs.configure(options.log_format, options.log_level, text="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(run(config_of(options)))
    except InvalidConfig as error:
        print(f"tfs-operator fetch: {error}", file=sys.stderr)
        return 2
    return 0


def config_of(options: argparse.Namespace) -> Any:
    """Returns the FetcherConfig. Raises InvalidConfig where the plan is not valid."""
    from tfs_operator.fetcher.config import FetcherConfig, read_plan
    from tfs_operator.fetcher.core.store_access import StoreAccess

    storage = StoreAccess(
        endpoint=options.endpoint,
        region=options.region,
        anonymous=options.anonymous,
        credentials=options.credentials,
        secret_name=options.secret_name,
        claims=options.claims,
        ca_bundle=options.ca_bundle,
        ca_name=options.ca_name,
    )
    return FetcherConfig(
        plan=read_plan(options.plan, options.root),
        storage=storage,
        model_server=options.model_server,
        port=options.port,
        host=options.host,
        pod=options.shared,
        server_config=options.server_config,
        server_config_default=options.plan.with_name("models.config"),
    )
