"""Versions from a real S3 server into the folder that a model server reads: whole, or not at all."""

import os
import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from testing.models.folder_source import content
from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server
from testing.stores.traffic import Kind
from testing.waiting import eventually
from tests.integration.fetcher.arrivals import MIB, SHARD, model, pod, until_failed, until_fetched, upload
from tests.integration.fetcher.fetcher_process import order
from tests.integration.fetcher.saved_models import files
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchState, VersionSet


def test_a_real_model_arrives_as_it_was_uploaded(
    tmp_path: Path, s3_server: S3Server, bucket: str, three_shards: Path
) -> None:
    upload(s3_server, bucket, 1, files(three_shards))
    pod(tmp_path, s3_server, bucket, VersionSet(versions=(1,))).run_until_ready()
    assert content(tmp_path / "store" / "m" / "1") == content(three_shards)


def test_a_model_that_lacks_a_shard_waits_for_it(
    tmp_path: Path, s3_server: S3Server, bucket: str, three_shards: Path
) -> None:
    missing = "variables/variables.data-00001-of-00003"
    upload(s3_server, bucket, 1, {path: file for path, file in files(three_shards).items() if path != missing})
    with pod(tmp_path, s3_server, bucket, VersionSet(versions=(1,))).running() as fetcher:
        message = until_failed(fetcher, 1, Reason.INCOMPLETE_VERSION)
        assert message == (
            f"s3://{bucket}/mnist: version 1: it has no {missing}; "
            "its upload may still be running; it is taken once it is whole"
        )
        assert fetcher.get("/ready")[0] == 503
        upload(s3_server, bucket, 1, {missing: three_shards / missing})
        fetcher.until_ready()
    assert content(tmp_path / "store" / "m" / "1") == content(three_shards)


def test_what_is_there_is_not_fetched_again_by_the_next_process(
    tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    upload(s3_server, bucket, 1, model(1000))
    begun = pod(tmp_path, s3_server, bucket, VersionSet(versions=(1,)))
    assert "version 1: in place" in begun.run_until_ready()
    assert "version 1" not in begun.run_until_ready()  # it is there already


def test_killed_at_any_moment_nothing_half_made_is_seen(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    """A dozen starts, each killed some time after, with bytes that trickle in; then one that ends."""
    uploaded = {n: model(3 * MIB, seed=n) for n in (1, 2)}
    for number, version in uploaded.items():
        upload(s3_server, bucket, number, version)
    visible = tmp_path / "store" / "m"
    s3_proxy.faults.limit_rate(8 * MIB)
    slow = pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1, 2)))
    chosen = random.Random(1)
    for _ in range(12):
        with slow.running() as fetcher:
            assert fetcher.url
            time.sleep(chosen.uniform(0.0, 0.5))  # the moment is what is tested
            fetcher.kill()
        for number in (1, 2):
            if (visible / str(number)).exists():
                assert content(visible / str(number)) == uploaded[number]
    s3_proxy.faults.limit_rate(0)
    slow.run_until_ready()
    assert {n: content(visible / str(n)) for n in (1, 2)} == uploaded
    assert sorted(path.name for path in visible.iterdir()) == ["1", "2"]


def test_a_killed_fetch_goes_on_where_it_was(tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str) -> None:
    upload(s3_server, bucket, 1, model(24 * MIB), multipart=True)
    s3_proxy.faults.hold_after(18 * MIB)
    slow = pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1,)))
    with slow.running() as fetcher:
        eventually(lambda: fetcher.report().models["m"].versions[0].bytes > 12 * MIB)
        fetcher.kill()
    assert not (tmp_path / "store" / "m" / "1").exists()
    s3_proxy.faults.release()
    before = len(s3_proxy.faults.requests(Kind.GET, SHARD))
    slow.run_until_ready()
    assert content(tmp_path / "store" / "m" / "1") == model(24 * MIB)
    again = [request.range for request in s3_proxy.faults.requests(Kind.GET, SHARD)[before:]]
    assert sum(map(_length, again)) < 12 * MIB, again


def test_what_arrived_is_not_fetched_again_when_only_the_last_look_failed(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    """The list call after the download."""
    upload(s3_server, bucket, 1, model(12 * MIB), multipart=True)
    behind = pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1,)))

    def refuse_lists() -> None:
        s3_proxy.faults.refuse(403, times=1, kinds={Kind.LIST})

    s3_proxy.faults.when_passed(100, refuse_lists, path=SHARD)
    with behind.running() as fetcher:
        until_failed(fetcher, 1, Reason.ACCESS_DENIED)
        fetcher.order(
            order(VersionSet(versions=(1,)), VersionSet(versions=(1,)))
        )  # another one, so that it does not wait
        until_fetched(fetcher, 1)
    assert s3_proxy.faults.count(Kind.GET, SHARD) <= 2  # parts of one download
    assert content(tmp_path / "store" / "m" / "1") == model(12 * MIB)


