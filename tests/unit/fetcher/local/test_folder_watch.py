"""A base path on a volume, looked at again and again: what its report says, and when a server may start."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from testing.models.folder_source import write
from tests.unit.fetcher.clock import Clock
from tests.unit.fetcher.local.folders import on_claim, publish
from tests.unit.fetcher.scene import eventually
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, LocalFolder, ModelOrder, VersionSet
from tfs_operator.fetcher.local import folder_watch
from tfs_operator.fetcher.local.base_path_listing import BasePathListing, listing
from tfs_operator.fetcher.local.folder_watch import FolderWatch

A_DAY = 86400.0
NOW = 4102444803.0
"""2100-01-01T00:00:03Z; long after what a test has written."""


@asynccontextmanager
async def watched(folder: LocalFolder, **order: object) -> AsyncIterator[FolderWatch]:
    watch = FolderWatch(folder, now=lambda: NOW)
    watch.order(ModelOrder(start=VersionSet.model_validate(order)))
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.wait({running})


def states(watch: FolderWatch) -> dict[int, FetchState]:
    return {version.version: version.state for version in watch.report().versions}


def why(watch: FolderWatch, number: int) -> FetchProblem:
    version = watch.report().version(number)
    assert version, watch.report()
    assert version.problem, watch.report()
    return version.problem


async def test_a_report_names_what_is_there_and_what_is_ordered(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1, 3)
    async with watched(folder, versions=(2, 3)) as watch:
        assert states(watch) == {2: FetchState.WAITING, 3: FetchState.WAITING}
        assert (watch.report().listed, watch.whole) == (None, None)
        await eventually(lambda: watch.whole == {1, 3})
        assert states(watch) == {1: FetchState.FETCHED, 2: FetchState.WAITING, 3: FetchState.FETCHED}
        assert why(watch, 2) == FetchProblem(
            reason=Reason.VERSION_NOT_FOUND,
            message="pvc://store/models/mnist: has no version 2; it has 1 and 3. It is served once it is there",
        )
        report = watch.report()
        assert (report.local, report.uri, report.listed, report.problem) == (True, folder.uri, (1, 3), None)
        publish(folder, 2)
        await eventually(lambda: watch.whole == {1, 2, 3})


async def test_a_version_that_is_ordered_is_looked_for_before_it_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has come since the last look, as where a version is published and labelled in one go."""
    monkeypatch.setattr(folder_watch, "LOOK_SECONDS", A_DAY)
    folder = on_claim(tmp_path)
    publish(folder, 1)
    looks: list[frozenset[int]] = []

    def look(folder: LocalFolder, before: BasePathListing, now: float) -> BasePathListing:
        found = listing(folder, before, now)
        looks.append(found.whole)
        return found

    watch = FolderWatch(folder, now=lambda: NOW, look=look)
    watch.order(ModelOrder(start=VersionSet(versions=(1,))))
    running = asyncio.create_task(watch.run())
    try:
        await eventually(lambda: watch.whole == {1})
        await asyncio.sleep(0.1)
        assert len(looks) == 1, "one look is enough for what was ordered before it"
        publish(folder, 2)
        watch.order(ModelOrder(start=VersionSet(versions=(1,)), hold=VersionSet(versions=(2, 3))))
        lacking = watch.report().version(2)
        assert lacking is not None
        assert (lacking.state, lacking.problem) == (FetchState.WAITING, None)
        await eventually(lambda: watch.whole == {1, 2})
        assert len(looks) == 2
        assert why(watch, 3).reason is Reason.VERSION_NOT_FOUND
    finally:
        running.cancel()
        await asyncio.wait({running})


def empty(tmp_path: Path) -> LocalFolder:
    folder = on_claim(tmp_path)
    Path(folder.base_path).mkdir(parents=True)
    return folder


async def test_an_empty_folder_is_looked_at_again_once_a_version_of_it_is_ordered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_watch, "LOOK_SECONDS", A_DAY)
    folder = empty(tmp_path)
    async with watched(folder, versions=()) as watch:
        await eventually(lambda: watch.report().problem is not None)
        publish(folder, 1)
        watch.order(ModelOrder(start=VersionSet(versions=(1,))))
        assert watch.report().problem is None
        await eventually(lambda: watch.whole == {1})


