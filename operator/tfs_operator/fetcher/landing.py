"""The file that a download lands in: its checksum grows with it, also over what an earlier attempt has left."""

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.problem import FetchError

T = TypeVar("T")
_CHUNK = 1024**2


@dataclass(frozen=True)
class Checksum:
    """What a whole file must hash to."""

    algorithm: str
    """As hashlib names it: sha256, sha1."""

    hex: str
    prefix: bytes = b""
    """Is hashed before the content, as git does."""


class Landing:
    """Not for two tasks at once. Its methods block; they are called in threads, one after the other."""

    def __init__(self, path: Path, checksum: Checksum | None) -> None:
        self.path = path
        self._checksum = checksum
        self._digest = hashlib.new(checksum.algorithm, checksum.prefix) if checksum else None
        self.size = 0

    def open(self) -> None:
        """Takes up what is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab", opener=_opener):
            pass
        self.path.chmod(0o644)
        with self.path.open("rb") as file:
            while data := file.read(_CHUNK):
                self._count(data)

    def add(self, data: bytes) -> None:
        with open(self.path, "ab", opener=_opener) as file:
            file.write(data)
        self._count(data)

    def restart(self) -> None:
        os.truncate(self.path, 0)
        self.__init__(self.path, self._checksum)  # type: ignore[misc]

    def matches(self) -> bool:
        """Whether what is there has the right checksum, if it has one."""
        return self._digest is None or self._checksum is None or self._digest.hexdigest() == self._checksum.hex

    def _count(self, data: bytes) -> None:
        if self._digest is not None:
            self._digest.update(data)
        self.size += len(data)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
