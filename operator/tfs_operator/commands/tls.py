"""`tfs-operator tls`: puts the model server's TLS file together from a mounted Secret."""

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("tls", help="write --ssl_config_file from a Secret; an init container of a pod")
    parser.add_argument("--secret", type=Path, required=True, metavar="DIR", help="where the Secret is mounted")
    parser.add_argument("--secret-name", required=True, metavar="NAME", help="of the Secret; for messages")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="what the model server reads")
    parser.add_argument(
        "--last-words",
        type=Path,
        default=Path("/dev/termination-log"),
        metavar="FILE",
        help="what ends up in the pod's status (default: %(default)s)",
    )
    parser.add_argument(
        "--patience-seconds",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="how long a problem that was reported is not reported again (default: %(default)s)",
    )
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Imports little, since it runs at every start of a pod."""
    from tfs_operator.tls.process import Config, run

    return run(
        Config(options.secret, options.secret_name, options.output, options.last_words, options.patience_seconds)
    )
