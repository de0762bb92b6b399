"""Keeps the archives of a bundle for as long as they are needed, and what is in them for good."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from tfs_operator.fetcher.archives.backend import Blob
from tfs_operator.fetcher.archives.limits import EntryKind
from tfs_operator.fetcher.archives.unpack import Packed
from tfs_operator.fetcher.volume.nested import base_path_within

_CATALOGUE = ".json"
_ARRIVING = ".part"
Catalogue = tuple[Packed, ...] | str
"""What an archive holds, or why it is refused: then it is not fetched a second time."""


class ArchiveCache:
    """Manages the work folder of one bundle, in one process. Its methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def archive(self, blob: Blob) -> Path:
        """Returns the archive's path, which exists only when it is whole."""
        return self._folder / blob.name

    def arriving(self, blob: Blob) -> Path:
        """Makes the folder in which it arrives, and returns it."""
        folder = self._folder / f"{blob.name}{_ARRIVING}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def put(self, blob: Blob, file: Path) -> None:
        """Takes the whole archive `file`."""
        file.replace(self.archive(blob))
        shutil.rmtree(self._folder / f"{blob.name}{_ARRIVING}")

    def catalogue(self, blob: Blob) -> Catalogue | None:
        """Returns None where it is not known yet, also where its file is damaged."""
        try:
            kept = json.loads((self._folder / f"{blob.name}{_CATALOGUE}").read_text("utf-8"))
            if kept["key"] != blob.key:
                return None
            if "refused" in kept:
                return str(kept["refused"])
            return tuple(_packed(*entry) for entry in kept["entries"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def note(self, blob: Blob, catalogue: Catalogue) -> None:
        """Writes the catalogue down, at once."""
        what = {"refused": catalogue} if isinstance(catalogue, str) else {"entries": [astuple(e) for e in catalogue]}
        fresh = self._folder / f"{blob.name}{_CATALOGUE}.new"
        fresh.write_text(json.dumps({"key": blob.key} | what), "utf-8")
        fresh.replace(fresh.with_suffix(""))

    def keep_only(self, blobs: Iterable[Blob]) -> None:
        """Removes what belongs to none of them."""
        names = {blob.name for blob in blobs}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name.partition(".")[0] not in names:
                    _drop(path)

    def drop_archives(self) -> None:
        """Removes all archives, whole or half; the catalogues stay."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix != _CATALOGUE:
                    _drop(path)


def _packed(path: object, size: object, sha256: object, kind: str) -> Packed:
    """Raises TypeError and ValueError: the volume may be a claim that others write to as well."""
    if not isinstance(path, str) or not isinstance(size, int) or not isinstance(sha256, str):
        raise TypeError("not an entry of an archive")
    return Packed(path, size, sha256, EntryKind(kind))


def _drop(path: Path) -> None:
    """Removes it, unless another base path lies in it."""
    if path.is_dir() and not path.is_symlink():
        if base_path_within(path) is None:
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
