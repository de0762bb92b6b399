"""The checks of a SavedModel, on what TensorFlow itself has written."""

import shutil
from pathlib import Path

import pytest

from testing.models.folder_source import listed
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.saved_model.checkpoint_index import read_index
from tfs_operator.fetcher.saved_model.checks import INDEX, check_folder

URI = "s3://bucket/mnist"


@pytest.fixture
def three(three_shards: Path, tmp_path: Path) -> Path:
    """To be damaged."""
    return Path(shutil.copytree(three_shards, tmp_path / "3"))


def shards(folder: Path) -> list[Path]:
    return sorted((folder / "variables").glob("variables.data-*"))


@pytest.mark.parametrize("fixture", ["one_shard", "three_shards"])
def test_the_index_promises_exactly_what_tensorflow_wrote(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(request.getfixturevalue(fixture), tmp_path / "1"))
    index = read_index(folder / INDEX)
    assert index.shards == len(shards(folder))
    assert list(index.lengths) == [path.stat().st_size for path in shards(folder)]
    check_folder(URI, listed(folder), folder)


def test_shards_of_a_smaller_set_do_not_pass_for_the_whole(three: Path) -> None:
    """Two shards of two would look whole by their names."""
    shards(three)[2].unlink()
    for shard in shards(three):
        shard.rename(shard.with_name(shard.name.replace("-of-00003", "-of-00002")))
    with pytest.raises(FetchError, match=r"promises variables/variables.data-00000-of-00003") as raised:
        check_folder(URI, listed(three), three)
    assert raised.value.reason is Reason.INCOMPLETE_VERSION


def test_a_cut_shard(three: Path) -> None:
    shard = shards(three)[1]
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(FetchError, match=r"00001-of-00003 has .* bytes, and .* promises") as raised:
        check_folder(URI, listed(three), three)
    assert raised.value.reason is Reason.INCOMPLETE_VERSION


def test_a_cut_index(three: Path) -> None:
    index = three / INDEX
    index.write_bytes(index.read_bytes()[:-10])
    with pytest.raises(FetchError, match="damaged"):
        check_folder(URI, listed(three), three)
