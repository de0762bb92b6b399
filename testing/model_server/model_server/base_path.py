"""Which versions a base path offers: the version folders on disk, chosen by the version policy.

(sources/storage_path/file_system_storage_path_source.cc)
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_server import log
from model_server.file_errors import exists, file_error
from model_server.status import StatusError, invalid_argument

SOURCE = "sources/storage_path/file_system_storage_path_source.cc"

Versions = dict[int, str]
"""Version number → its folder."""

_INT64 = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)


class VersionSource:
    """Looks at the base paths of all models and tells which versions are aspired.

    One look covers every model, and a base path that is missing ends it for all of them.
    """

    def __init__(
        self,
        models: list[Any],
        poll_seconds: int,
        aspire: Callable[[str, Versions], None],
        placed: Callable[[str], str] = str,
    ) -> None:
        """`placed` returns where a base path lies on this machine."""
        self._placed = placed
        self._models = models
        self._poll_seconds = poll_seconds
        self._aspire = aspire
        self._lock = threading.Lock()

    def start(self) -> None:
        """Looks at once and then every `poll_seconds`; once only for 0, never for less."""
        if self._poll_seconds >= 0:
            threading.Thread(target=self._poll_for_ever, name="version-source", daemon=True).start()

    @property
    def model_names(self) -> set[str]:
        return {model.name for model in self._models}

    def update(self, models: list[Any]) -> None:
        """Takes another list of ModelConfigs; nothing is aspired any more of a model that is gone."""
        with self._lock:
            gone = self.model_names - {model.name for model in models}
            for name in sorted(gone):
                self._aspire(name, {})
            self._models = models

    def _poll_for_ever(self) -> None:
        self._look()
        while self._poll_seconds > 0:
            time.sleep(self._poll_seconds)
            self._look()

    def _look(self) -> None:
        with self._lock:
            try:
                aspired = {model.name: aspired_versions(model, self._placed) for model in self._models}
            except StatusError as error:
                found = f"FileSystemStoragePathSource encountered a filesystem access error: {error.status.message}"
                log.error(SOURCE, found)
                return
            for name, versions in sorted(aspired.items()):
                self._aspire(name, versions)


def aspired_versions(model: Any, placed: Callable[[str], str] = str) -> Versions:
    """The versions of a ModelConfig to serve now; raises StatusError if its base path is missing."""
    base_path = Path(placed(model.base_path))
    if not exists(base_path):
        raise invalid_argument(
            f"Could not find base path {base_path} for servable {model.name} "
            f"with error NOT_FOUND: {base_path} not found"
        )
    policy = model.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "specific":
            versions = _specific(model.name, base_path, list(policy.specific.versions))
        case "all":
            versions = _all(base_path)
        case _:
            versions = _latest(base_path, max(policy.latest.num_versions, 1))
    if not versions and list(policy.specific.versions or [0]):
        _warn_of_none(model.name, base_path)
    return versions


def _specific(name: str, base_path: Path, specified: list[int]) -> Versions:
    if not specified:
        log.warning(SOURCE, f"No specific versions requested for servable {name}.")
        return {}
    if all(exists(base_path / str(version)) for version in specified):
        return {version: str(base_path / str(version)) for version in specified}
    found = {version: folder for version, folder in _numbered(base_path).items() if version in specified}
    for version in sorted(set(specified) - set(found)):
        log.warning(
            SOURCE,
            f"Version {version} of servable {name}, which was requested to be served as a 'specific' version "
            "in the servable's version policy, was not found in the file system",
        )
    return found


def _latest(base_path: Path, count: int) -> Versions:
    return dict(sorted(_numbered(base_path).items(), reverse=True)[:count])


def _all(base_path: Path) -> Versions:
    versions: Versions = {}
    for child, version in _children(base_path):
        versions.setdefault(version, str(base_path / child))
    return versions


def _numbered(base_path: Path) -> Versions:
    """One folder a number; of two, the last by name, with a warning."""
    chosen: dict[int, str] = {}
    for child, version in _children(base_path):
        if version in chosen:
            log.warning(
                SOURCE,
                f"Duplicate version directories detected. Version {version} will be loaded from {child}, "
                f"{chosen[version]} will be ignored.",
            )
        chosen[version] = child
    return {version: str(base_path / child) for version, child in chosen.items()}


def _children(base_path: Path) -> list[tuple[str, int]]:
    """The children whose name is an int64, by name; a plain file counts as well."""
    try:
        children = sorted(child.name for child in base_path.iterdir())
    except OSError as error:
        raise file_error(str(base_path), error) from error
    numbered = [(child, int(child)) for child in children if _INT64.fullmatch(child)]
    return [(child, version) for child, version in numbered if -(2**63) <= version < 2**63]


def _warn_of_none(name: str, base_path: Path) -> None:
    log.warning(
        SOURCE,
        f"No versions of servable {name} found under base path {base_path}. "
        "Did you forget to name your leaf directory as a number (eg. '/1/')?",
    )
