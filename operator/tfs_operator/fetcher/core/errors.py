"""Why something could not be fetched, as one error type, whatever the library behind it raised."""

from tfs_operator.api.conditions import Reason


class FetchError(Exception):
    """`message` is for people: it names the URI, the version where one is concerned, the cause in the store's own
    words, and what to do. `retry` is False where only a change by the user helps; it is looked at again all the
    same, but slowly."""

    def __init__(self, reason: Reason, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry = retry
