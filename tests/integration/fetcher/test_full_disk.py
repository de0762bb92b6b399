"""A volume without room: said before a byte is fetched, or when it fills up on the way; nothing half-made is left.

The volume is a tmpfs in a mount namespace of the fetcher's own, so its end is the volume's end.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server
from testing.waiting import eventually
from tests.integration.fetcher.arrivals import MIB, model, until_failed, until_fetched, upload
from tests.integration.fetcher.fetcher_process import FetcherProcess, Pod, plan
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import VersionSet

RESERVE_MIB = 64
"""What the fetcher leaves free on any volume."""
MODEL_MIB = 16
MOUNT = 'mount -t tmpfs -o "size=$0m" tmpfs "$1" && shift && exec "$@"'


def on_a_volume_of(megabytes: int, pod: Pod) -> Pod:
    """A user who is not root is root in a namespace of his own."""
    pod.root.mkdir()
    namespace = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    return replace(pod, within=("unshare", *namespace, "sh", "-c", MOUNT, str(megabytes), str(pod.root)))


def seen_inside(fetcher: FetcherProcess, path: Path) -> Path:
    return Path(f"/proc/{fetcher.process.pid}/root{path}")


@pytest.fixture
def pod(tmp_path: Path, s3_server: S3Server, bucket: str) -> Pod:
    upload(s3_server, bucket, 1, model(MODEL_MIB * MIB))
    root = tmp_path / "store"
    return Pod(tmp_path / "pod", root, s3_server, plan(root, f"s3://{bucket}/mnist", VersionSet(versions=(1,))))


def test_a_version_that_does_not_fit_is_not_begun(pod: Pod) -> None:
    with on_a_volume_of(RESERVE_MIB + MODEL_MIB // 2, pod).running() as fetcher:
        message = until_failed(fetcher, 1, Reason.DISK_FULL)
        assert "version 1" in message
        assert "MiB" in message
        assert "fetching" not in fetcher.text()
        assert not (seen_inside(fetcher, pod.root) / "m" / "1").exists()


def test_a_volume_that_fills_up_on_the_way_is_said_and_the_version_arrives_once_there_is_room(
    pod: Pod, s3_server: S3Server, s3_proxy: Proxy
) -> None:
    s3_proxy.faults.limit_rate(MIB // 2)  # half a minute: it is on the way still, however late the test looks
    slow = replace(pod, store=s3_server.behind(s3_proxy.url))
    with on_a_volume_of(RESERVE_MIB + 2 * MODEL_MIB, slow).running() as fetcher:
        volume = seen_inside(fetcher, pod.root)
        eventually(lambda: fetcher.report().models["m"].versions[0].bytes > 0, explain=fetcher.text)
        filler = volume / "filler"
        _fill(filler)
        message = until_failed(fetcher, 1, Reason.DISK_FULL)
        assert "version 1" in message
        assert not (volume / "m" / "1").exists()
        filler.unlink()
        s3_proxy.faults.clear()
        until_fetched(fetcher, 1)
        assert (volume / "m" / "1" / "saved_model.pb").exists()


def _fill(path: Path) -> None:
    """Until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(MIB))
        except OSError:
            return
