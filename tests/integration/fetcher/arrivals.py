"""Uploads versions to a real S3 server, and waits until a fetcher process has them, or has given up on them."""

import random
from collections.abc import Mapping
from pathlib import Path

from testing.models.graph_files import saved_model
from testing.models.index_files import index_bytes
from testing.stores.s3 import S3Server
from testing.waiting import eventually
from tests.integration.fetcher.fetcher_process import FetcherProcess, Pod, plan, pretty
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchState, VersionSet

MIB = 1024 * 1024
SHARD = "variables/variables.data-00000-of-00001"


def model(size: int, seed: int = 0) -> dict[str, bytes]:
    """A version that passes the checks; most of it is one shard."""
    shard = random.Random(seed).randbytes(size)
    return {
        "saved_model.pb": saved_model(mark=str(seed)),
        "variables/variables.index": index_bytes(1, [(0, 0, size)]),
        SHARD: shard,
        **{f"assets/{n}.txt": b"%d" % n for n in range(5)},
    }


def upload(
    server: S3Server, bucket: str, number: int, version: Mapping[str, bytes | Path], *, multipart: bool = False
) -> None:
    """Uploads a version, or some of its files, and lets an hour pass, so that nobody waits for more to come."""
    upload_now(server, bucket, number, version, multipart=multipart)
    server.age(bucket, *(f"mnist/{number}/{path}" for path in version))


def upload_now(
    server: S3Server, bucket: str, number: int, version: Mapping[str, bytes | Path], *, multipart: bool = False
) -> None:
    server.put(bucket, {f"mnist/{number}/{path}": data for path, data in version.items()}, multipart=multipart)


def pod(tmp_path: Path, server: S3Server, bucket: str, start: VersionSet, hold: VersionSet | None = None) -> Pod:
    root = tmp_path / "store"
    return Pod(tmp_path / "pod", root, server, plan(root, f"s3://{bucket}/mnist", start, hold))


def until_fetched(fetcher: FetcherProcess, *numbers: int, seconds: float = 30.0) -> None:
    def fetched() -> bool:
        report = fetcher.report().models["m"]
        found = [report.version(number) for number in numbers]
        return all(version and version.state is FetchState.FETCHED for version in found)

    eventually(fetched, seconds, lambda: pretty(fetcher.report()) + fetcher.text())


def until_failed(fetcher: FetcherProcess, number: int, reason: Reason) -> str:
    """The message."""

    def failed() -> str:
        version = fetcher.report().models["m"].version(number)
        return version.problem.message if version and version.problem and version.problem.reason is reason else ""

    return str(eventually(failed, explain=lambda: pretty(fetcher.report())))
