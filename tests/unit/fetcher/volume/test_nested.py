"""Which folders have another base path in them."""

from pathlib import Path

import pytest

from testing.models.folder_source import write
from tfs_operator.fetcher.core.hidden_files import RECORD
from tfs_operator.fetcher.volume.nested import base_path_within


@pytest.mark.parametrize(
    "files",
    [
        {},
        {RECORD: "", "saved_model.pb": ""},
        {"assets/.hidden": "", "assets/holders/a": "", "1/saved_model.pb": ""},
        {".transfer": "", "variables/variables.index": ""},
    ],
)
def test_a_version_and_its_staging_folder_have_none(files: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, files)
    assert base_path_within(tmp_path) is None


@pytest.mark.parametrize(
    ("file", "where"),
    [
        (".holders/pod.json", ""),
        ("a/b/.holders/pod.json", "a/b"),
        (f"1/{RECORD}", ""),
        (f"a/1/{RECORD}", "a"),
    ],
)
def test_a_base_path_is_found_at_any_depth(file: str, where: str, tmp_path: Path) -> None:
    write(tmp_path, {RECORD: "", "saved_model.pb": "", file: ""})
    assert base_path_within(tmp_path) == tmp_path / where


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "other", {".holders/pod.json": ""})
    (tmp_path / "version").mkdir()
    (tmp_path / "version" / "link").symlink_to(tmp_path / "other")
    assert base_path_within(tmp_path / "version") is None


def test_what_is_not_there_or_is_a_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert base_path_within(tmp_path / "file") is None
    assert base_path_within(tmp_path / "missing") is None
