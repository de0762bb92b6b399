"""`tfs-operator fetch`: brings models from their store into the pod that it runs in."""

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
    parser.add_argument("--plan", type=Path, required=True, metavar="FILE", help="fetch.json: sources and first order")
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/models/store"),
        metavar="DIR",
        help="every base path must lie below it (default: %(default)s)",
    )
    parser.add_argument("--port", type=int, default=FETCHER_PORT, metavar="PORT", help="default: %(default)s")
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: all)")
    parser.add_argument(
        "--model-server",
        default="http://127.0.0.1:8501",
        metavar="URL",
        help="REST port of the model server, asked before a version is removed (default: %(default)s)",
    )
    parser.add_argument("--shared", metavar="POD", help="base paths are shared with other pods; this is pod POD")
    _add_storage(parser)
    log_flags.add_flags(parser, default_format="text")
    parser.set_defaults(execute=execute)


def _add_storage(parser: argparse.ArgumentParser) -> None:
    """spec.storage, as the pod has it."""
    group = parser.add_argument_group("storage")
    group.add_argument("--endpoint", metavar="URL", help="of the store (default: the scheme's own)")
    group.add_argument("--region", metavar="REGION")
    group.add_argument("--anonymous", action="store_true", help="sign no request")
    group.add_argument("--credentials", type=Path, metavar="DIR", help="where the Secret is mounted")
    group.add_argument("--secret-name", metavar="NAME", help="of the Secret; for messages")
    group.add_argument("--ca-bundle", type=Path, metavar="FILE", help="authorities trusted besides the system's (PEM)")
    group.add_argument("--ca-name", metavar="NAME", help="of the ConfigMap of --ca-bundle; for messages")


def execute(options: argparse.Namespace) -> int:
    """Imports the fetcher only here, so that the other commands start without it."""
    from tfs_operator.fetcher.config import InvalidConfig
    from tfs_operator.fetcher.process import run

    logs.configure(options.log_format, options.log_level, text="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(run(_config(options)))
    except InvalidConfig as error:
        print(f"tfs-operator fetch: {error}", file=sys.stderr)
        return 2
    return 0


def _config(options: argparse.Namespace) -> Any:
    from tfs_operator.fetcher.config import FetcherConfig, read_plan
    from tfs_operator.fetcher.core.store_access import StoreAccess

    storage = StoreAccess(
        endpoint=options.endpoint,
        region=options.region,
        anonymous=options.anonymous,
        credentials=options.credentials,
        secret_name=options.secret_name,
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
    )
