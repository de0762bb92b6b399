"""What was fetched, written into the version's folder itself, so that content and record arrive by one rename.

TensorFlow Serving takes no notice of the file. A folder without a readable record was never finished by a fetcher, and
is trusted with nothing.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tfs_operator.fetcher.core.boot import boot_id
from tfs_operator.fetcher.core.hidden_files import RECORD
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion

_UNKNOWN_BOOT = "unknown"
"""Of a record that is not on the disk yet, on a system without boot ids: it never holds."""


def write_record(folder: Path, version: RemoteVersion, *, durable: bool) -> None:
    """Writes what was fetched. `durable`: every file's content is on the disk by now. Where it is not, the record is
    void once the machine has lost its power."""
    content = {"version": _content(version), "boot": "" if durable else boot_id() or _UNKNOWN_BOOT}
    temporary = folder / f"{RECORD}.new"
    temporary.write_text(json.dumps(content), "utf-8")
    temporary.chmod(0o644)
    temporary.replace(folder / RECORD)


def read_record(folder: Path) -> RemoteVersion | None:
    """Returns what was fetched; None where there is no record that holds."""
    try:
        content = json.loads((folder / RECORD).read_bytes())
        if content["boot"] not in ("", boot_id()):
            return None
        return _version(content["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def identify_record(folder: Path) -> object:
    """Returns a value that is equal for as long as the record is the same file; None where there is none."""
    try:
        found = (folder / RECORD).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _content(version: RemoteVersion) -> dict[str, Any]:
    """Without the times of the files: a fetcher of an older release does not know them."""
    content = asdict(version)
    for file in content["files"]:
        del file["modified"]
    return content


def _version(content: dict[str, Any]) -> RemoteVersion:
    files = tuple(RemoteFile(**file) for file in content["files"])
    return RemoteVersion(**{**content, "files": files})
