"""Several fetchers and one base path: who fetches what, and who needs what.

    .lock-3                  names the pod that fetches version 3, and is touched while it does
    .holders/POD.json        the versions that a pod needs, touched while it runs

Only what every network file system has is used: link, rename, and the times of files, which the file server's own
clock sets. Locks spare work and guard nothing: two pods that fetch the same version do it in folders of their own, and
the second to finish finds the version in place. Calls block: they belong in a thread.
"""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from tfs_operator.domain.foreign_text import one_line
from tfs_operator.fetcher.core.hidden_files import HOLDERS

LOCK_STALE_SECONDS = 60.0
HOLDER_STALE_SECONDS = 600.0
BEAT_SECONDS = 10.0

_LOCK = ".lock-"
_LONGEST_NAME = 253


class Claims(Protocol):
    """Says which pod fetches which version, and which needs which. Every method may raise OSError."""

    owner: str
    """Ends the names of this fetcher's hidden folders; "" where it is alone."""

    def declare(self, versions: Collection[int]) -> None:
        """Declares to the others what is needed here. To be called before looking at what is in place: who removes
        looks again after hiding a version, so one of the two sees the other."""
        ...

    def held(self, among: Collection[int]) -> frozenset[int]:
        """Returns what other pods need; a pod whose needs are unknown needs every version of `among`."""
        ...

    def claim(self, number: int) -> str | None:
        """Claims the fetch of a version: returns the pod that has it, or None where it is this one from now on."""
        ...

    def release(self, number: int) -> None: ...

    def beat(self) -> None:
        """Renews what this pod has declared and claimed; to be called every BEAT_SECONDS."""
        ...

    def alive(self, owner: str) -> bool:
        """Whether the owner of a hidden folder still runs."""
        ...


class SoleOwner:
    """The claims of a pod that has the base path to itself: there is nothing to claim."""

    owner = ""

    def declare(self, versions: Collection[int]) -> None: ...

    def held(self, among: Collection[int]) -> frozenset[int]:
        return frozenset()

    def claim(self, number: int) -> str | None:
        return None

    def release(self, number: int) -> None: ...

    def beat(self) -> None: ...

    def alive(self, owner: str) -> bool:
        return False


class SharedClaims:
    """The claims of one pod on a base path that other pods have mounted as well."""

    def __init__(self, base: Path, pod: str) -> None:
        self.owner = pod
        self._base = base
        self._holder = base / HOLDERS / f"{pod}.json"
        self._declared: frozenset[int] | None = None
        self._claimed: set[int] = set()

    def declare(self, versions: Collection[int]) -> None:
        if self._declared == frozenset(versions) and self._holder.exists():
            return
        self._holder.parent.mkdir(exist_ok=True)
        self._write(self._holder, {"versions": sorted(versions)})
        self._declared = frozenset(versions)

    def held(self, among: Collection[int]) -> frozenset[int]:
        others = [path for path in self._holder.parent.glob("*.json") if path != self._holder]
        now = self._now() if others else 0.0
        return frozenset().union(*(self._held_by(path, among, now) for path in others))

    def claim(self, number: int) -> str | None:
        lock = self._lock(number)
        if not self._take(lock):
            owner = _read(lock).get("owner")
            if owner != self.owner and _age(lock, self._now()) <= LOCK_STALE_SECONDS:
                return one_line(str(owner), _LONGEST_NAME)
            self._write(lock, {"owner": self.owner})
        self._claimed.add(number)
        return None

    def release(self, number: int) -> None:
        self._claimed.discard(number)
        lock = self._lock(number)
        if _read(lock).get("owner") == self.owner:
            lock.unlink(missing_ok=True)

    def beat(self) -> None:
        if self._declared is not None and not _touch(self._holder):
            self._declared = None
        for number in tuple(self._claimed):
            lock = self._lock(number)
            if _read(lock).get("owner") == self.owner:
                _touch(lock)

    def alive(self, owner: str) -> bool:
        return _age(self._holder.with_name(f"{owner}.json"), self._now()) <= HOLDER_STALE_SECONDS

    def _lock(self, number: int) -> Path:
        return self._base / f"{_LOCK}{number}"

    def _take(self, lock: Path) -> bool:
        """A link is made or not, by whatever file system: no two pods both succeed."""
        mine = self._base / f"{lock.name}-{self.owner}"
        mine.write_text(json.dumps({"owner": self.owner}), "utf-8")
        try:
            os.link(mine, lock)
        except FileExistsError:
            return False
        finally:
            mine.unlink()
        return True

    def _held_by(self, holder: Path, among: Collection[int], now: float) -> frozenset[int]:
        """A pod that has not beaten for long holds nothing, and one whose file makes no sense holds everything."""
        if _age(holder, now) > HOLDER_STALE_SECONDS:
            holder.unlink(missing_ok=True)
            return frozenset()
        versions = _read(holder).get("versions")
        known = isinstance(versions, list) and all(isinstance(version, int) for version in versions)
        return frozenset(versions if isinstance(versions, list) and known else among)

    def _now(self) -> float:
        """By the file server's clock: what it says of a file that is touched now."""
        _touch(self._holder)
        return _modified(self._holder) or 0.0

    def _write(self, path: Path, content: dict[str, object]) -> None:
        temporary = path.with_name(f"{path.name}-{self.owner}.new")
        temporary.write_text(json.dumps(content), "utf-8")
        temporary.replace(path)


def _age(path: Path, now: float) -> float:
    """Seconds since the last touch; for ever where the file is missing."""
    touched = _modified(path)
    return float("inf") if touched is None else now - touched


def _modified(path: Path) -> float | None:
    """Opened, and not only looked up: a network file system may answer a mere question from memory."""
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return None


def _touch(path: Path) -> bool:
    """False where it is missing."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