async def test_what_has_vanished_is_said_with_the_time(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1, 2)
    async with watched(folder, versions=(2,)) as watch:
        await eventually(lambda: watch.whole == {1, 2})
        shutil.move(Path(folder.base_path, "2"), tmp_path / "gone")
        await eventually(lambda: watch.whole == {1})
        assert why(watch, 2).message == (
            "pvc://store/models/mnist: version 2 is gone since 2100-01-01T00:00:03Z: bring it back, or name one that "
            "is there; it has 1"
        )
        publish(folder, 2)
        await eventually(lambda: watch.whole == {1, 2})
        assert states(watch)[2] is FetchState.FETCHED


async def test_a_base_path_that_has_vanished(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 2)
    async with watched(folder, versions=(2, 5)) as watch:
        await eventually(lambda: watch.whole == {2})
        shutil.move(folder.base_path, tmp_path / "gone")
        await eventually(lambda: watch.whole == set())
        assert "version 2 is gone since 2100-01-01T00:00:03Z" in why(watch, 2).message
        assert "there is no such folder: pvc://store/models has no mnist" in why(watch, 2).message
        report = watch.report()
        assert report.problem
        assert report.problem.reason is Reason.NO_VERSIONS
        assert [each.problem for each in report.versions if each.version == 5] == [None], "the folder's says it all"


@pytest.mark.parametrize(
    ("order", "there", "starts"),
    [
        ({"versions": (1,)}, [1], True),
        ({"versions": (1, 2)}, [1], True),
        ({"versions": (2,)}, [1], False),
        ({"latest": 1}, [1], True),
        ({"all": True}, [], False),
        ({"latest": 1, "versions": (4,)}, [], False),
        ({}, [], True),
    ],
)
async def test_a_server_starts_with_any_named_version_or_a_whole_one(
    tmp_path: Path, order: dict[str, object], there: list[int], starts: bool
) -> None:
    folder = on_claim(tmp_path)
    publish(folder, *there)
    async with watched(folder, **order) as watch:
        assert not watch.started()
        await eventually(lambda: watch.report().listed is not None)
        assert watch.started() is starts


async def test_a_named_version_that_is_not_whole_is_the_servers_to_judge(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    write(Path(folder.base_path), {"1/README": "nothing else"})
    async with watched(folder, versions=(1,)) as watch:
        await eventually(watch.started)
        assert watch.whole == set()


async def test_a_volume_that_hangs_blocks_nothing_else(tmp_path: Path) -> None:
    folder, clock, released = on_claim(tmp_path), Clock(), threading.Event()
    publish(folder, 1)
    looks: list[int] = []

    def look(folder: LocalFolder, before: BasePathListing, now: float) -> BasePathListing:
        looks.append(1)
        if len(looks) == 2:
            released.wait()
        return listing(folder, before, now)

    watch = FolderWatch(folder, clock, lambda: NOW, look)
    watch.order(ModelOrder(start=VersionSet(versions=(1,))))
    running = asyncio.create_task(watch.run())
    try:
        await eventually(lambda: len(looks) == 2)
        assert watch.report().problem is None
        clock.now += 5
        report = watch.report()
        assert report.problem == FetchProblem(
            reason=Reason.STORE_UNREACHABLE,
            message="pvc://store/models/mnist: the volume has not answered since 2100-01-01T00:00:03Z: "
            "is its server down?",
        )
        assert (report.listed, watch.whole) == (None, None)
        assert report.versions[0].state is FetchState.FETCHED, "what was seen last"
        released.set()
        await eventually(lambda: watch.whole == {1})
        assert len(looks) >= 2
    finally:
        released.set()
        running.cancel()
        await asyncio.wait({running})


async def test_an_unexpected_error_is_reported_and_the_next_look_is_made(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1)
    looks: list[int] = []

    def look(folder: LocalFolder, before: BasePathListing, now: float) -> BasePathListing:
        looks.append(1)
        if len(looks) == 1:
            raise ValueError("unexpected")
        return listing(folder, before, now)

    watch = FolderWatch(folder, now=lambda: NOW, look=look)
    running = asyncio.create_task(watch.run())
    await eventually(lambda: (problem := watch.report().problem) and problem.reason is Reason.STORE_ERROR)
    await eventually(lambda: watch.whole == {1})
    running.cancel()
    await asyncio.wait({running})
