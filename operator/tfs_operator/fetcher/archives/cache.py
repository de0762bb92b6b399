"""The work folder of a bundle: archives for as long as they are needed, and what is in them for good."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from tfs_operator.fetcher.archives.limits import EntryKind
from tfs_operator.fetcher.archives.part import Part
from tfs_operator.fetcher.archives.unpack import Packed

_CATALOGUE = ".json"
_ARRIVING = ".part"
Catalogue = tuple[Packed, ...] | str
"""What an archive holds, or why it is refused: then it is not fetched a second time."""


class Shelf:
    """One folder, of one process. Its methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def archive(self, part: Part) -> Path:
        """Is there only when it is whole."""
        return self._folder / part.name

    def arriving(self, part: Part) -> Path:
        """The folder in which it arrives; it is made."""
        folder = self._folder / f"{part.name}{_ARRIVING}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def put(self, part: Part, file: Path) -> None:
        file.replace(self.archive(part))
        shutil.rmtree(self._folder / f"{part.name}{_ARRIVING}")

    def catalogue(self, part: Part) -> Catalogue | None:
        """None where it is not known yet; a file that makes no sense is none."""
        try:
            kept = json.loads((self._folder / f"{part.name}{_CATALOGUE}").read_text("utf-8"))
            if kept["key"] != part.key:
                return None
            if "refused" in kept:
                return str(kept["refused"])
            return tuple(Packed(path, size, sha256, EntryKind(kind)) for path, size, sha256, kind in kept["entries"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def note(self, part: Part, catalogue: Catalogue) -> None:
        what = {"refused": catalogue} if isinstance(catalogue, str) else {"entries": [astuple(e) for e in catalogue]}
        fresh = self._folder / f"{part.name}{_CATALOGUE}.new"
        fresh.write_text(json.dumps({"key": part.key} | what), "utf-8")
        fresh.replace(fresh.with_suffix(""))

    def keep_only(self, parts: Iterable[Part]) -> None:
        """Drops what belongs to none of them."""
        names = {part.name for part in parts}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name.partition(".")[0] not in names:
                    _drop(path)

    def drop_archives(self) -> None:
        """Whole or half; the catalogues stay."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix != _CATALOGUE:
                    _drop(path)


def _drop(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
