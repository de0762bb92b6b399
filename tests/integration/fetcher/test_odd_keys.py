"""Keys are any string; what of them becomes a file. By the GCS server, which keeps each key as it is."""

from pathlib import Path

import pytest

from testing.stores.gcs import GcsServer
from testing.stores.proxy import Proxy
from tests.integration.fetcher.places import Place, gcs_place
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.stores.uri import open_source


@pytest.fixture
def place(gcs_server: GcsServer, gcs_bucket: str, gcs_proxy: Proxy, tmp_path: Path) -> Place:
    return gcs_place(gcs_server, gcs_bucket, gcs_proxy, tmp_path)


@pytest.fixture
def source(place: Place, tmp_path: Path) -> Source:
    return open_source(place.uri, place.storage, tmp_path / "work")


async def test_objects_that_stand_for_folders(place: Place, source: Source, tmp_path: Path) -> None:
    markers = {"": b"", "2/": b"", "2/variables/": b"", "2/assets/": b"", "3/": b""}
    place.put({**markers, "2/saved_model.pb": b"x", "2/variables/variables.index": b"y"})
    versions = await source.versions()
    assert sorted(versions) == [2, 3]
    await source.download(versions[2], tmp_path, Progress(0))
    assert (tmp_path / "variables" / "variables.index").read_bytes() == b"y"
    assert not (tmp_path / "assets").exists()
    assert versions[3].problem is not None
    assert versions[3].problem.reason is Reason.NO_SAVED_MODEL


@pytest.mark.parametrize(
    "key", ["2/../../escaped", "2//etc/passwd", "2/./saved_model.pb", "2/a\nb", "//2/saved_model.pb"]
)
async def test_keys_that_the_library_refuses(place: Place, source: Source, key: str) -> None:
    """It gives up the whole listing, so this says which object is to go."""
    place.put({"1/saved_model.pb": b"x", key: b"y"})
    with pytest.raises(FetchError) as raised:
        await source.versions()
    assert (raised.value.reason, raised.value.retry) == (Reason.STORE_ERROR, False), raised.value.message
    assert "remove or rename such an object" in raised.value.message


async def test_a_backslash_spoils_its_version_only(place: Place, source: Source, tmp_path: Path) -> None:
    place.put({"1/saved_model.pb": b"x", "2/..\\saved_model.pb": b"y"})
    versions = await source.versions()
    assert versions[1].problem is None
    with pytest.raises(FetchError, match=r"version 2: .* has a backslash"):
        await source.download(versions[2], tmp_path, Progress(0))
    assert not (tmp_path / "..\\saved_model.pb").exists()
