"""How soon a store is asked again that gave no answer."""

from collections.abc import Mapping

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteVersion
from tfs_operator.fetcher.sync.store_listing import MOST_LISTING_SECONDS, StoreListing


class Refusing:
    """A source that always answers with the same error."""

    uri = "s3://b/m"

    def __init__(self, reason: Reason) -> None:
        self._reason = reason

    async def versions(self) -> Mapping[int, RemoteVersion]:
        raise FetchError(self._reason, "no", retry=False)


async def waits(reason: Reason) -> float:
    """Seconds until the next question after ten that failed."""
    listing = StoreListing(Refusing(reason), clock=lambda: 0.0)  # type: ignore[arg-type]  # nothing else of it is used
    for _ in range(10):
        with pytest.raises(FetchError):
            await listing.refresh()
    return listing.backoff.due


@pytest.mark.parametrize("reason", [Reason.ACCESS_DENIED, Reason.CREDENTIALS_MISSING, Reason.STORE_NOT_FOUND])
async def test_what_a_person_corrects_is_seen_soon(reason: Reason) -> None:
    assert await waits(reason) <= MOST_LISTING_SECONDS


async def test_an_archive_that_is_refused_is_not_fetched_every_half_minute() -> None:
    assert await waits(Reason.ARCHIVE_REFUSED) > MOST_LISTING_SECONDS
