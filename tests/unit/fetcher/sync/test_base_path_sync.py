"""A BasePathSync fetches what is ordered, keeps what may be needed, and removes the rest."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from testing.models.folder_source import content, graph, publish, write
from testing.models.index_files import index_bytes
from tests.unit.fetcher.scene import NAME, Scene, eventually, running_sync
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchState, ModelOrder, VersionSet
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.sync import settling


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with running_sync(tmp_path) as scene:
        yield scene


class TestNamedVersions:
    async def test_arrive_and_nothing_else(self, scene: Scene) -> None:
        publish(scene.store, 1, 2, 3)
        scene.order(1, hold=VersionSet(versions=(3,)))
        await scene.until_fetched(1, 3)
        assert scene.visible() == ["1", "3"]
        assert scene.same(1)
        assert scene.same(3)
        assert scene.sync.started()

    async def test_the_store_is_asked_no_more_once_all_is_there(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.order(1, poll=0.02)
        await scene.until_fetched(1)
        listings = scene.source.listings
        assert listings == 2  # before and after the download
        await asyncio.sleep(0.2)
        assert scene.source.listings == listings

    async def test_one_that_is_published_later_is_looked_for(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.order(1, 7)
        await scene.until_fetched(1)
        problem = scene.version(7).problem
        assert problem
        assert problem.reason is Reason.VERSION_NOT_FOUND
        assert "has no version 7; it has 1" in problem.message
        assert not scene.sync.started()
        publish(scene.store, 7)
        await scene.until_fetched(7)
        assert scene.sync.started()

    async def test_a_folder_with_leading_zeros_gets_its_plain_number(self, scene: Scene) -> None:
        write(scene.store / "007", {"saved_model.pb": graph()})
        scene.order(7)
        await scene.until_fetched(7)
        assert scene.visible() == ["7"]


class TestPolicies:
    async def test_latest_finds_a_new_version_and_lets_go_of_the_old(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        scene.order(latest=1)
        await scene.until_visible(2)
        scene.server.says("mnist", {2: "AVAILABLE"})
        publish(scene.store, 3)
        await scene.until_visible(2, 3)
        scene.server.says("mnist", {3: "AVAILABLE", 2: "END"})
        await scene.until_visible(3)

    async def test_one_list_call_a_poll(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.order(latest=1, poll=0.2)
        await scene.until_fetched(1)
        before, begun = scene.source.listings, time.monotonic()
        await eventually(lambda: scene.source.listings >= before + 4)
        assert time.monotonic() - begun >= 0.6  # three whole intervals lie between four calls

    async def test_all(self, scene: Scene) -> None:
        publish(scene.store, 1, 5, 9)
        scene.order(all=True)
        await scene.until_visible(1, 5, 9)

    async def test_the_newest_comes_first(self, scene: Scene) -> None:
        publish(scene.store, 1, 2, 3)
        scene.order(1, hold=VersionSet(all=True))
        await scene.until_fetched(1, 2, 3)
        assert [path for path in scene.source.copied if "saved_model" in path] == [
            "1/saved_model.pb",  # the server waits for it
            "3/saved_model.pb",
            "2/saved_model.pb",
        ]

    async def test_a_bad_newest_keeps_no_pod_from_starting(self, scene: Scene) -> None:
        publish(scene.store, 1)
        write(scene.store / "2", {"saved_model.pb": b""})
        scene.order(latest=1)
        await scene.until_fetched(1)
        await eventually(scene.sync.started)
        problem = scene.version(2).problem
        assert scene.version(2).state is FetchState.FAILED
        assert problem
        assert problem.reason is Reason.NO_SAVED_MODEL
        publish(scene.store, 2)
        await scene.until_fetched(2)

    async def test_what_vanishes_from_the_store_goes_once_its_successor_is_there(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        scene.order(latest=1)
        await scene.until_visible(2)
        scene.server.says("mnist", {2: "AVAILABLE"})
        for path in content(scene.store / "2"):
            (scene.store / "2" / path).unlink()
        (scene.store / "2" / "assets").rmdir()
        (scene.store / "2").rmdir()
        await scene.until_visible(1)


class TestAStoreThatFails:
    async def test_says_why_and_is_asked_again(self, scene: Scene) -> None:
        scene.source.problem = FetchError(Reason.ACCESS_DENIED, "folder://store: 403")
        scene.order(1)
        await eventually(lambda: scene.report.problem)
        problem = scene.version(1).problem
        assert problem
        assert problem.reason is Reason.ACCESS_DENIED
        publish(scene.store, 1)
        scene.source.problem = None
        await scene.until_fetched(1)
        assert scene.report.problem is None

    async def test_takes_nothing_away(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        scene.order(latest=2)
        await scene.until_visible(1, 2)
        scene.server.says("mnist", {})
        scene.source.problem = FetchError(Reason.STORE_NOT_FOUND, "folder://store: no such bucket")
        await eventually(lambda: scene.report.problem)
        scene.order(latest=1)
        await scene.after_a_removal_could_have_been()
        assert scene.visible() == ["1", "2"]

    async def test_nor_does_one_that_is_empty_now(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.order(latest=1)
        await scene.until_visible(1)
        scene.server.says("mnist", {1: "END"})
        scene.store.rename(scene.store.with_name("elsewhere"))
        scene.store.mkdir()
        await eventually(lambda: scene.report.problem and scene.report.problem.reason is Reason.NO_VERSIONS)
        await scene.after_a_removal_could_have_been()
        assert scene.visible() == ["1"]

    async def test_how_soon_an_empty_one_is_asked_again_is_said_as_it_is(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Only a new upload helps; the store is looked at often at first."""
        scene.source.problem = FetchError(Reason.NO_VERSIONS, "folder://store: has nothing", retry=False)
        scene.order(latest=1, poll=60.0)
        await eventually(lambda: scene.source.listings == 2)
        needed_to_start = next(record.getMessage() for record in caplog.records if "has nothing" in record.getMessage())
        assert needed_to_start.endswith("again in 1 s")

    async def test_another_order_is_tried_at_once(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.source.problem = FetchError(Reason.ACCESS_DENIED, "folder://store: 403", retry=False)
        scene.order(1)
        await eventually(lambda: scene.report.problem)
        scene.source.problem = None
        scene.order(1, hold=VersionSet(latest=1))
        await scene.until_fetched(1)  # the back-off was 30 s


class TestUploads:
    async def test_one_in_progress_is_waited_for(self, scene: Scene) -> None:
        write(scene.store / "1", {"variables/variables.index": "…"})
        scene.order(1)
        await eventually(lambda: scene.version(1).problem)
        problem = scene.version(1).problem
        assert problem
        assert problem.reason is Reason.INCOMPLETE_VERSION
        assert scene.visible() == []
        (scene.store / "1/variables/variables.index").unlink()
        publish(scene.store, 1)
        await scene.until_fetched(1)

    @pytest.mark.parametrize("start", [VersionSet(versions=(1,)), VersionSet(latest=1)], ids=["named", "latest"])
    async def test_one_that_grows_from_look_to_look_is_not_begun(
        self, scene: Scene, start: VersionSet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each listing alone looks whole."""
        monkeypatch.setattr(settling, "SETTLE_SECONDS", 0.2)
        publish(scene.store, 1)
        scene.source.publishes_at_once = False
        last = 5

        def upload_one_more() -> None:
            if scene.source.listings <= last:
                assert scene.source.copied == []
                write(scene.store / "1", {f"assets/{scene.source.listings}.txt": "one more"})

        scene.source.on_listing = upload_one_more
        scene.sync.order(NAME, ModelOrder(start=start), 0.1)
        await scene.until_fetched(1)
        assert scene.same(1)
        assert f"assets/{last}.txt" in content(scene.base / "1")

    async def test_a_change_during_the_download_is_noticed_and_fetched(self, scene: Scene) -> None:
        publish(scene.store, 1)

        async def upload(path: str) -> None:
            if path == "1/saved_model.pb":
                scene.source.on_file = None
                write(scene.store / "1", {"assets/more.txt": "added while it was fetched"})

        scene.source.on_file = upload
        scene.order(1)
        await scene.until_fetched(1)
        assert scene.same(1)
        assert "assets/more.txt" in content(scene.base / "1")

    async def test_a_version_that_changes_while_it_is_served_stays_as_it_is(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.order(1, hold=VersionSet(latest=1))
        await scene.until_fetched(1)
        scene.server.says("mnist", {1: "AVAILABLE"})
        before = content(scene.base / "1")
        publish(scene.store, 1)
        await eventually(lambda: scene.version(1).problem)
        problem = scene.version(1).problem
        assert problem
        assert problem.reason is Reason.VERSION_CHANGED
        assert "under a new number" in problem.message
        assert content(scene.base / "1") == before
        scene.server.says("mnist", {1: "END"}, _1="NOT_FOUND")
        await eventually(lambda: scene.same(1))
        await eventually(lambda: scene.version(1).problem is None)

    async def test_a_version_that_the_server_gave_up_is_looked_at_again(self, scene: Scene) -> None:
        publish(scene.store, 1)
        scene.server.says("mnist", {1: "END"}, _1="INVALID_ARGUMENT")
        scene.order(1)
        await scene.until_fetched(1)
        publish(scene.store, 1)
        await eventually(lambda: scene.same(1))

    async def test_an_unfit_version_is_looked_for_and_replaced_once_the_server_has_let_go(self, scene: Scene) -> None:
        """The server takes notice of a folder that goes and comes, not of one that changes."""
        publish(scene.store, 1)
        scene.order(1)
        await scene.until_fetched(1)
        first = scene.version(1).content
        scene.server.says("mnist", {1: "AVAILABLE"})
        scene.order(1, unfit=(1,))
        publish(scene.store, 1)
        await scene.until_visible()
        scene.server.says("mnist", {1: "UNLOADING"})
        await scene.after_a_removal_could_have_been()
        assert scene.visible() == []
        scene.server.says("mnist", {1: "END"})
        await eventually(lambda: scene.visible() == ["1"] and scene.same(1))
        await eventually(lambda: scene.version(1).content not in ("", first))
        await eventually(lambda: scene.hidden() == [])

    async def test_a_fit_version_that_changes_is_never_replaced_under_its_server(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        scene.order(1, 2)
        await scene.until_fetched(1, 2)
        scene.server.says("mnist", {1: "AVAILABLE", 2: "AVAILABLE"})
        before = content(scene.base / "1")
        scene.order(1, 2, unfit=(2,))
        publish(scene.store, 1, 2)
        await eventually(lambda: scene.version(1).problem)
        scene.server.says("mnist", {1: "AVAILABLE", 2: "END"})
        await eventually(lambda: scene.visible() == ["1", "2"] and scene.same(2))
        assert content(scene.base / "1") == before

    async def test_bad_content_is_not_fetched_again_while_it_stays_the_same(self, scene: Scene) -> None:
        """Only its index tells that a shard is missing, so all the rest had to be fetched to see it."""
        index = index_bytes(2, [(0, 0, 8)])
        shard = "variables/variables.data-00000-of-00001"
        write(scene.store / "1", {"saved_model.pb": graph(), "variables/variables.index": index, shard: "x" * 8})
        begun: list[str] = []

        async def count(path: str) -> None:
            begun.append(path)

        scene.source.on_file = count
        scene.order(1, poll=0.05)
        await eventually(lambda: scene.version(1).problem)
        listings = scene.source.listings
        await eventually(lambda: scene.source.listings >= listings + 2)
        assert len(begun) == 3
        publish(scene.store, 1)
        (scene.store / "1" / shard).rename(scene.store / "1" / "variables/variables.data-00000-of-00002")
        write(scene.store / "1", {"variables/variables.data-00001-of-00002": ""})
        await scene.until_fetched(1)


class TestRemoval:
    async def test_waits_until_the_server_has_unloaded(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        scene.order(1, 2)
        await scene.until_visible(1, 2)
        scene.server.says("mnist", {2: "AVAILABLE", 1: "UNLOADING"})
        scene.order(2)
        await scene.after_a_removal_could_have_been()
        assert scene.visible() == ["1", "2"]
        scene.server.says("mnist", {2: "AVAILABLE", 1: "END"})
        await scene.until_visible(2)
        await eventually(lambda: scene.hidden() == [])

    async def test_a_server_that_does_not_answer_keeps_everything(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        scene.order(1, 2)
        await scene.until_visible(1, 2)
        scene.server.down = True
        scene.order(2)
        await scene.after_a_removal_could_have_been()
        assert scene.visible() == ["1", "2"]

    async def test_an_unfinished_version_that_nobody_wants_any_more_goes(self, scene: Scene) -> None:
        publish(scene.store, 1, 2)
        stuck = asyncio.Event()

        async def stick(path: str) -> None:
            if path == "2/saved_model.pb":
                stuck.set()
                await asyncio.Event().wait()

        scene.source.on_file = stick
        scene.order(2)
        await stuck.wait()
        assert scene.hidden() == [".fetching-2"]
        scene.order(1)
        await scene.until_visible(1)
        await eventually(lambda: scene.hidden() == [])


async def test_a_restart_fetches_nothing_again(tmp_path: Path) -> None:
    async with running_sync(tmp_path) as scene:
        publish(scene.store, 1)
        scene.order(1)
        await scene.until_fetched(1)
    async with running_sync(tmp_path) as scene:
        scene.order(1)
        await scene.until_fetched(1)
        assert scene.source.copied == []
        assert scene.source.listings == 0


async def test_a_folder_without_a_record_is_not_trusted(tmp_path: Path) -> None:
    write(tmp_path / "base" / "1", {"saved_model.pb": "half"})
    async with running_sync(tmp_path) as scene:
        publish(scene.store, 1)
        scene.order(1)
        await scene.until_fetched(1)
        assert scene.same(1)
