"""Many files, large ones, and a process that is killed: what is asked for, what it takes, what is there in the end."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server
from testing.stores.traffic import Kind
from testing.waiting import eventually
from tests.integration.fetcher.places import mounted
from tfs_operator.fetcher.core.hidden_files import JOURNAL
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source

MIB = 1 << 20
SCRIPT = Path(__file__).with_name("fetch_newest.py")
MEMORY_BOUND_KIB = 256 * 1024


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def start(server: S3Server, uri: str, folder: Path, into: Path) -> "subprocess.Popen[str]":
    secret = mounted(folder / "secret", server.secret)
    command: list[str | Path] = [sys.executable, SCRIPT, uri, server.url, server.region, secret, into]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(process: "subprocess.Popen[str]") -> tuple[int, int]:
    """Bytes, and KiB of memory at most."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    count, peak = re.findall("[0-9]+", output)
    return int(count), int(peak)


async def test_long_listings_come_in_pages_of_a_thousand(
    s3_server: S3Server, bucket: str, s3_proxy: Proxy, tmp_path: Path
) -> None:
    folder = s3_server.folder / bucket / "mnist" / "1" / "assets"
    folder.mkdir(parents=True)
    for number in range(1_100):
        (folder / f"{number}.txt").write_bytes(b"x")
    secret = mounted(tmp_path / "secret", s3_server.secret)
    storage = StoreAccess(s3_proxy.url, s3_server.region, credentials=secret)
    versions = await open_source(f"s3://{bucket}/mnist", storage, tmp_path).versions()
    assert len(versions[1].files) == 1_100
    assert s3_proxy.faults.count(Kind.LIST) == 2


def test_memory_stays_small_whatever_the_size(s3_server: S3Server, bucket: str, tmp_path: Path, into: Path) -> None:
    """1 GiB of holes in one file, and a thousand small ones."""
    folder = s3_server.folder / bucket / "mnist" / "1"
    (folder / "assets").mkdir(parents=True)
    with (folder / "large").open("wb") as large:
        large.truncate(1024 * MIB)
    for number in range(1_000):
        (folder / "assets" / f"{number}.txt").write_bytes(b"x" * 100)
    arrived, peak = finished(start(s3_server, f"s3://{bucket}/mnist", tmp_path, into))
    assert arrived == 1024 * MIB + 100_000
    assert (into / "large").stat().st_size == 1024 * MIB
    assert peak < MEMORY_BOUND_KIB


def test_an_upload_in_parts_arrives_the_same(s3_server: S3Server, bucket: str, tmp_path: Path, into: Path) -> None:
    content = os.urandom(12 * MIB)
    s3_server.put(bucket, {"mnist/1/large": content}, multipart=True)
    finished(start(s3_server, f"s3://{bucket}/mnist", tmp_path, into))
    assert (into / "large").read_bytes() == content


@pytest.mark.parametrize("moment", [0, 8 * MIB, 28 * MIB])
def test_a_killed_process_is_resumed(
    s3_server: S3Server, bucket: str, s3_proxy: Proxy, tmp_path: Path, into: Path, moment: int
) -> None:
    files = {"large": os.urandom(32 * MIB), "saved_model.pb": os.urandom(1_000)}
    s3_server.put(bucket, {f"mnist/1/{path}": content for path, content in files.items()})
    through = s3_server.behind(s3_proxy.url)
    first = start(through, f"s3://{bucket}/mnist", tmp_path, into)

    def kill() -> None:
        # What the proxy has sent may still be in buffers of the kernel, more of it on a slow machine.
        eventually(lambda: written(into) >= moment - 4 * MIB, what="the bytes that were sent are written")
        first.kill()

    s3_proxy.faults.when_passed(moment, kill, path="large")
    first.communicate(timeout=60)
    assert first.returncode == -signal.SIGKILL
    s3_proxy.faults.clear()
    arrived, _ = finished(start(through, f"s3://{bucket}/mnist", tmp_path, into))
    assert {path: (into / path).read_bytes() for path in files} == files
    assert arrived == 32 * MIB + 1_000
    again = sum(_length(passed.range) for passed in s3_proxy.faults.requests(Kind.GET))
    # What was on its way when it was killed comes again.
    assert again <= 32 * MIB + 1_000 - moment + 4 * MIB + MIB


def written(into: Path) -> int:
    """Returns how many bytes the journal below `into` has noted."""
    path = into / JOURNAL
    entries = map(json.loads, path.read_text().splitlines()[1:] if path.exists() else [])
    return sum(entry[2] - entry[1] for entry in entries if len(entry) == 3)


def _length(range_header: str) -> int:
    start, _, end = range_header.removeprefix("bytes=").partition("-")
    return int(end) + 1 - int(start)
