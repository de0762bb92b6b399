"""The base path of a model, and what people put there: good versions, and every kind of bad one."""

import os
import shutil
from pathlib import Path

from testing.conformance.variants import unknown_operation

_WARMUP = "assets.extra/tf_serving_warmup_requests"


class ModelFolder:
    """Versions are published whole or not at all, as a careful person does."""

    def __init__(self, path: Path, saved_model: Path) -> None:
        self.path = path
        self._saved_model = saved_model
        path.mkdir(parents=True)

    @property
    def uri(self) -> str:
        """For `modelUri`: the servers run on this machine."""
        return f"file://{self.path}"

    def publish(self, *versions: int) -> None:
        """Good versions; what was there under these numbers is replaced."""
        for version in versions:
            self._replace(version, self._copy(version))

    def publish_damaged(self, version: int) -> None:
        """Its saved_model.pb is no graph."""
        unfinished = self._copy(version)
        (unfinished / "saved_model.pb").write_bytes(b"not a graph")
        self._replace(version, unfinished)

    def publish_with_bad_warmup(self, version: int) -> None:
        """The model is good, its warmup requests are not."""
        unfinished = self._copy(version)
        self._warmup_of(unfinished).write_bytes(b"this is not a TFRecord file")
        self._replace(version, unfinished)

    def publish_unable(self, version: int) -> None:
        """It is loaded, and each prediction needs an operation that no server has."""
        unfinished = self._copy(version)
        unknown_operation(unfinished)
        self._replace(version, unfinished)

    def publish_slow(self, version: int) -> None:
        """It loads until `finish`: its warmup requests come out of a pipe into which nobody writes."""
        unfinished = self._copy(version)
        os.mkfifo(self._warmup_of(unfinished))
        self._replace(version, unfinished)

    def finish(self, version: int) -> None:
        """Every server that waits for this slow version has it loaded now, and whoever comes later has it at once."""
        pipe = self.path / str(version) / _WARMUP
        nothing = pipe.with_suffix(".tmp")
        nothing.touch()
        writer = os.open(pipe, os.O_RDWR)  # for reading too: nobody need be waiting
        nothing.rename(pipe)
        os.close(writer)

    def remove(self, *versions: int) -> None:
        """Deletes the folders, if they are there."""
        for version in versions:
            shutil.rmtree(self.path / str(version), ignore_errors=True)

    def move_away(self, version: int) -> Path:
        """The folder is gone at once, and lies elsewhere."""
        away = self.path.with_name(f"{self.path.name}-{version}-away")
        (self.path / str(version)).rename(away)
        return away

    def move_back(self, version: int, away: Path) -> None:
        """Undoes `move_away`."""
        away.rename(self.path / str(version))

    def _copy(self, version: int) -> Path:
        unfinished = self.path / f".tmp-{version}"
        shutil.copytree(self._saved_model, unfinished)
        return unfinished

    def _warmup_of(self, folder: Path) -> Path:
        path = folder / _WARMUP
        path.parent.mkdir(exist_ok=True)
        return path

    def _replace(self, version: int, unfinished: Path) -> None:
        self.remove(version)
        unfinished.rename(self.path / str(version))
