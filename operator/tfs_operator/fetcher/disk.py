"""Whether the volume has room for a version, and what to say when it has not."""

import errno
import os
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.problem import FetchError
from tfs_operator.fetcher.source import RemoteVersion
from tfs_operator.fetcher.words import in_bytes

RESERVE_BYTES = 64 * 1024 * 1024
"""Stays free: for the folders themselves, records, and a log or two of others on the same volume."""

_FULL = {errno.ENOSPC, errno.EDQUOT}


def check_room(uri: str, version: RemoteVersion, staging: Path) -> None:
    """Raises FetchError(DISK_FULL) where what is still to come of `version` and the reserve exceed what is free on the
    volume of the existing folder `staging`. What an earlier attempt left there counts as arrived."""
    needed = max(version.size - _allocated(staging), 0)
    free = free_bytes(staging)
    if needed + RESERVE_BYTES > free:
        cause = f"needs {in_bytes(needed)} more and {in_bytes(RESERVE_BYTES)} in reserve; {in_bytes(free)} are free"
        raise _full(uri, version, cause)


def free_bytes(folder: Path) -> int:
    """What a process without privileges may still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def write_failed(uri: str, version: RemoteVersion, staging: Path, error: OSError) -> FetchError:
    """`error` came from the volume, and not from the store."""
    if error.errno in _FULL:
        return _full(uri, version, f"{os.strerror(error.errno or 0)}; {in_bytes(free_bytes(staging))} are free")
    cause = f"cannot be written to the pod's volume: {error.strerror or type(error).__name__}"
    return FetchError(Reason.STORE_ERROR, f"{uri}: version {version.number}: {cause}")


def _full(uri: str, version: RemoteVersion, cause: str) -> FetchError:
    advice = "make the volume of the models larger, or serve fewer versions"
    what = f"{uri}: version {version.number} ({in_bytes(version.size)})"
    return FetchError(Reason.DISK_FULL, f"{what} does not fit on its volume: {cause}; {advice}")


def _allocated(folder: Path) -> int:
    """Blocks and not sizes: a file that is written in parts has its full size from the start."""
    found = 0
    for parent, _, names in os.walk(folder):
        found += sum(os.lstat(Path(parent, name)).st_blocks * 512 for name in names)
    return found
