"""Every process of startup.jsonl comes up, waits or exits as it did, with the same status and last words."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testing.recordings.data import StartUp, start_ups
from testing.recordings.starting import Started, expected, start
from tests.recordings.conftest import Judge

_AT_ONCE = 4
"""A start takes half a second of CPU, and some wait."""

pytestmark = pytest.mark.timeout(900)
"""The limit of one test, but the first waits for all."""


@pytest.fixture(scope="module")
def started(library: Path, command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Started]:
    """What became of each process, by the name of its case."""

    def run(case: StartUp) -> Started:
        return start(case, command, library, tmp_path_factory.mktemp("start"))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip((case.name for case in start_ups()), pool.map(run, start_ups()), strict=True))


@pytest.mark.parametrize("case", start_ups(), ids=lambda case: case.name)
def test_startup(case: StartUp, started: Mapping[str, Started], judge: Judge) -> None:
    judge("startup", case.name, expected(case), started[case.name])