def test_a_version_that_changes_while_it_is_fetched_arrives_as_the_new_one(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    upload(s3_server, bucket, 1, model(4 * MIB, seed=1))
    changed = model(4 * MIB, seed=2)
    s3_proxy.faults.when_passed(MIB, lambda: upload(s3_server, bucket, 1, changed), path=SHARD)
    behind = pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1,)))
    with behind.running() as fetcher:
        fetcher.until_ready()
        assert "VersionChanged" in fetcher.text()
    assert content(tmp_path / "store" / "m" / "1") == changed


def test_files_that_are_added_while_it_is_fetched_are_not_missed(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    upload(s3_server, bucket, 1, model(4 * MIB))
    late = {"assets/late.txt": b"the upload was still in progress"}
    s3_proxy.faults.when_passed(MIB, lambda: upload(s3_server, bucket, 1, late), path=SHARD)
    behind = pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1,)))
    with behind.running() as fetcher:
        fetcher.until_ready()
        assert "assets/late.txt is new" in fetcher.text()
    assert content(tmp_path / "store" / "m" / "1") == model(4 * MIB) | late


def test_one_list_call_a_poll_and_none_for_named_versions(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    upload(s3_server, bucket, 1, model(1000))
    with pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1,))).running() as fetcher:
        fetcher.until_ready()
        before = s3_proxy.faults.count(Kind.LIST)
        assert before == 2
        fetcher.order(order(VersionSet(versions=(1,)), VersionSet(latest=1), poll=0.5))
        eventually(lambda: s3_proxy.faults.count(Kind.LIST) >= before + 2)
        upload(s3_server, bucket, 2, model(1000))
        until_fetched(fetcher, 2)
        assert s3_proxy.faults.count(Kind.GET, "/mnist/1/") == len(model(1000))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_at_once(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str, number: signal.Signals
) -> None:
    upload(s3_server, bucket, 1, model(4 * MIB))
    s3_proxy.faults.stall(MIB, times=10, path=SHARD)
    with pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(1,))).running() as fetcher:
        eventually(lambda: fetcher.report().models["m"].versions[0].state is FetchState.FETCHING)
        eventually(lambda: s3_proxy.faults.count(Kind.GET, "/mnist/1/") == len(model(4 * MIB)))
        before = s3_proxy.faults.count(Kind.GET)
        os.kill(fetcher.process.pid, number)
        assert fetcher.process.wait(60) == 0
        assert s3_proxy.faults.count(Kind.GET) == before, "it has asked again for what is stalled"
    assert not (tmp_path / "store" / "m" / "1").exists()


def test_another_order_stops_what_is_wanted_no_more(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    for number in (1, 2):
        upload(s3_server, bucket, number, model(4 * MIB, seed=number))
    s3_proxy.faults.stall(MIB, times=10, path=f"/2/{SHARD}")
    with pod(tmp_path, s3_server.behind(s3_proxy.url), bucket, VersionSet(versions=(2,))).running() as fetcher:
        eventually(lambda: fetcher.report().models["m"].versions[0].state is FetchState.FETCHING)
        fetcher.order(order(VersionSet(versions=(1,))))
        until_fetched(fetcher, 1)
        assert fetcher.get("/ready")[0] == 200
        eventually(lambda: sorted(path.name for path in (tmp_path / "store/m").iterdir()) == ["1"])


def test_no_credential_is_ever_said(tmp_path: Path, s3_server: S3Server, bucket: str) -> None:
    upload(s3_server, bucket, 1, model(1000))
    stranger = replace(pod(tmp_path, s3_server, bucket, VersionSet(versions=(1,))), secret=s3_server.stranger)
    with stranger.running() as fetcher:
        message = until_failed(fetcher, 1, Reason.ACCESS_DENIED)
        said = message + fetcher.text() + fetcher.get("/metrics")[1]
        assert s3_server.stranger["AWS_SECRET_ACCESS_KEY"] not in said


def _length(range_header: str) -> int:
    first, last = range_header.removeprefix("bytes=").split("-")
    return int(last) - int(first) + 1
