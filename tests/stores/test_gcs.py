"""The GCS server as the tests use it: whether it behaves like GCS where the fetcher depends on it."""

import obstore
import pytest
from obstore.exceptions import BaseError, PreconditionError

from testing.stores.gcs import GcsServer


def test_listing_and_content_have_the_same_etag(gcs_server: GcsServer, gcs_bucket: str) -> None:
    gcs_server.put(gcs_bucket, {"mnist/1/saved_model.pb": b"0123456789", "other/1/x": b""})
    store = gcs_server.store(gcs_bucket)
    (listed,) = obstore.list(store, "mnist/").collect()
    assert (listed["path"], listed["size"]) == ("mnist/1/saved_model.pb", 10)
    assert obstore.head(store, "mnist/1/saved_model.pb")["e_tag"] == listed["e_tag"]
    assert bytes(obstore.get_range(store, "mnist/1/saved_model.pb", start=2, end=5)) == b"234"


def test_a_listing_comes_in_pages(gcs_server: GcsServer, gcs_bucket: str) -> None:
    keys = [f"1/{number:04}" for number in range(1001)]
    gcs_server.put(gcs_bucket, dict.fromkeys(keys, b""))
    assert [meta["path"] for meta in obstore.list(gcs_server.store(gcs_bucket)).collect()] == keys


def test_a_range_of_what_has_changed_is_refused(gcs_server: GcsServer, gcs_bucket: str) -> None:
    store = gcs_server.store(gcs_bucket)
    gcs_server.put(gcs_bucket, {"a": b"before"})
    etag = obstore.head(store, "a")["e_tag"]
    assert obstore.get(store, "a", options={"if_match": etag, "range": (0, 3)}).bytes() == b"bef"
    gcs_server.put(gcs_bucket, {"a": b"after!"})
    with pytest.raises(PreconditionError):
        obstore.get(store, "a", options={"if_match": etag, "range": (0, 3)})


def test_what_is_deleted_is_gone(gcs_server: GcsServer, gcs_bucket: str) -> None:
    gcs_server.put(gcs_bucket, {"mnist/1/x": b"x", "mnist/2/x": b"x"})
    gcs_server.delete(gcs_bucket, "mnist/1/x")
    assert [meta["path"] for meta in obstore.list(gcs_server.store(gcs_bucket)).collect()] == ["mnist/2/x"]


def test_no_such_bucket(gcs_server: GcsServer) -> None:
    with pytest.raises(BaseError, match=r"(?s)404 Not Found.*NoSuchBucket"):
        obstore.list(gcs_server.store("no-such-bucket")).collect()
