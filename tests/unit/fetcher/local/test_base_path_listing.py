"""What one look at a base path on a volume shows, and how it says what is wrong."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.models.folder_source import write
from testing.models.graph_files import saved_model
from tests.unit.fetcher.local.folders import INDEX, LONG_AGO, SHARD, as_another_user, on_claim, publish
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder
from tfs_operator.fetcher.local import base_path_listing, version_folder
from tfs_operator.fetcher.local.base_path_listing import NOTHING, BasePathListing, listing

LATER = 4_000_000_000.0
"""Seconds since the epoch: whatever a test has written rests by then."""


def seen(folder: LocalFolder, before: BasePathListing = NOTHING, now: float = LATER) -> BasePathListing:
    return listing(folder, before, now)


def problem_of(folder: LocalFolder, number: int | None = None) -> FetchProblem:
    found = seen(folder)
    problem = found.problem if number is None else found.versions[number].problem
    assert problem, found
    return problem


def test_versions_that_are_whole(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1, 3)
    found = seen(folder)
    assert (found.whole, found.problem) == ({1, 3}, None)
    assert found.versions[3].bytes == sum(path.stat().st_size for path in (tmp_path / "models/mnist/3").rglob("*.*"))


def test_names_that_the_server_takes_and_others(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    for name in ("002", "tmp", ".fetching-4", "5a"):
        write(Path(folder.base_path, name), {"saved_model.pb": saved_model()})
    assert seen(folder).whole == {2}


def test_links_are_followed(tmp_path: Path) -> None:
    """As git-sync and people who move a link do."""
    publish(on_claim(tmp_path, "elsewhere"), 7)
    folder = on_claim(tmp_path)
    Path(folder.base_path, "1", "variables").mkdir(parents=True)
    for file in ("saved_model.pb", INDEX, SHARD):
        Path(folder.base_path, "1", file).symlink_to(tmp_path / "elsewhere/7" / file)
    Path(folder.base_path, "2").symlink_to(tmp_path / "elsewhere/7")
    Path(folder.base_path, "1", "circle").symlink_to(folder.base_path)
    assert seen(folder).whole == {1, 2}


def test_no_such_folder(tmp_path: Path) -> None:
    (tmp_path / "models/other").mkdir(parents=True)
    assert problem_of(on_claim(tmp_path, "models/mnist/v1")) == FetchProblem(
        reason=Reason.NO_VERSIONS,
        message="pvc://store/models/mnist/v1: there is no such folder: pvc://store/models has no mnist (found: other); "
        "create it, or correct modelUri",
    )


def test_a_server_can_list_an_empty_folder_and_none_that_is_missing(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    assert not seen(folder).is_readable
    Path(folder.base_path).mkdir(parents=True)
    assert seen(folder).is_readable


def test_an_empty_claim(tmp_path: Path) -> None:
    assert "pvc://store has no models (found: nothing)" in problem_of(on_claim(tmp_path)).message


def test_an_empty_folder(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    Path(folder.base_path, ".hidden").mkdir(parents=True)
    message = "pvc://store/models/mnist: the folder is empty: put each version into a folder with a number for a name"
    assert problem_of(folder).message.startswith(message)


def test_a_folder_without_a_number_for_a_name(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    write(Path(folder.base_path, "latest"), {"saved_model.pb": saved_model()})
    assert "no folder has a number for a name (found: latest)" in problem_of(folder).message


def test_a_version_in_place_of_the_base_path(tmp_path: Path) -> None:
    folder = on_claim(tmp_path, "models/mnist/1")
    write(Path(folder.base_path), {"saved_model.pb": saved_model()})
    assert problem_of(folder).message == (
        "pvc://store/models/mnist/1: saved_model.pb lies right here, so this folder is one version and not a base "
        "path: name the folder above, pvc://store/models/mnist"
    )


@pytest.mark.parametrize("path", ["models/mnist", "1"])
def test_a_version_without_a_base_path_above(tmp_path: Path, path: str) -> None:
    """The claim itself cannot be named as a base path."""
    folder = on_claim(tmp_path, path)
    write(Path(folder.base_path), {"saved_model.pb": saved_model()})
    assert problem_of(folder).message.endswith("move what is in it to a folder with a number for a name, such as 1")


def test_a_file_in_place_of_the_base_path(tmp_path: Path) -> None:
    write(tmp_path, {"models/mnist": "a file"})
    assert "is a file, and not a folder: name the folder that has" in problem_of(on_claim(tmp_path)).message


def test_a_file_in_place_of_a_version(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    write(Path(folder.base_path), {"1": "a file"})
    assert problem_of(folder, 1) == FetchProblem(
        reason=Reason.NO_SAVED_MODEL,
        message="pvc://store/models/mnist: version 1: 1 is a file, and not a folder with a SavedModel",
    )


@pytest.mark.parametrize("missing", ["saved_model.pb", INDEX, SHARD])
def test_a_version_that_is_not_whole(tmp_path: Path, missing: str) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1, 2)
    Path(folder.base_path, "2", missing).unlink()
    assert problem_of(folder, 2).reason in (Reason.INCOMPLETE_VERSION, Reason.NO_SAVED_MODEL)
    assert seen(folder).whole == {1}


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another user may read."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("closed", ["models", "models/mnist"])
def test_a_closed_folder(public: Path, closed: str) -> None:
    folder = on_claim(public)
    publish(folder, 1)
    (public / closed).chmod(0o700)
    with as_another_user():
        problem, user = problem_of(folder), os.geteuid()
    assert problem.reason is Reason.ACCESS_DENIED
    assert f"the folder {closed.rpartition('/')[2]} has mode 700 and belongs to user " in problem.message
    assert f", and the server runs as user {user}: let others read it, such as by chmod -R o+rX" in problem.message


@pytest.mark.parametrize(
    ("closed", "what"), [("", "folder 2"), ("saved_model.pb", "file saved_model.pb"), (INDEX, "file variables.index")]
)
def test_a_closed_version(public: Path, closed: str, what: str) -> None:
    folder = on_claim(public)
    publish(folder, 1, 2)
    Path(folder.base_path, "2", closed).chmod(0o000)
    with as_another_user():
        found = seen(folder)
    assert found.whole == {1}
    problem = found.versions[2].problem
    assert problem
    assert problem.reason is Reason.ACCESS_DENIED
    assert f"version 2: the {what} has mode 0 and belongs to user" in problem.message


def test_what_is_being_written_is_waited_for(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1)
    written = Path(folder.base_path, "1/saved_model.pb").stat().st_ctime
    first = seen(folder, now=written + 1)
    assert (first.versions[1].is_written, first.versions[1].problem) == (True, None)
    write(Path(folder.base_path, "1"), {"assets/words.txt": "more"})
    second = seen(folder, first, written + 2)
    assert not second.whole
    assert seen(folder, second, written + 3).whole == {1}


def test_what_it_lacks_meanwhile_is_on_its_way(tmp_path: Path) -> None:
    """No error is said of an upload that has just begun; where it rests, it lacks something."""
    folder = on_claim(tmp_path)
    publish(folder, 1)
    Path(folder.base_path, "1", SHARD).unlink()
    written = Path(folder.base_path, "1").stat().st_ctime
    first = seen(folder, now=written + 1)
    assert first.versions[1].problem is None
    second = seen(folder, first, written + 2)
    assert second.versions[1].problem
    assert second.versions[1].problem.reason is Reason.INCOMPLETE_VERSION


def test_what_was_there_before_is_whole_at_once(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1)
    written = Path(folder.base_path, "1/saved_model.pb").stat().st_ctime
    assert seen(folder, now=written + 11).whole == {1}


def test_a_whole_version_is_looked_at_again_once_it_changes(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1, 2)
    first = seen(folder)
    second = seen(folder, first)
    assert second.versions[1] is first.versions[1]
    Path(folder.base_path, "1", SHARD).unlink()
    third = seen(folder, second)
    assert third.whole == {2}
    assert third.versions[2] is first.versions[2]


def test_times_before_the_look_are_no_reason_to_wait(tmp_path: Path) -> None:
    folder = on_claim(tmp_path)
    publish(folder, 1)
    found = seen(folder, now=LONG_AGO)
    assert not found.whole, "by a clock that is behind, it is being written"
    assert seen(folder, found, LONG_AGO).whole == {1}


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A file's name may have any bytes but two; a report has to be JSON."""
    folder = on_claim(tmp_path)
    Path(folder.base_path).mkdir(parents=True)
    (Path(folder.base_path) / os.fsdecode(b"caf\xe9\x1b")).touch()
    assert "(found: caf)" in problem_of(folder).message
    write(Path(folder.base_path, "1"), {os.fsdecode(b"caf\xe9/saved_model.pb"): b"x"})
    assert "has no saved_model.pb, but caf /saved_model.pb" in problem_of(folder, 1).message


