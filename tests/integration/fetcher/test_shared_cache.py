"""Several pods, one claim: processes of their own on one folder."""

import os
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from testing.models.folder_source import content
from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server, running_s3
from testing.stores.traffic import Kind
from testing.waiting import eventually
from tests.integration.fetcher.arrivals import MIB, SHARD, model, until_fetched, upload
from tests.integration.fetcher.fetcher_process import FetcherProcess, Pod, order, plan
from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.fetch_protocol import FetchPlan, FetchState, ModelSource, VersionSet
from tfs_operator.domain.location import STORE_ROOT, remotes
from tfs_operator.fetcher.volume.shared_claims import LOCK_STALE_SECONDS


def pods(tmp_path: Path, server: S3Server, bucket: str, count: int) -> list[Pod]:
    root = tmp_path / "claim"
    shared = Pod(tmp_path, root, server, plan(root, f"s3://{bucket}/mnist", VersionSet(versions=(1, 2))))
    return [replace(shared, folder=tmp_path / f"pod-{n}", flags=(f"--shared=pod-{n}",)) for n in range(count)]


def of_tfmodel(tmp_path: Path, name: str, server: S3Server, uri: str, *versions: int) -> Pod:
    """A pod of a TFModel, which fetches to where the operator says, on one claim with the others."""
    storage = {"cache": {"persistentVolumeClaim": "models"}, "endpoint": server.url}
    [remote] = remotes(name, TFModelSpec.model_validate({"modelUri": uri, "storage": storage})).values()
    root = tmp_path / "claim"
    base = root / Path(remote.base_path).relative_to(STORE_ROOT)
    source = ModelSource(name="m", uri=uri, base_path=str(base), store=remote.store or "")
    plan = FetchPlan(sources=(source,), order=order(VersionSet(versions=versions)))
    return Pod(tmp_path / name, root, server, plan, flags=(f"--shared={name}",))


def in_place(base: Path) -> list[str]:
    return sorted(path.name for path in base.iterdir())


def start(stack: ExitStack, pods: list[Pod]) -> list[FetcherProcess]:
    return [stack.enter_context(pod.running()) for pod in pods]


def test_four_pods_that_start_at_once_fetch_each_version_once(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    for number in (1, 2):
        upload(s3_server, bucket, number, model(2 * MIB, seed=number))
    with ExitStack() as stack:
        for fetcher in start(stack, pods(tmp_path, s3_server.behind(s3_proxy.url), bucket, 4)):
            fetcher.until_ready()
        eventually(lambda: in_place(tmp_path / "claim" / "m") == [".holders", "1", "2"])
    for number in (1, 2):
        assert content(tmp_path / "claim" / "m" / str(number)) == model(2 * MIB, seed=number)
        assert s3_proxy.faults.count(Kind.GET, f"/{number}/{SHARD}") == 1
    assert in_place(tmp_path / "claim" / "m") == [".holders", "1", "2"]


def test_a_pod_that_is_killed_midway_is_followed_by_another(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    for number in (1, 2):
        upload(s3_server, bucket, number, model(4 * MIB, seed=number))
    s3_proxy.faults.stall(MIB, times=1, path=SHARD)
    base = tmp_path / "claim" / "m"
    first, second = pods(tmp_path, s3_server.behind(s3_proxy.url), bucket, 2)
    with first.running() as killed:
        eventually(lambda: any(v.state is FetchState.FETCHING for v in killed.report().models["m"].versions))
        with second.running() as heir:
            until_fetched(heir, 1)
            assert "version 2: pod pod-0 is fetching it" in heir.text()
            assert not (base / "2").exists()
            killed.kill()
            # What the clock would do.
            then = time.time() - LOCK_STALE_SECONDS - 1
            os.utime(base / ".lock-2", (then, then))
            heir.until_ready()
    for number in (1, 2):
        assert content(base / str(number)) == model(4 * MIB, seed=number)


def test_two_pods_that_fetch_the_same_harm_nobody(
    tmp_path: Path, s3_server: S3Server, s3_proxy: Proxy, bucket: str
) -> None:
    """As where a pod was silent for so long that it was taken for dead."""
    for number in (1, 2):
        upload(s3_server, bucket, number, model(4 * MIB, seed=number))
    s3_proxy.faults.stall(MIB, times=1, path=f"/2/{SHARD}")
    base = tmp_path / "claim" / "m"
    first, second = pods(tmp_path, s3_server.behind(s3_proxy.url), bucket, 2)
    with first.running() as silent:
        eventually(lambda: any(v.state is FetchState.FETCHING for v in silent.report().models["m"].versions))
        with second.running() as other:
            until_fetched(other, 1)
            then = time.time() - LOCK_STALE_SECONDS - 1
            os.utime(base / ".lock-2", (then, then))
            other.until_ready()
            before = (base / "2").stat().st_ino
            s3_proxy.faults.release()
            silent.until_ready()
            eventually(lambda: in_place(base) == [".holders", "1", "2"])
            assert (base / "2").stat().st_ino == before
    for number in (1, 2):
        assert content(base / str(number)) == model(4 * MIB, seed=number)
    assert in_place(base) == [".holders", "1", "2"]


def test_the_same_uri_of_another_store_is_another_model(tmp_path: Path, s3_server: S3Server, bucket: str) -> None:
    (tmp_path / "s3").mkdir()
    with running_s3(tmp_path / "s3") as other_server, ExitStack() as stack:
        other_server.make_bucket(bucket)
        servers = {"one": s3_server, "two": other_server}
        for seed, (name, server) in enumerate(servers.items()):
            upload(server, bucket, 1, model(MIB, seed=seed))
            stack.enter_context(of_tfmodel(tmp_path, name, server, f"s3://{bucket}/mnist", 1).running()).until_ready()
        for seed, (name, server) in enumerate(servers.items()):
            [source] = of_tfmodel(tmp_path, name, server, f"s3://{bucket}/mnist", 1).plan.sources
            assert content(Path(source.base_path) / "1") == model(MIB, seed=seed)


def test_a_base_path_in_a_version_of_another_one_is_left_alone(
    tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """`s3://b/mnist/1` has version 7, and `s3://b/mnist` has a version 1."""
    upload(s3_server, bucket, 1, {**model(MIB, seed=1), **{f"7/{path}": data for path, data in model(MIB).items()}})
    inner = of_tfmodel(tmp_path, "inner", s3_server, f"s3://{bucket}/mnist/1", 7)
    outer = of_tfmodel(tmp_path, "outer", s3_server, f"s3://{bucket}/mnist", 1)
    seven, one = (Path(pod.plan.sources[0].base_path) / name for pod, name in ((inner, "7"), (outer, "1")))
    inner.run_until_ready()
    before = seven.stat().st_ino
    outer.run_until_ready()
    assert seven.stat().st_ino == before
    assert content(seven) == model(MIB)
    assert content(one).items() >= model(MIB, seed=1).items()
