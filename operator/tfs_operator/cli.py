"""`tfs-operator run | fetch | tls | render | crd`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from tfs_operator import __version__

COMMANDS = ("run", "fetch", "tls", "render", "crd")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 done, 1 failed, 2 wrong input or usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="tfs-operator", description="TensorFlow Serving on Kubernetes.")
    parser.add_argument("--version", action="version", version=f"tfs-operator {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _needed(arguments):
        import_module(f"tfs_operator.commands.{command}").add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        status: int = options.execute(options)
        sys.stdout.flush()
    except BrokenPipeError:  # as of `render | head`; the interpreter would try to write once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _needed(arguments: Sequence[str]) -> Sequence[str]:
    """Returns only the command that comes first, if any: importing all would cost a fetcher memory in every pod."""
    return arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS


if __name__ == "__main__":
    sys.exit(main())
