"""Whether the volume has room for a version, and what to say when it has not."""

import errno
import os
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.formatting import in_bytes
from tfs_operator.fetcher.core.source import RemoteVersion

RESERVE_BYTES = 64 * 1024 * 1024
"""Stays free: for the folders themselves, records, and a log or two of others on the same volume."""


def check_room(uri: str, version: RemoteVersion, staging: Path, free: int) -> None:
    """Raises FetchError(DISK_FULL) where what is still to come of `version` and the reserve exceed `free` bytes. What
    an earlier attempt left in the existing folder `staging` counts as arrived."""
    needed = max(version.size - allocated(staging), 0)
    if needed + RESERVE_BYTES > free:
        cause = f"needs {in_bytes(needed)} more and {in_bytes(RESERVE_BYTES)} in reserve; {in_bytes(free)} are free"
        raise _full(uri, version, cause)


def free_bytes(folder: Path) -> int:
    """What a process without privileges may still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def is_full(error: OSError) -> bool:
    """Whether the volume, or the quota on it, has no room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def filled_up(uri: str, version: RemoteVersion, staging: Path) -> FetchError:
    """The volume had room before the download, and has none any more."""
    return _full(uri, version, f"it filled up meanwhile; {in_bytes(free_bytes(staging))} are free")


def write_failed(uri: str, version: RemoteVersion, staging: Path, error: OSError) -> FetchError:
    """`error` came from the volume, and not from the store."""
    if is_full(error):
        return filled_up(uri, version, staging)
    cause = f"cannot be written to the pod's volume: {error.strerror or type(error).__name__}"
    return FetchError(Reason.STORE_ERROR, f"{uri}: version {version.number}: {cause}")


def _full(uri: str, version: RemoteVersion, cause: str) -> FetchError:
    advice = "make the volume of the models larger, or serve fewer versions"
    what = f"{uri}: version {version.number} ({in_bytes(version.size)})"
    return FetchError(Reason.DISK_FULL, f"{what} does not fit on its volume: {cause}; {advice}")


def allocated(folder: Path) -> int:
    """Bytes that its files take: blocks and not sizes, since a file that is written in parts has its full size from the
    start."""
    found = 0
    for parent, _, names in os.walk(folder):
        found += sum(os.lstat(Path(parent, name)).st_blocks * 512 for name in names)
    return found
