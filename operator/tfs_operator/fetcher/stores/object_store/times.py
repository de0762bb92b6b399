"""When an object was wholly there, as far as a store's listing tells."""

import re
from datetime import datetime

_PARTS = re.compile("-[0-9]+$")
"""At the end of the ETag of an upload in parts: their number."""

_SLOW_UPLOAD = 4 * 1024 * 1024
"""Bytes a second."""


def upload_ended(last_modified: datetime, size: int, etag: str) -> float:
    """Returns, in seconds since the epoch, when the object had come at the latest. S3 says of an upload in parts when
    it was begun; it has ended before an upload at a slow rate would have: a guess, which only decides whether a version
    is listed once more before it is fetched. `size` is in bytes.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html (Last-Modified)
    """
    return last_modified.timestamp() + (size / _SLOW_UPLOAD if _PARTS.search(etag) else 0.0)
