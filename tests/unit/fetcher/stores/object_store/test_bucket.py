"""From a URI to the bucket and the path in it."""

from pathlib import Path

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.object_store.bucket import BucketUri, parse_bucket_uri
from tfs_operator.fetcher.stores.uri import open_source


@pytest.mark.parametrize(
    ("uri", "bucket", "prefix", "account"),
    [
        ("s3://bucket/models/mnist", "bucket", "models/mnist", ""),
        ("s3://bucket/models/mnist/", "bucket", "models/mnist", ""),
        ("gs://bucket", "bucket", "", ""),
        ("az://account/container/mnist", "container", "mnist", "account"),
        ("az://account/container", "container", "", "account"),
    ],
)
def test_a_uri_is_taken_apart(uri: str, bucket: str, prefix: str, account: str) -> None:
    assert parse_bucket_uri(uri) == BucketUri(uri, uri[:2], bucket, prefix, account)


@pytest.mark.parametrize(
    ("uri", "cause"),
    [
        ("s3://", "empty part"),
        ("s3:///models", "empty part"),
        ("s3://bucket/a//b", "empty part"),
        ("gs://bucket/../other", "'..'"),
        ("az://account", "lacks a container"),
        ("ftp://host/model", "none of s3, gs, az"),
        ("models/mnist", "none of s3, gs, az"),
    ],
)
def test_a_uri_that_names_nothing_is_refused(uri: str, cause: str) -> None:
    with pytest.raises(FetchError, match=cause) as refused:
        open_source(uri, StoreAccess(), Path("/nowhere"))
    assert refused.value.reason is Reason.INVALID_SPEC
    assert uri in refused.value.message
