"""How the real server dies where it answers no error: by a check that fails, or by a pointer that points nowhere.

These are deaths that PID 1 of a container dies as well, which a signal sent to itself would not be.
"""

import ctypes
import os
import resource
import sys
from typing import NoReturn

from model_server import log


def abort(source: str, message: str) -> NoReturn:
    """Ends the process by SIGABRT, as a failed CHECK does, with its message as the last line of the log."""
    log.fatal(source, message)
    end_by_sigabrt()


def end_by_sigabrt() -> NoReturn:
    """Ends the process by SIGABRT, as gRPC does after an error that it has logged."""
    _leave_no_core()
    os.abort()


def segfault() -> NoReturn:
    """Ends the process by SIGSEGV, without a word."""
    _leave_no_core()
    ctypes.string_at(0)
    raise AssertionError("address 0 was read")


def _leave_no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    sys.stdout.flush()
