"""The flags that say how `run` and `fetch` log."""

import argparse

from tfs_operator import logs


def add_flags(parser: argparse.ArgumentParser, default_format: logs.Format) -> None:
    parser.add_argument(
        "--log-format",
        choices=logs.FORMATS,
        default=default_format,
        help="one JSON object a line, or text for people (default: %(default)s)",
    )
    parser.add_argument(
        "--log-level", choices=logs.LEVELS, default="info", help="what is logged at least (default: %(default)s)"
    )
