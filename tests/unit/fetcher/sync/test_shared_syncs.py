"""The syncs of several pods on one base path."""

import os
from pathlib import Path

from testing.models.folder_source import publish
from tests.unit.fetcher.scene import eventually, running_sync


async def test_one_fetches_and_both_have_it(tmp_path: Path) -> None:
    async with running_sync(tmp_path, pod="pod-a") as a, running_sync(tmp_path, pod="pod-b") as b:
        publish(a.store, 1, 2)
        for pod in (a, b):
            pod.order(1, 2)
        for pod in (a, b):
            await pod.until_fetched(1, 2)
        assert sorted(a.source.copied + b.source.copied) == [
            "1/assets/words.txt",
            "1/saved_model.pb",
            "2/assets/words.txt",
            "2/saved_model.pb",
        ]
        assert a.same(1)
        await eventually(lambda: a.hidden() == [".holders"], a.hidden)


async def test_what_another_pod_needs_stays(tmp_path: Path) -> None:
    async with running_sync(tmp_path, pod="pod-a") as a, running_sync(tmp_path, pod="pod-b") as b:
        publish(a.store, 1, 2)
        for pod in (a, b):
            pod.order(1, 2)
            pod.server.says("mnist", {2: "AVAILABLE"})
        for pod in (a, b):
            await pod.until_fetched(1, 2)
        a.order(2)
        await a.after_a_removal_could_have_been()
        assert a.visible() == ["1", "2"]
        b.order(2)
        await a.until_visible(2)


async def test_a_version_that_another_pod_s_server_has_loaded_stays(tmp_path: Path) -> None:
    async with running_sync(tmp_path, pod="pod-a") as a, running_sync(tmp_path, pod="pod-b") as b:
        publish(a.store, 1, 2)
        for pod in (a, b):
            pod.order(1, 2)
            await pod.until_fetched(1, 2)
        a.server.says("mnist", {2: "AVAILABLE"})
        b.server.says("mnist", {2: "AVAILABLE", 1: "AVAILABLE"})
        for pod in (a, b):
            pod.order(2)
            await pod.after_a_removal_could_have_been()
        assert a.visible() == ["1", "2"]
        b.server.says("mnist", {2: "AVAILABLE", 1: "END"})
        await a.until_visible(2)


async def test_a_pod_that_ends_midway_is_followed_by_another(tmp_path: Path) -> None:
    """Its lock goes stale; here it is made so at once."""
    async with running_sync(tmp_path, pod="pod-b") as b:
        publish(b.store, 1)
        (tmp_path / "base" / ".lock-1").write_text('{"owner": "pod-a"}')
        b.order(1)
        await eventually(lambda: b.sync._attempts.get(1))
        assert b.visible() == []
        os.utime(tmp_path / "base" / ".lock-1", (0, 0))
        await b.until_fetched(1)
