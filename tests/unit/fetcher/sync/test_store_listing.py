"""How soon a store is asked again that gave no answer, and which of its versions may still be uploaded."""

from collections.abc import Mapping

import pytest

from tests.unit.fetcher.clock import Clock
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.sync.settling import SETTLE_SECONDS
from tfs_operator.fetcher.sync.store_listing import MOST_LISTING_SECONDS, StoreListing


class Refusing:
    """A source that always answers with the same error."""

    uri = "s3://b/m"
    publishes_at_once = False

    def __init__(self, error: FetchError) -> None:
        self._error = error

    async def versions(self) -> Mapping[int, RemoteVersion]:
        raise self._error


async def waits(problem: Reason | FetchError) -> float:
    """Seconds until the next question after ten that failed."""
    error = problem if isinstance(problem, FetchError) else FetchError(problem, "no", retry=False)
    listing = StoreListing(Refusing(error), clock=lambda: 0.0)  # type: ignore[arg-type]  # nothing else of it is used
    for _ in range(10):
        with pytest.raises(FetchError):
            await listing.refresh()
    return listing.backoff.due


@pytest.mark.parametrize("reason", [Reason.ACCESS_DENIED, Reason.CREDENTIALS_MISSING, Reason.STORE_NOT_FOUND])
async def test_what_a_person_corrects_is_seen_soon(reason: Reason) -> None:
    assert await waits(reason) <= MOST_LISTING_SECONDS


async def test_an_archive_that_is_refused_is_not_fetched_every_half_minute() -> None:
    assert await waits(Reason.ARCHIVE_REFUSED) > MOST_LISTING_SECONDS


class Growing:
    """A source of version 1, of as many files as `files` has; they have no times."""

    uri = "s3://b/m"
    publishes_at_once = False

    def __init__(self) -> None:
        self.files = 1

    async def versions(self) -> Mapping[int, RemoteVersion]:
        return {1: RemoteVersion(1, "1", tuple(RemoteFile(str(n), 1) for n in range(self.files)))}


class TestUploads:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def source(self) -> Growing:
        return Growing()

    @pytest.fixture
    def listing(self, source: Growing, clock: Clock) -> StoreListing:
        return StoreListing(source, clock)  # type: ignore[arg-type]  # nothing else of it is used

    async def test_what_was_the_same_for_long_enough_has_ended(self, listing: StoreListing, clock: Clock) -> None:
        await listing.refresh()
        assert listing.unsettled == {1: clock.now + SETTLE_SECONDS}
        clock.now += SETTLE_SECONDS
        assert listing.unsettled, "nobody has looked"
        await listing.refresh()
        assert listing.unsettled == {}

    async def test_a_change_begins_anew(self, listing: StoreListing, source: Growing, clock: Clock) -> None:
        await listing.refresh()
        clock.now += SETTLE_SECONDS
        source.files += 1
        await listing.refresh()
        assert listing.unsettled == {1: clock.now + SETTLE_SECONDS}

    async def test_looks_in_between_do_not(self, listing: StoreListing, clock: Clock) -> None:
        due = clock.now + SETTLE_SECONDS
        for _ in range(3):
            await listing.refresh()
            assert listing.unsettled == {1: due}
            clock.now += SETTLE_SECONDS / 4

    async def test_what_comes_in_one_step_is_whole(self, listing: StoreListing, source: Growing) -> None:
        source.publishes_at_once = True
        await listing.refresh()
        assert listing.unsettled == {}


async def test_a_listing_that_is_refused_is_not_read_every_half_minute() -> None:
    assert await waits(ListingRefused("s3://b/m: has more than 200000 files")) > MOST_LISTING_SECONDS
