"""What is a whole SavedModel, and how it is said of what is none."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.models.folder_source import listed, write
from testing.models.graph_files import meta_graph, restore, saved_model
from testing.models.index_files import index_bytes
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model.checks import check_folder, check_listing

URI = "s3://bucket/mnist"
INDEX = "variables/variables.index"


WARMUP = "assets.extra/tf_serving_warmup_requests"
RESTORES = saved_model(meta_graph(*restore("w"), saver=True, assets=["words.txt"]))


def shard(number: int, count: int) -> str:
    return f"variables/variables.data-{number:05}-of-{count:05}"


def version(**sizes: int) -> RemoteVersion:
    return RemoteVersion(3, "3", tuple(RemoteFile(path, size) for path, size in sorted(sizes.items())))


@pytest.mark.parametrize(
    "sizes",
    [
        {"saved_model.pb": 5},
        {"saved_model.pbtxt": 5},
        {"saved_model.pb": 5, INDEX: 9, shard(0, 1): 0},
        {"saved_model.pb": 5, INDEX: 9, shard(0, 2): 1, shard(1, 2): 1, "assets/words.txt": 0},
        # left over from an earlier upload with another number of shards; the index tells in the end
        {"saved_model.pb": 5, INDEX: 9, shard(0, 1): 1, shard(1, 2): 1},
    ],
)
def test_listings_that_may_be_whole(sizes: Mapping[str, int]) -> None:
    check_listing(URI, version(**sizes))


@pytest.mark.parametrize(
    ("sizes", "reason", "words"),
    [
        ({"saved_model.pb": 0}, Reason.NO_SAVED_MODEL, "its saved_model.pb is empty"),
        ({"model.onnx": 9}, Reason.NO_SAVED_MODEL, "no saved_model.pb and no saved_model.pbtxt"),
        ({"export/saved_model.pb": 9}, Reason.NO_SAVED_MODEL, "but export/saved_model.pb: move what is in export up"),
        ({INDEX: 9, shard(0, 1): 9}, Reason.INCOMPLETE_VERSION, "has no saved_model.pb yet; its upload may still be"),
        ({"saved_model.pb": 5, shard(0, 1): 9}, Reason.INCOMPLETE_VERSION, "has no variables/variables.index"),
        ({"saved_model.pb": 5, INDEX: 9}, Reason.INCOMPLETE_VERSION, "has no variables/variables.data-*"),
        ({"saved_model.pb": 5, INDEX: 9, shard(0, 3): 1, shard(2, 3): 1}, Reason.INCOMPLETE_VERSION, shard(1, 3)),
    ],
)
def test_listings_that_cannot_be_served(sizes: Mapping[str, int], reason: Reason, words: str) -> None:
    with pytest.raises(FetchError) as raised:
        check_listing(URI, version(**sizes))
    assert raised.value.reason is reason
    assert words in raised.value.message
    assert raised.value.message.startswith(f"{URI}: version 3: ")


def test_what_the_store_knows_to_be_wrong_is_said_first() -> None:
    problem = FetchProblem(reason=Reason.NO_SAVED_MODEL, message="s3://bucket/mnist/3 is a file")
    with pytest.raises(FetchError, match="is a file"):
        check_listing(URI, RemoteVersion(3, "3", (), problem))


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Two shards, of 8 and 4 bytes."""
        files = {"saved_model.pb": RESTORES, INDEX: index_bytes(2, [(0, 0, 8), (1, 0, 4)]), "assets/words.txt": b"a"}
        write(tmp_path / "3", {**files, shard(0, 2): b"x" * 8, shard(1, 2): b"y" * 4})
        return tmp_path / "3"

    def test_whole(self, folder: Path) -> None:
        check_folder(URI, listed(folder), folder)

    def test_a_listed_file_that_is_not_there(self, folder: Path) -> None:
        version = listed(folder)
        (folder / shard(1, 2)).unlink()
        with pytest.raises(FetchError, match="did not arrive"):
            check_folder(URI, version, folder)

    def test_a_listed_file_of_another_size(self, folder: Path) -> None:
        version = listed(folder)
        (folder / shard(1, 2)).write_bytes(b"y")
        with pytest.raises(FetchError, match="1 bytes arrived of 4"):
            check_folder(URI, version, folder)

    def test_a_link_is_no_file(self, folder: Path) -> None:
        version = listed(folder)
        (folder / "saved_model.pb").unlink()
        (folder / "saved_model.pb").symlink_to("/etc/hostname")
        with pytest.raises(FetchError, match="did not arrive"):
            check_folder(URI, version, folder)

    def test_a_shard_that_only_the_index_knows_of(self, folder: Path) -> None:
        """The names alone would do: one shard of one."""
        (folder / shard(1, 2)).unlink()
        (folder / shard(0, 2)).rename(folder / shard(0, 1))
        with pytest.raises(FetchError, match=rf"promises {shard(0, 2)}, which is not there") as raised:
            check_folder(URI, listed(folder), folder)
        assert raised.value.reason is Reason.INCOMPLETE_VERSION

    def test_a_shard_shorter_than_its_tensors(self, folder: Path) -> None:
        (folder / shard(0, 2)).write_bytes(b"x" * 7)
        with pytest.raises(FetchError, match=r"has 7 bytes, and variables/variables.index promises 8") as raised:
            check_folder(URI, listed(folder), folder)
        assert raised.value.reason is Reason.INCOMPLETE_VERSION

    def test_a_damaged_index(self, folder: Path) -> None:
        (folder / INDEX).write_bytes(b"half")
        with pytest.raises(FetchError, match=r"variables.index is damaged") as raised:
            check_folder(URI, listed(folder), folder)
        assert raised.value.reason is Reason.INCOMPLETE_VERSION

    @pytest.mark.parametrize("missing", ["variables", "assets"])
    def test_what_only_the_graph_knows_of(self, folder: Path, missing: str) -> None:
        """As when `saved_model.pb` is uploaded first."""
        shutil.rmtree(folder / missing)
        with pytest.raises(FetchError, match="which is not there; its upload may still be running") as raised:
            check_folder(URI, listed(folder), folder)
        assert raised.value.reason is Reason.INCOMPLETE_VERSION

    def test_a_graph_without_variables_needs_no_others(self, tmp_path: Path) -> None:
        write(tmp_path / "3", {"saved_model.pb": saved_model(meta_graph())})
        check_folder(URI, listed(tmp_path / "3"), tmp_path / "3")

    def test_an_asset_that_no_file_can_be(self, folder: Path) -> None:
        (folder / "saved_model.pb").write_bytes(saved_model(meta_graph(assets=["a\0b"])))
        with pytest.raises(FetchError, match="reads assets/a"):
            check_folder(URI, listed(folder), folder)

    def test_a_cut_graph(self, folder: Path) -> None:
        (folder / "saved_model.pb").write_bytes(RESTORES[:-1])
        with pytest.raises(FetchError, match=r"saved_model.pb is damaged \(it is cut") as raised:
            check_folder(URI, listed(folder), folder)
        assert raised.value.reason is Reason.INCOMPLETE_VERSION

    def test_a_graph_in_text_is_not_looked_into(self, tmp_path: Path) -> None:
        write(tmp_path / "3", {"saved_model.pbtxt": "saved_model_schema_version: 1"})
        check_folder(URI, listed(tmp_path / "3"), tmp_path / "3")

    def test_a_warmup_file_that_is_cut(self, folder: Path) -> None:
        write(folder, {WARMUP: b"\x05" + bytes(11) + b"12345" + b"crc2" + b"half"})
        with pytest.raises(FetchError, match="is cut, or is no TFRecord file, after 1 records") as raised:
            check_folder(URI, listed(folder), folder)
        assert raised.value.reason is Reason.INCOMPLETE_VERSION
