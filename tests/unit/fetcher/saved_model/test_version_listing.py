"""Which versions a listing shows. Each case is keys below the base path."""

import logging
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model import listing_budget, version_listing
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget
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
        ("caf\udce9", "no UTF-8"),
        ("x" * 256, "255 bytes"),
        (".transfer", "own record"),
        (".holders/pod.json", "own record"),
        ("assets/.tfs-operator.json", "own record"),
        ("a/" * 64 + "b", "64 parts"),
        ("/".join(["x" * 200] * 20), "3000 bytes"),
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
        (("a\x1b[2J\udce9/x", "\n"), "(found: a [2J)"),
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


@pytest.mark.parametrize(
    ("limits", "keys", "words"),
    [
        ({"entries": 2}, ("x/a", "y/b", "1/c"), "has more than 2 entries; modelUri must name the folder"),
        ({"name_bytes": 20}, ("1/123456789", "1/123456780"), "the names of its files have more than 20 B"),
        ({"files": 2}, ("1", "2", "3"), "has more than 2 files; modelUri must name the folder"),
    ],
)
def test_there_are_limits_on_a_listing(limits: dict[str, int], keys: tuple[str, ...], words: str) -> None:
    listing = VersionListing(URI, ListingBudget(URI, **{"files": 9, **limits}))
    for key in keys[:-1]:
        listing.add(key, 1, "etag")
    with pytest.raises(ListingRefused, match=f"{URI}: {words}"):
        listing.add(keys[-1], 1, "etag")


def test_there_is_a_limit_on_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_budget, "MAX_VERSIONS", 2)
    with pytest.raises(ListingRefused, match=f"{URI}: has more than 2 versions; remove old ones"):
        _listed("1/a", "2/b", "3")


def test_deep_paths_cost_no_more_than_their_size() -> None:
    """The folders of a path of 2 KB with a thousand parts have 1 MB together."""
    listing = VersionListing(URI)
    for number in range(1000):
        listing.add(f"1/{number}{'/a' * 1000}", 1, "")
    tracemalloc.start()
    try:
        assert listing.versions()[1].problem
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


PARTS = st.lists(st.sampled_from(["a", "b", "a-b", "a!"]), min_size=1, max_size=3)


@given(st.lists(PARTS.map("/".join), unique=True))
def test_a_path_is_a_folder_where_another_one_lies_in_it(paths: list[str]) -> None:
    folders = [path for path in paths if any(other.startswith(f"{path}/") for other in paths)]
    problem = _listed("1/x", *(f"1/{path}" for path in paths))[1].problem
    assert (problem is not None) == bool(folders)
    kept = _listed("1/x", *(f"1/{path}" for path in paths), empty=tuple(f"1/{path}" for path in folders))[1]
    assert {file.path for file in kept.files} == {"x", *paths} - set(folders)


@pytest.mark.parametrize("size", [-1, 2**63, 10**4000])
def test_a_size_that_none_can_have_is_refused(size: int) -> None:
    with pytest.raises(FetchError, match="claims a size"):
        VersionListing(URI).add("1/a", size, "")


def test_sizes_that_none_can_have_together_are_refused() -> None:
    listing = VersionListing(URI)
    listing.add("1/a", 2**62, "")
    with pytest.raises(FetchError, match="claims a size"):
        listing.add("1/b", 2**62, "")


def test_a_version_of_too_many_files_spoils_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_listing, "MAX_VERSION_FILES", 2)
    versions = _listed("1/a", "1/b", "2/a", "2/b", "2/c")
    assert versions[1].problem is None
    assert versions[2].problem is not None
    assert "version 2: has more than 2 files; a SavedModel has tens" in versions[2].problem.message
