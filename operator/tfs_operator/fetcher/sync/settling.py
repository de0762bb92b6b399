"""Decides whether an upload has come to rest: no store says when an upload of many files has ended. Pure."""

from tfs_operator.fetcher.core.source import RemoteVersion

SETTLE_SECONDS = 5.0
"""Uploads of small files have shorter pauses. A large file is listed only once all of it is there, and may be long on
its way; what it is needed for is known from the other files."""


def unsettled_seconds(version: RemoteVersion, seen_for: float, now: float) -> float:
    """Returns how many seconds more nothing must change until an upload counts as ended; 0 where it does already.

    `seen_for` is how long listings have shown the version as it is, in seconds. `now`, in seconds since the epoch, is
    when it was listed last: a version whose files are all of long ago has ended, also when it is seen for the first
    time. A clock that differs from the store's by more than SETTLE_SECONDS costs another look, or saves one."""
    if version.problem or not version.files:
        return 0.0
    times = [file.modified for file in version.files if file.modified is not None]
    age = now - max(times) if len(times) == len(version.files) else 0.0
    return max(SETTLE_SECONDS - max(seen_for, age), 0.0)
