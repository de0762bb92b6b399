"""One error type for whatever could not be fetched, whichever library raised it."""

from tfs_operator.api.conditions import Reason


class FetchError(Exception):
    """Something could not be fetched. `message` is for users: it names the URI, the version where one is concerned, the
    cause in the store's own words, and what to do. `retry` is False where only a change by the user helps; it is looked
    at again all the same, but slowly."""

    def __init__(self, reason: Reason, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry = retry


def invalid_uri(uri: str, cause: str) -> FetchError:
    """Returns the error of a `modelUri` that no store can have, or that the settings in `spec.storage` do not fit."""
    return FetchError(Reason.INVALID_SPEC, f"{uri}: {cause}", retry=False)
