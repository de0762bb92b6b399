"""The S3 server as the tests use it: whether it behaves like S3 where the fetcher depends on it."""

import hashlib
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError

from testing.stores.s3 import S3Server


def test_an_object_has_its_md5_for_etag_and_ranges(s3_server: S3Server, bucket: str) -> None:
    s3_server.put(bucket, {"mnist/1/saved_model.pb": b"0123456789"})
    store = s3_server.store(bucket)
    meta = obstore.head(store, "mnist/1/saved_model.pb")
    assert meta["e_tag"] == f'"{hashlib.md5(b"0123456789").hexdigest()}"'
    assert bytes(obstore.get_range(store, "mnist/1/saved_model.pb", start=2, end=5)) == b"234"


def test_a_multipart_upload_has_another_etag(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    content = bytes(6 * 1024 * 1024)
    (tmp_path / "shard").write_bytes(content)
    s3_server.put(bucket, {"shard": tmp_path / "shard"}, multipart=True)
    assert obstore.head(s3_server.store(bucket), "shard")["e_tag"] not in (
        None,
        f'"{hashlib.md5(content).hexdigest()}"',
    )


def test_a_range_of_what_has_changed_is_refused(s3_server: S3Server, bucket: str) -> None:
    store = s3_server.store(bucket)
    s3_server.put(bucket, {"a": b"before"})
    etag = obstore.head(store, "a")["e_tag"]
    s3_server.put(bucket, {"a": b"after!"})
    with pytest.raises(BaseError, match="412"):
        obstore.get(store, "a", options={"if_match": etag, "range": (0, 3)})


def test_who_may_not_is_refused_in_the_words_of_s3(s3_server: S3Server, bucket: str) -> None:
    unknown = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    wrong = {**s3_server.secret, "AWS_SECRET_ACCESS_KEY": "wrong"}
    for keys, code in [
        (unknown, "InvalidAccessKeyId"),
        (wrong, "SignatureDoesNotMatch"),
        (s3_server.stranger, "AccessDenied"),
    ]:
        with pytest.raises(BaseError, match=rf"(?s)403 Forbidden.*{code}"):
            obstore.list(s3_server.store(bucket, keys)).collect()


def test_no_such_bucket(s3_server: S3Server) -> None:
    with pytest.raises(BaseError, match=r"(?s)404 Not Found.*NoSuchBucket"):
        obstore.list(s3_server.store("no-such-bucket")).collect()
