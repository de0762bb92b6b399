"""`tfs-operator run | fetch | render | crd`."""

import argparse
import sys
from collections.abc import Sequence

from tfs_operator import __version__
from tfs_operator.commands import crd, fetch, render, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 done, 1 failed, 2 wrong input or usage."""
    parser = argparse.ArgumentParser(prog="tfs-operator", description="TensorFlow Serving on Kubernetes.")
    parser.add_argument("--version", action="version", version=f"tfs-operator {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (run, fetch, render, crd):
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    status: int = options.execute(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
