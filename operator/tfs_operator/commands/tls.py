"""`tfs-operator tls`: writes the model server's TLS configuration from a mounted Secret."""

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("tls", help="write --ssl_config_file from a Secret; runs as an init container")
    parser.add_argument("--secret", type=Path, required=True, metavar="DIR", help="folder where the Secret is mounted")
    parser.add_argument("--secret-name", required=True, metavar="NAME", help="name of the Secret, for messages")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="file for --ssl_config_file")
    parser.add_argument(
        "--termination-log",
        type=Path,
        default=Path("/dev/termination-log"),
        metavar="FILE",
        help="file for the termination message (default: %(default)s)",
    )
    parser.add_argument(
        "--wait-seconds",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="seconds to wait for another Secret when the last start had the same problem (default: %(default)s)",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Imports few modules, because it runs at every start of a pod."""
    from tfs_operator.tls.process import Config, run

    return run(
        Config(options.secret, options.secret_name, options.output, options.termination_log, options.wait_seconds)
    )
