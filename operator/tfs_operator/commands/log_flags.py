"""The log flags of `run` and `fetch`."""

import argparse

from tfs_operator import logs


def add_flags(parser: argparse.ArgumentParser, default_format: logs.Format) -> None:
    parser.add_argument(
        "--log-format",
        choices=logs.FORMATS,
        default=default_format,
        help="one JSON object per line, or plain text (default: %(default)s)",
    )
    parser.add_argument(
        "--log-level", choices=logs.LEVELS, default="info", help="lowest level that is logged (default: %(default)s)"
    )
