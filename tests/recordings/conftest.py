"""The models of the recordings, and a server of them to ask."""

from pathlib import Path

import pytest

from testing.conformance.options import command
from testing.once import made_once

__all__ = ["command"]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder whose lib/ has the models: {dir} of the recordings. To be read only."""

    def make(folder: Path) -> None:
        from testing.recordings.models.library import write_library

        write_library(folder)

    return made_once(tmp_path_factory, "recorded-models", make)
