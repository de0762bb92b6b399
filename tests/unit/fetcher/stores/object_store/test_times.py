"""When an object was wholly there."""

from datetime import UTC, datetime

import pytest

from tfs_operator.fetcher.stores.object_store.times import upload_ended

BEGUN = datetime(2026, 11, 29, tzinfo=UTC)
GIB = 1024**3
MD5 = "0" * 32


@pytest.mark.parametrize(
    ("size", "etag", "seconds"), [(GIB, MD5, 0), (GIB, "", 0), (GIB, f"{MD5}-16", 256), (0, "a-1", 0)]
)
def test_an_upload_in_parts_has_its_time_of_the_beginning(size: int, etag: str, seconds: int) -> None:
    assert upload_ended(BEGUN, size, etag) == BEGUN.timestamp() + seconds
