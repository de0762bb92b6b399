"""Versions are copied from a claim by the fetcher's own process."""

import shutil
from pathlib import Path

import pytest

from testing.models.folder_source import content
from testing.stores.s3 import S3Server
from testing.waiting import eventually
from tests.integration.fetcher.arrivals import until_failed, until_fetched
from tests.integration.fetcher.fetcher_process import Pod, plan
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import VersionSet


@pytest.fixture
def claim(tmp_path: Path) -> Path:
    """The base path on it."""
    folder = tmp_path / "claims" / "models" / "mnist"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def pod(tmp_path: Path, s3_server: S3Server, claim: Path) -> Pod:
    """It follows the newest version; the S3 server is another model's."""
    root = tmp_path / "store"
    wanted = plan(root, "pvc://models/mnist", VersionSet(latest=1))
    return Pod(tmp_path / "pod", root, s3_server, wanted, (f"--claims={tmp_path / 'claims'}",))


def test_what_is_deleted_or_half_written_there_does_no_harm(
    tmp_path: Path, pod: Pod, claim: Path, one_shard: Path, three_shards: Path
) -> None:
    copied = tmp_path / "store" / "m"
    shutil.copytree(one_shard, claim / "1")
    with pod.running() as fetcher:
        fetcher.until_ready()
        assert content(copied / "1") == content(one_shard)
        shutil.copytree(three_shards, claim / "2", ignore=shutil.ignore_patterns("variables"))
        message = until_failed(fetcher, 2, Reason.INCOMPLETE_VERSION)
        assert message.startswith("pvc://models/mnist: version 2: its graph restores variables")
        shutil.copytree(three_shards / "variables", claim / "2" / "variables")
        until_fetched(fetcher, 2)
        assert content(copied / "2") == content(three_shards)
        shutil.rmtree(claim / "2")
        shutil.rmtree(claim / "1")
        eventually(lambda: fetcher.report().models["m"].problem, explain=fetcher.text)
        assert content(copied / "2") == content(three_shards)
