"""What was fetched, written into the version's folder itself, so that content and record arrive by one rename.

TensorFlow Serving takes no notice of the file. A folder without a readable record was never finished by a fetcher, and
is trusted with nothing. The record names the store and the URI: on a volume that several TFModels share, content of
another store is no version of this base path.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tfs_operator.api.base import MAX_INT64
from tfs_operator.fetcher.core.boot import boot_id
from tfs_operator.fetcher.core.hidden_files import RECORD
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion

_UNKNOWN_BOOT = "unknown"
"""Of a record that is not on the disk yet, on a system without boot ids: it never holds."""


@dataclass(frozen=True)
class Origin:
    """The base path of a store that content comes from."""

    uri: str
    store: str = ""
    """The store's address; "" for that of the scheme."""

    def __str__(self) -> str:
        return f"{self.uri} at {self.store}" if self.store else self.uri


@dataclass(frozen=True)
class Record:
    """What was fetched."""

    version: RemoteVersion
    origin: Origin | None = None
    """None in a record of a fetcher of an older release."""


def write_record(folder: Path, record: Record, *, durable: bool) -> None:
    """Writes what was fetched. `durable`: every file's content is on the disk by now. Where it is not, the record is
    void once the machine has lost its power."""
    content = {
        "boot": "" if durable else boot_id() or _UNKNOWN_BOOT,
        **({"origin": asdict(record.origin)} if record.origin else {}),
        "version": {"number": record.version.number, "folder": record.version.folder, "files": []},
    }
    before, _, after = json.dumps(content).rpartition("]")
    temporary = folder / f"{RECORD}.new"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(before)
        file.writelines(_lines(record.version.files))
        file.write(f"]{after}")
    temporary.chmod(0o644)
    temporary.replace(folder / RECORD)


def read_record(folder: Path) -> Record | None:
    """Returns what was fetched; None where there is no record that holds."""
    try:
        content = json.loads((folder / RECORD).read_bytes())
        if content["boot"] not in ("", boot_id()):
            return None
        return Record(_version(content["version"]), _origin(content.get("origin")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def identify_record(folder: Path) -> object:
    """Returns a value that is equal for as long as the record is the same file; None where there is none."""
    try:
        found = (folder / RECORD).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _lines(files: Iterable[RemoteFile]) -> Iterator[str]:
    """One after the other, since there may be very many. Without the times: a fetcher of an older release does not know
    them."""
    for number, file in enumerate(files):
        content = {"path": file.path, "size": file.size, "etag": file.etag, "sha256": file.sha256}
        yield f"{',' if number else ''}\n{json.dumps(content)}"


def _version(content: dict[str, Any]) -> RemoteVersion:
    """Raises TypeError and ValueError: others may write to the volume as well."""
    version = RemoteVersion(**{**content, "files": tuple(_file(**file) for file in content["files"])})
    texts_and_number = isinstance(version.folder, str) and isinstance(version.number, int)
    if not texts_and_number or version.problem is not None or version.size > MAX_INT64:
        raise TypeError("not a version")
    return version


def _file(path: object, size: object, etag: object, sha256: object) -> RemoteFile:
    if not (isinstance(path, str) and isinstance(size, int) and isinstance(etag, str) and isinstance(sha256, str)):
        raise TypeError("not a file of a version")
    if size < 0:
        raise ValueError("not the size of a file")
    return RemoteFile(path, size, etag, sha256)


def _origin(content: Any) -> Origin | None:
    return None if content is None else Origin(str(content["uri"]), str(content["store"]))