def test_a_version_folder_has_a_bound_and_is_not_looked_through_each_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version_folder, "MAX_FILES", 20)
    folder = on_claim(tmp_path)
    publish(folder, 1, 2)
    write(Path(folder.base_path, "2"), {f"assets/{number}": b"" for number in range(20)})
    found = seen(folder)
    assert found.whole == {1}
    problem = found.versions[2].problem
    assert problem is not None
    assert "version 2: has more than 20 entries; a SavedModel has tens" in problem.message
    assert seen(folder, found, LATER + 5).versions[2] is found.versions[2]
    assert seen(folder, found, LATER + 100).versions[2] is not found.versions[2]


def test_a_base_path_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_path_listing, "MAX_ENTRIES", 3)
    folder = on_claim(tmp_path)
    publish(folder, 1, 2, 3)
    assert seen(folder).versions.keys() == {1, 2, 3}
    (Path(folder.base_path) / "another").touch()
    assert "pvc://store/models/mnist: has more than 3 entries" in problem_of(folder).message


def test_sizes_that_no_report_can_have_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files without content may have any size."""
    monkeypatch.setattr(version_folder, "MAX_INT64", 7)
    folder = on_claim(tmp_path)
    publish(folder, 1)
    assert seen(folder).versions[1].bytes == 7
