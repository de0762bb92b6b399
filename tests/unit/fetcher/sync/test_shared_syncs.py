"""The syncs of several pods on one base path."""

import os
from pathlib import Path

import pytest

from testing.models.folder_source import publish
from tests.unit.fetcher.scene import eventually, running_sync
from tfs_operator.fetcher.volume.record import Origin


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


async def test_a_base_path_in_the_place_of_a_version_is_neither_removed_nor_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As older releases nested them: `s3://b/m/1` lay in version 1 of `s3://b/m`."""
    outer = tmp_path / "outer"
    async with (
        running_sync(outer, pod="pod-a") as a,
        running_sync(tmp_path / "inner", pod="pod-b", base=outer / "base" / "1") as b,
    ):
        publish(b.store, 7)
        b.order(7)
        await b.until_fetched(7)
        publish(a.store, 1, 2)
        a.order(2)
        await a.until_fetched(2)
        await eventually(lambda: "neither replaced nor removed" in caplog.text)
        assert b.same(7)
        a.order(1, 2)
        await eventually(lambda: a.version(1).problem, lambda: a.report)
        problem = a.version(1).problem
        assert problem
        assert f"{b.base} has the versions of another base path" in problem.message
        assert "1/saved_model.pb" not in a.source.copied
        assert b.same(7)


async def test_content_of_another_store_is_not_served_and_not_replaced(tmp_path: Path) -> None:
    """As where two TFModels came to one folder all the same."""
    first, second = Origin("s3://b/m", "http://a"), Origin("s3://b/m", "http://b")
    base = tmp_path / "base"
    async with (
        running_sync(tmp_path / "a", pod="pod-a", base=base, origin=first) as a,
        running_sync(tmp_path / "b", pod="pod-b", base=base, origin=second) as b,
    ):
        publish(a.store, 1)
        publish(b.store, 1)
        a.order(1)
        await a.until_fetched(1)
        b.order(1)
        await eventually(lambda: b.version(1).problem, lambda: b.report)
        assert not b.sync.started()
        problem = b.version(1).problem
        assert problem
        assert "has what was fetched from s3://b/m at http://a" in problem.message
        assert a.same(1)
        for pod in (b, a):
            pod.order()
        await a.until_visible()
        b.order(1)
        await b.until_fetched(1)
        assert b.same(1)
