"""What can go wrong with one pod.

ServingError
├── Unreachable
│   ├── ModelServerUnreachable   no usable answer: say so, observe again later
│   └── FetcherUnreachable       the same for the fetcher beside it
├── VersionNotServed             it answers, and has no such version: nothing is known about the version
├── ModelServerBusy              all its gRPC threads are in use: it has not read the config, so try again soon
└── ReloadRefused                it understood and said no; it goes on serving its old config
"""

from tfs_operator.domain.foreign_text import one_line

_LONGEST = 500
"""Characters of a reason: a part of it may be what the pod has answered."""


class ServingError(Exception):
    """The root of everything that `serving` raises."""


class Unreachable(ServingError):
    """No answer, or none that can be used: refused, timed out, cut, 5xx, not what it should be."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = one_line(reason, _LONGEST)
        super().__init__(f"{host}:{port}: {self.reason}")


class ModelServerUnreachable(Unreachable):
    """Nothing is known about the server's state then; after a reload not even whether it was applied."""


class FetcherUnreachable(Unreachable):
    """Nothing is known about what the fetcher holds, nor whether it heard the order."""


class VersionNotServed(ServingError):
    """The server has no signatures of the version, since it is not loaded, or none that can be read."""


class ModelServerBusy(ServingError):
    """Every gRPC thread of the server was in use until the deadline; its config is the one before."""


class ReloadRefused(ServingError):
    """The server refused a config, with its own status code (`FAILED_PRECONDITION`, …) and message."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = one_line(message, _LONGEST)
        super().__init__(f"{code}: {self.message}")
