"""Every history of reloads.jsonl goes on the same: results, states of each version in their order, answers."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testing.recordings.histories import History, histories
from testing.recordings.playing import play
from tests.recordings.conftest import Judge

_AT_ONCE = 10
"""A history waits most of the time, for polls of the file system."""

pytestmark = pytest.mark.timeout(900)
"""The limit of one test, but the first waits for all."""


@pytest.fixture(scope="module")
def differences(library: Path, command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """What went otherwise in each history, by its name."""

    def played(history: History) -> list[str]:
        return play(history, command, library, tmp_path_factory.mktemp(history.name))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip((history.name for history in histories()), pool.map(played, histories()), strict=True))


@pytest.mark.parametrize("history", histories(), ids=lambda history: history.name)
def test_reloads(history: History, differences: Mapping[str, list[str]], judge: Judge) -> None:
    judge("reloads", history.name, [], differences[history.name])
