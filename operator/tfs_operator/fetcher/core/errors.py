"""One error type for whatever could not be fetched, whichever library raised it."""

from urllib.parse import SplitResult, urlsplit

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.foreign_text import one_line

_LONGEST = 2000


class FetchError(Exception):
    """Something could not be fetched. `message` is for users: it names the URI, the version where one is concerned, the
    cause in the store's own words, and what to do; it is put on one line, since names of files and words of stores may
    have any characters. `retry` is False where only a change by the user helps; it is looked at again all the same, but
    slowly."""

    def __init__(self, reason: Reason, message: str, *, retry: bool = True) -> None:
        self.reason = reason
        self.message = one_line(message, _LONGEST)
        super().__init__(self.message)
        self.retry = retry


class ListingRefused(FetchError):
    """A store lists more than is read. To look again costs as much as before, so that is done rarely."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.STORE_ERROR, message, retry=False)


def split_address(uri: str, address: str) -> SplitResult:
    """Takes a web address apart, which belongs to the `modelUri`. Raises FetchError(INVALID_SPEC) for one that is
    none."""
    try:
        parts = urlsplit(address)
        _ = parts.hostname, parts.port
    except ValueError:
        raise invalid_uri(uri, f"{address!r} is no web address") from None
    return parts


def invalid_uri(uri: str, cause: str) -> FetchError:
    """Returns the error of a `modelUri` that no store can have, or that the settings in `spec.storage` do not fit."""
    return FetchError(Reason.INVALID_SPEC, f"{uri}: {cause}", retry=False)
