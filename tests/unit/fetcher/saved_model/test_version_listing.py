"""Which versions a listing shows. Each case is keys below the base path."""

import logging

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model import version_listing
from tfs_operator.fetcher.saved_model.version_listing import VersionListing, version_number

URI = "s3://bucket/mnist"


def _listed(*keys: str, empty: tuple[str, ...] = ()) -> dict[int, RemoteVersion]:
    listing = VersionListing(URI)
    for key in keys:
        listing.add(key, 0 if key in empty else 7, "etag")
    return listing.versions()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("0", 0),
        ("1", 1),
        ("001", 1),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("1" * 5000, None),
        ("-1", None),
        ("1a", None),
        ("1_0", None),
        ("٣", None),
        ("", None),
    ],
)
def test_which_names_are_versions(name: str, number: int | None) -> None:
    assert version_number(name) == number


def test_files_are_relative_to_their_version_and_in_order() -> None:
    versions = _listed("2/saved_model.pb", "2/assets/a.txt", "10/saved_model.pb", "README.md", "old/1/saved_model.pb")
    assert sorted(versions) == [2, 10]
    assert versions[2].files == (RemoteFile("assets/a.txt", 7, "etag"), RemoteFile("saved_model.pb", 7, "etag"))
    assert (versions[2].folder, versions[2].size, versions[2].problem) == ("2", 14, None)


def test_the_same_listing_gives_the_same_version_in_any_order() -> None:
    assert _listed("1/b", "1/a") == _listed("1/a", "1/b")


def test_of_two_folders_with_one_number_the_last_by_name_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        versions = _listed("1/saved_model.pb", "001/saved_model.pb")
    assert versions[1].folder == "1"
    assert "001 and 1 are both version 1; 1 is taken" in caplog.text


def test_a_file_in_the_place_of_a_folder_is_a_version_that_says_so() -> None:
    problem = _listed("3", "2/saved_model.pb")[3].problem
    assert problem is not None
    assert problem.reason is Reason.NO_SAVED_MODEL
    assert problem.message == f"{URI}: version 3: 3 is a file, and not a folder with a SavedModel"


def test_an_empty_folder_is_told_from_a_file() -> None:
    problem = _listed("3", empty=("3",))[3].problem
    assert problem is not None
    assert "an empty file, or an empty folder" in problem.message


def test_a_folder_with_the_same_number_as_a_file_wins() -> None:
    assert _listed("3", "003/saved_model.pb")[3].folder == "003"


def test_markers_of_folders_are_no_files() -> None:
    """An object `3/` is listed without its slash."""
    markers = ("3", "3/variables", "3/assets")
    versions = _listed(*markers, "3/saved_model.pb", "3/variables/variables.index", empty=markers)
    assert [file.path for file in versions[3].files] == ["saved_model.pb", "variables/variables.index"]
    assert versions[3].problem is None


def test_an_empty_file_stays_one() -> None:
    assert [file.size for file in _listed("3/saved_model.pb", empty=("3/saved_model.pb",))[3].files] == [0]


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("../2/saved_model.pb", "'..'"),
        ("a/./b", "'.'"),
        ("a//b", "empty part"),
        ("/etc/passwd", "empty part"),
        ("a\\b", "backslash"),
        ("a\0b", "NUL"),
        ("a\nb", "line break"),
        ("x" * 256, "255 bytes"),
        (".transfer", "own record"),
        ("saved_model.pb/b", "file and a folder"),
    ],
)
def test_a_key_that_is_no_path_spoils_its_version_only(path: str, cause: str) -> None:
    versions = _listed("3/saved_model.pb", f"3/{path}", "2/saved_model.pb")
    problem = versions[3].problem
    assert problem is not None
    assert problem.message.startswith(f"{URI}: version 3: 3/")
    assert cause in problem.message
    assert versions[2].problem is None


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((), "nothing below this path"),
        (("v1/saved_model.pb", "saved_model.pb"), "no folder has a number for a name (found: v1, saved_model.pb)"),
        (tuple(f"v{n}/x" for n in range(9)), "(found: v0, v1, v2, v3, v4, …)"),
    ],
)
def test_no_version_at_all(keys: tuple[str, ...], said: str) -> None:
    with pytest.raises(FetchError) as refused:
        _listed(*keys)
    assert refused.value.reason is Reason.NO_VERSIONS
    assert refused.value.message.startswith(URI)
    assert said in refused.value.message


def test_there_is_a_limit_on_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_listing, "MAX_FILES", 2)
    with pytest.raises(FetchError, match="more than 2 files"):
        _listed("1/a", "x/a", "1/b", "2/c")
