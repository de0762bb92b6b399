"""The process: arguments, exit status, last words.

(model_servers/main.cc)
"""

import os
import signal
import sys
from typing import NoReturn

from model_server import environment, flags, tensorflow_c
from model_server.server import Server
from model_server.status import StatusError

FAILED = 255
"""What a shell sees of `return -1`."""


def main() -> NoReturn:
    """`tensorflow_model_server`: serves until it is killed."""
    # SIGTERM keeps its default, like in the real server: deadly, but not for PID 1. Python changes only SIGINT.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        chosen, unknown = flags.parse(sys.argv[1:])
    except flags.BadFlag:
        _leave(FAILED, flags.usage(sys.argv[0]))
    if chosen.version:
        _leave(0, f"TensorFlow ModelServer: test double\nTensorFlow Library: {_library_version()}")
    if unknown:
        print(f"unknown argument: {unknown[0]}\n{flags.usage(sys.argv[0])}", flush=True)
    _serve(chosen)


def _serve(chosen: flags.Flags) -> NoReturn:
    try:
        server = Server(chosen, environment.switches())
    except ValueError as error:
        _leave(FAILED, str(error))
    try:
        server.start()
    except StatusError as error:
        failure = f"Failed to start server. Error: {error.status}"
        if not server.is_listening:
            server.give_up()
            _leave(FAILED, failure)
        # The real server's destructor waits for gRPC, which goes on answering without REST.
        print(failure, flush=True)
    server.wait()
    raise AssertionError("wait never returns")


def _library_version() -> str:
    version: bytes = tensorflow_c.library().TF_Version()
    return version.decode()


def _leave(status: int, last_words: str) -> NoReturn:
    """Ends the process at once: threads may be loading, and nothing of theirs has to be kept."""
    print(last_words, flush=True)
    sys.stderr.flush()
    os._exit(status)
