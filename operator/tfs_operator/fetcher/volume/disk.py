"""Checks that the volume has room for a version, and maps the volume's errors."""

import errno
import os
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.formatting import in_bytes
from tfs_operator.fetcher.core.source import RemoteVersion

RESERVE_BYTES = 64 * 1024 * 1024
"""Stays free: for the folders themselves, records, and a log or two of others on the same volume."""

_ADVICE = "make the volume of the models larger, or serve fewer versions"


def check_room(uri: str, version: RemoteVersion, staging: Path, free: int) -> None:
    """Raises FetchError(DISK_FULL) where what is still to come of `version` and the reserve exceed `free` bytes. What
    an earlier attempt left in the existing folder `staging` counts as arrived."""
    needed = max(version.size - allocated(staging), 0)
    if needed + RESERVE_BYTES > free:
        cause = f"needs {in_bytes(needed)} more and {in_bytes(RESERVE_BYTES)} in reserve; {in_bytes(free)} are free"
        what = f"{uri}: version {version.number} ({in_bytes(version.size)})"
        raise FetchError(Reason.DISK_FULL, f"{what} does not fit on its volume: {cause}; {_ADVICE}")


def free_bytes(folder: Path) -> int:
    """Returns how many bytes a process without privileges may still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def volume_error(what: str, error: OSError) -> FetchError:
    """Maps an error of the pod's volume, and not of the store. `what` names the URI, and the version if there is one.
    A volume or quota without room is DISK_FULL, anything else STORE_ERROR."""
    said = f"{what}: the pod's volume: {error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FetchError(Reason.DISK_FULL, f"{said}; {_ADVICE}")
    return FetchError(Reason.STORE_ERROR, said)


def allocated(folder: Path) -> int:
    """Returns the bytes that its files take: blocks and not sizes, since a file that is written in parts has its full
    size from the start."""
    found = 0
    for parent, _, names in os.walk(folder):
        found += sum(os.lstat(Path(parent, name)).st_blocks * 512 for name in names)
    return found
