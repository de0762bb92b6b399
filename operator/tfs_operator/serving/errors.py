"""What can go wrong with one model server.

ServingError
├── ModelServerUnreachable   no usable answer: say so, observe again later
└── ReloadRefused            it understood and said no; it goes on serving its old config
"""


class ServingError(Exception):
    """The root of everything that `serving` raises."""


class ModelServerUnreachable(ServingError):
    """No answer, or none that can be used: refused, timed out, cut, 5xx, not TF Serving's JSON.

    Nothing is known about the server's state then; after a reload not even whether it was applied.
    """

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"{host}:{port}: {reason}")
        self.host = host
        self.port = port
        self.reason = reason


class ReloadRefused(ServingError):
    """The server refused a config, with its own status code (`FAILED_PRECONDITION`, …) and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
