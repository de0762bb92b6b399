"""Each object store through a proxy that makes things go wrong: whole and right in the end, or a clear reason."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from testing.models.packing import tree
from testing.stores.traffic import Kind
from tests.integration.fetcher.places import Place, azure_place, gcs_place, s3_place
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.stores.object_store import clients
from tfs_operator.fetcher.stores.uri import open_source

MORE_THAN_ANY_VERSION = 1 << 60
MIB = 1 << 20
BIG = "variables/variables.data-00000-of-00001"
MODEL = {"saved_model.pb": os.urandom(5_000), BIG: os.urandom(3 * MIB), "variables/variables.index": b"index"}


@pytest.fixture(params=["s3", "gs", "az"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    get = request.getfixturevalue
    match request.param:
        case "s3":
            return s3_place(get("s3_server"), get("bucket"), get("s3_proxy"), tmp_path)
        case "gs":
            return gcs_place(get("gcs_server"), get("gcs_bucket"), get("gcs_proxy"), tmp_path)
    return azure_place(get("azure_server"), get("container"), get("azure_proxy"), tmp_path)


@pytest.fixture
def source(place: Place, tmp_path: Path) -> Source:
    return open_source(place.uri, place.storage, tmp_path / "work")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def version(number: int) -> dict[str, bytes]:
    return {f"{number}/{path}": content for path, content in MODEL.items()}


async def fetch(source: Source, number: int, into: Path) -> int:
    """Returns how many bytes the source has counted."""
    progress = Progress(MORE_THAN_ANY_VERSION)
    await source.download((await source.versions())[number], into, progress)
    return progress.arrived


async def refused(source: Source, into: Path) -> FetchError:
    with pytest.raises(FetchError) as raised:
        await fetch(source, 2, into)
    return raised.value


async def test_a_version_arrives_whole(place: Place, source: Source, into: Path) -> None:
    odd = {"2/assets/a b+c%41#é?.txt": b"odd", "2/assets/empty.txt": b""}
    place.put({**version(1), **version(2), **odd, "README.md": b"x"})
    versions = await source.versions()
    assert sorted(versions) == [1, 2]
    assert place.faults.count(Kind.LIST) == 1
    arrived = await fetch(source, 2, into)
    assert tree(into) == {**MODEL, "assets/a b+c%41#é?.txt": b"odd", "assets/empty.txt": b""}
    assert arrived == versions[2].size


async def test_two_listings_of_one_content_are_equal_and_of_two_are_not(place: Place, source: Source) -> None:
    place.put(version(2))
    first = (await source.versions())[2]
    assert (await source.versions())[2] == first
    place.put({f"2/{BIG}": os.urandom(3 * MIB)})
    assert (await source.versions())[2] != first


async def test_cut_connections_are_resumed(place: Place, source: Source, into: Path) -> None:
    place.put(version(2))
    place.faults.cut(MIB, path="data", times=2)
    await fetch(source, 2, into)
    assert tree(into) == MODEL
    assert place.faults.pending == 0


@pytest.mark.parametrize("status", [503, 429])
async def test_bursts_of_refusals_are_waited_out(place: Place, source: Source, into: Path, status: int) -> None:
    place.put(version(2))
    place.faults.refuse(status, times=4, retry_after=1)
    await fetch(source, 2, into)
    assert tree(into) == MODEL
    assert place.faults.pending == 0


async def test_a_store_that_keeps_refusing_is_given_up(place: Place, source: Source) -> None:
    place.faults.refuse(503, times=1000, body="<Error><Code>SlowDown</Code><Message>Reduce it.</Message></Error>")
    with pytest.raises(FetchError, match=f"^{place.uri}: the store answers 503 SlowDown: Reduce it") as raised:
        await source.versions()
    assert (raised.value.reason, raised.value.retry) == (Reason.STORE_ERROR, True)
    assert place.faults.count() == 1 + 4


async def test_a_silent_store_is_given_up_and_tried_again(
    place: Place, source: Source, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "READ_TIMEOUT", timedelta(seconds=1))
    place.put(version(2))
    place.faults.stall(MIB, path="data")
    await fetch(source, 2, into)
    assert tree(into) == MODEL
    assert place.faults.pending == 0


async def test_an_object_that_changes_in_between_is_noticed(place: Place, source: Source, into: Path) -> None:
    """The same size, and its connection cut, so that the rest would come from the other content."""
    place.put(version(2))
    changed = os.urandom(3 * MIB)
    place.faults.when_passed(MIB, lambda: place.put({f"2/{BIG}": changed}), path="data")
    place.faults.cut(2 * MIB, path="data")
    problem = await refused(source, into)
    assert problem.reason is Reason.VERSION_CHANGED
    assert problem.message.startswith(f"{place.uri}: version 2: {BIG}: changed")
    await fetch(source, 2, into)
    assert tree(into) == {**MODEL, BIG: changed}


async def test_an_object_that_goes_in_between_is_noticed(place: Place, source: Source, into: Path) -> None:
    place.put(version(2))
    listed = (await source.versions())[2]
    place.delete("2/saved_model.pb")
    with pytest.raises(FetchError, match=r"saved_model\.pb: changed, or was removed") as raised:
        await source.download(listed, into, Progress(0))
    assert raised.value.reason is Reason.VERSION_CHANGED


async def test_cancelled_while_the_store_is_silent_it_ends_at_once_and_is_resumed(
    place: Place, source: Source, into: Path
) -> None:
    place.put(version(2))
    place.faults.stall(2 * MIB, path="data")
    listed = (await source.versions())[2]

    class Interrupting(Progress):
        def add(self, count: int) -> None:
            super().add(count)
            if self.arrived > MIB:
                running.cancel()

    running = asyncio.create_task(source.download(listed, into, Interrupting(listed.size)))
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(clients.READ_TIMEOUT.total_seconds() / 3):
            await running
    place.faults.clear()
    arrived = await fetch(source, 2, into)
    assert tree(into) == MODEL
    assert arrived == listed.size
    (again,) = [passed.range for passed in place.faults.requests(Kind.GET, "data")]
    assert MIB <= int(again.removeprefix("bytes=").partition("-")[0]) < 3 * MIB


async def test_no_such_bucket(place: Place, tmp_path: Path) -> None:
    scheme, _, rest = place.uri.partition("://")
    parts = rest.split("/")
    parts[1 if scheme == "az" else 0] = "no-such-bucket"
    uri = f"{scheme}://{'/'.join(parts)}"
    with pytest.raises(FetchError) as raised:
        await open_source(uri, place.storage, tmp_path).versions()
    assert (raised.value.reason, raised.value.retry) == (Reason.STORE_NOT_FOUND, False), raised.value.message
    assert raised.value.message.startswith(f"{uri}: the store answers 404")


async def test_an_empty_bucket(source: Source) -> None:
    with pytest.raises(FetchError, match="nothing below this path") as raised:
        await source.versions()
    assert raised.value.reason is Reason.NO_VERSIONS


async def test_a_path_beside_another_of_which_it_is_the_beginning(place: Place, tmp_path: Path) -> None:
    place.put(version(2))
    uri = place.uri.removesuffix("st")
    with pytest.raises(FetchError, match="nothing below this path"):
        await open_source(uri, place.storage, tmp_path).versions()


async def test_a_text_file_in_the_place_of_a_version(place: Place, source: Source, into: Path) -> None:
    place.put({**version(1), "2": b"2\n"})
    problem = await refused(source, into)
    assert problem.reason is Reason.NO_SAVED_MODEL
    assert problem.message == f"{place.uri}: version 2: 2 is a file, and not a folder with a SavedModel"


@pytest.mark.parametrize("endpoint", ["http://no-such-host.invalid:9000", "http://127.0.0.1:1"])
async def test_nobody_there(place: Place, tmp_path: Path, endpoint: str) -> None:
    storage = replace(place.storage, endpoint=endpoint, credentials=None, anonymous=True)
    with pytest.raises(FetchError, match=r"the host is unknown|the connection is refused") as raised:
        await open_source(place.uri, storage, tmp_path).versions()
    assert (raised.value.reason, raised.value.retry) == (Reason.STORE_UNREACHABLE, True)
