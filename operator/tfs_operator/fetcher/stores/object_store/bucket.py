"""`s3://BUCKET/path`, `gs://BUCKET/path`, `az://ACCOUNT/CONTAINER/path`, taken apart."""

from dataclasses import dataclass

from tfs_operator.fetcher.core.errors import invalid_uri


@dataclass(frozen=True)
class BucketUri:
    """A URI of an object store, taken apart."""

    text: str
    scheme: str
    bucket: str
    """Azure calls it a container."""

    prefix: str
    """Base path inside the bucket, without slashes around it; may be empty."""

    account: str = ""
    """Azure only: a part of the URI, so that no Secret is needed to know it."""


def parse_bucket_uri(uri: str) -> BucketUri:
    """Takes a URI apart. Raises FetchError(INVALID_SPEC) for a URI that lacks a part, or whose path is not clean."""
    scheme, _, rest = uri.partition("://")
    parts = rest.rstrip("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise invalid_uri(uri, "has an empty part, '.' or '..' in its path")
    if scheme != "az":
        return BucketUri(uri, scheme, parts[0], "/".join(parts[1:]))
    if len(parts) < 2:
        raise invalid_uri(uri, "lacks a container: az://ACCOUNT/CONTAINER/path")
    return BucketUri(uri, scheme, parts[1], "/".join(parts[2:]), account=parts[0])
