"""Versions are found where people put them, and what cannot be unpacked is said of its version."""

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.layout import version_places
from tfs_operator.fetcher.archives.limits import EntryKind
from tfs_operator.fetcher.archives.unpack import Packed
from tfs_operator.fetcher.core.errors import FetchError

IMAGE = ("models/", "")
ARCHIVE = ("",)


def tree(*paths: str, kind: EntryKind = EntryKind.FILE) -> dict[str, Packed]:
    return {path: Packed(path, 1, "", kind) for path in paths}


FOUND = [
    (ARCHIVE, ["saved_model.pb", "variables/a"], {1: ""}),
    (ARCHIVE, ["saved_model.pbtxt"], {1: ""}),
    (ARCHIVE, ["m/saved_model.pb", "m/variables/a"], {1: "m/"}),
    (ARCHIVE, ["1/saved_model.pb", "002/a", "x/b"], {1: "1/", 2: "002/"}),
    (ARCHIVE, ["m/1/a", "m/2/a", "README", ".git/x", "__MACOSX/m/1/a"], {1: "m/1/", 2: "m/2/"}),
    (ARCHIVE, ["models/1/a"], {1: "models/1/"}),
    (IMAGE, ["models/1/a", "7/a"], {1: "models/1/"}),
    (IMAGE, ["models/m/1/a", "bin/sh"], {1: "models/m/1/"}),
    (IMAGE, ["models/saved_model.pb", "bin/sh"], {1: "models/"}),
    (IMAGE, ["1/a", "bin/sh"], {1: "1/"}),
    (IMAGE, ["models/readme", "3/a"], {3: "3/"}),
]


@pytest.mark.parametrize(("roots", "paths", "expected"), FOUND)
def test_versions_are_found(roots: tuple[str, ...], paths: list[str], expected: dict[int, str]) -> None:
    found = version_places("u", tree(*paths), roots)
    assert {number: place.prefix for number, place in found.items()} == expected
    assert all(f"{found[n].prefix}{file.path}" in paths for n in found for file in found[n].version.files)


NONE = [
    ([], "it is empty"),
    (["a/x/saved_model.pb", "b/x"], "found: 'a', 'b'"),
    (["a/b/1/saved_model.pb"], "found: 'a'"),
    ([f"{letter}/x" for letter in "abcdefg"], "'e', …"),
]


@pytest.mark.parametrize(("paths", "words"), NONE)
def test_what_is_there_instead_is_said(paths: list[str], words: str) -> None:
    with pytest.raises(FetchError, match=r"^u: ") as caught:
        version_places("u", tree(*paths), IMAGE)
    assert caught.value.reason is Reason.NO_VERSIONS
    assert words in caught.value.message


def test_a_link_is_a_problem_of_its_version_only() -> None:
    everything = tree("1/a", "2/a") | tree("2/link", "bin/sh", kind=EntryKind.SYMLINK)
    found = version_places("u", everything, IMAGE)
    assert found[1].version.problem is None
    assert found[2].version.problem is not None
    assert found[2].version.problem.message == "u: version 2: '2/link' is a symbolic link, which is never unpacked"


def test_names_that_differ_in_case_only_are_a_problem() -> None:
    """On a volume that does not tell them apart one would overwrite the other."""
    found = version_places("u", tree("1/assets/A", "1/assets/a"), ARCHIVE)
    assert found[1].version.problem is not None
    assert "'assets/A' and 'assets/a'" in found[1].version.problem.message
