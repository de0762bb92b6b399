"""How versions arrive in a base path and leave it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.models.folder_source import content, listed, write
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.hidden_files import RECORD
from tfs_operator.fetcher.core.source import RemoteVersion
from tfs_operator.fetcher.volume.record import Origin, Record, read_record, write_record
from tfs_operator.fetcher.volume.shared_claims import SharedClaims
from tfs_operator.fetcher.volume.staging import Leftover, VersionFolders, remove

FILES = {"saved_model.pb": "graph", "variables/variables.index": "index"}


@pytest.fixture(autouse=True)
def narrow_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def folders(tmp_path: Path) -> VersionFolders:
    made = VersionFolders(tmp_path / "models" / "m")
    made.make()
    return made


def staged(folders: VersionFolders, **files: str) -> RemoteVersion:
    """Version 3 has been fetched, and not more."""
    write(folders.staging(3), {**FILES, **files})
    copy = folders.base.parent / "as-listed" / "3"
    write(copy, {**FILES, **files})
    return listed(copy)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_version_is_seen_only_once_it_is_published(folders: VersionFolders) -> None:
    version = staged(folders)
    folders.finish(version, durable=False)
    assert folders.present() == {}
    assert folders.publish(3)
    assert folders.present() == {3: version}
    assert content(folders.base / "3") == {path: text.encode() for path, text in FILES.items()}
    assert [path.name for path in folders.base.iterdir()] == ["3"]


def test_every_user_may_read_it_whatever_the_umask(folders: VersionFolders) -> None:
    version = staged(folders)
    folders.finish(version, durable=True)
    folders.publish(3)
    for path in [folders.base.parent, folders.base, *folders.base.rglob("*")]:
        assert mode(path) == (0o755 if path.is_dir() else 0o644), path


def test_only_what_is_listed_is_published(folders: VersionFolders) -> None:
    version = staged(folders)
    write(folders.staging(3), {"variables/old": "x", "gone/deep/old": "x", ".journal": "x"})
    (folders.staging(3) / "link").symlink_to("/etc")
    folders.finish(version, durable=False)
    folders.publish(3)
    found = {str(path.relative_to(folders.base / "3")) for path in (folders.base / "3").rglob("*")}
    assert found == {"saved_model.pb", "variables", "variables/variables.index", RECORD}


def test_the_second_to_publish_is_told(folders: VersionFolders) -> None:
    for expected in (True, False):
        folders.finish(staged(folders), durable=False)
        assert folders.publish(3) is expected


def replace(folders: VersionFolders) -> None:
    hidden = folders.hide(3)
    assert folders.publish(3)
    remove(hidden)


def test_replace(folders: VersionFolders) -> None:
    folders.finish(staged(folders), durable=False)
    folders.publish(3)
    version = staged(folders, **{"saved_model.pb": "another"})
    folders.finish(version, durable=False)
    replace(folders)
    assert folders.present() == {3: version}
    assert content(folders.base / "3")["saved_model.pb"] == b"another"
    assert folders.leftovers() == []


def test_a_version_that_was_replaced_is_read_anew(folders: VersionFolders, tmp_path: Path) -> None:
    """By another pod, for example, without notice."""
    folders.finish(staged(folders), durable=False)
    folders.publish(3)
    assert folders.present()
    other = VersionFolders(folders.base, "pod-b")
    write(other.staging(3), {**FILES, "more": "x"})
    write(tmp_path / "listed" / "3", {**FILES, "more": "x"})
    version = listed(tmp_path / "listed" / "3")
    other.finish(version, durable=False)
    replace(other)
    assert folders.present() == {3: version}


def test_a_plain_file_in_a_version_s_place_is_replaced(folders: VersionFolders) -> None:
    (folders.base / "3").write_text("a text file")
    assert folders.present() == {3: None}
    version = staged(folders)
    folders.finish(version, durable=False)
    assert not folders.publish(3)
    replace(folders)
    assert folders.present() == {3: version}


def test_hide_and_restore(folders: VersionFolders) -> None:
    version = staged(folders)
    folders.finish(version, durable=False)
    folders.publish(3)
    hidden = folders.hide(3)
    assert folders.present() == {}
    folders.restore(hidden, 3)
    assert folders.present() == {3: version}


def test_what_does_not_look_like_a_version_is_none(folders: VersionFolders) -> None:
    for name in ("003", "-3", "3a", "٣", ".fetching-3", "lost+found", str(2**63), "9" * 200):
        (folders.base / name).mkdir()
    assert folders.present() == {}


def test_leftovers_and_whose_they_are(tmp_path: Path) -> None:
    for name in (".fetching-3", ".fetching-3-pod-b", ".removing-4-pod-b", ".work", ".work-pod-b", "5", ".lock-3"):
        (tmp_path / name).mkdir()
    alone = VersionFolders(tmp_path).leftovers()
    assert sorted(alone, key=lambda left: left.path) == [
        Leftover(tmp_path / ".fetching-3", "", 3),
        Leftover(tmp_path / ".fetching-3-pod-b", "pod-b", 3),
        Leftover(tmp_path / ".removing-4-pod-b", "pod-b", None),
        Leftover(tmp_path / ".work-pod-b", "pod-b", None),
    ]
    assert tmp_path / ".work-pod-b" not in [left.path for left in VersionFolders(tmp_path, "pod-b").leftovers()]


HERE, ELSEWHERE = Origin("s3://b/m", "http://a"), Origin("s3://b/m", "http://b")


def nested(path: Path) -> VersionFolders:
    """A base path of another TFModel with version 3, as an older release made it."""
    other = VersionFolders(path)
    other.make()
    SharedClaims(path, "pod-b").declare([3])
    other.finish(staged(other), durable=True)
    other.publish(3)
    return other


class TestOtherBasePaths:
    """None of what belongs to one is ever replaced or removed."""

    @pytest.mark.parametrize("place", ["3", "3/assets/deep", "3/.work/x"])
    def test_in_the_place_of_a_version(self, place: str, folders: VersionFolders) -> None:
        other = nested(folders.base / place)
        with pytest.raises(
            FetchError, match=f"another base path, {other.base}, .* name another claim in storage.cache"
        ):
            folders.hide(3)
        assert other.present().keys() == {3}
        with pytest.raises(FetchError, match="neither replaced nor removed"):
            folders.check_own(3)
        assert 3 not in folders.present(), "so that no pass tries it again"

    def test_in_a_version_that_was_fetched(self, folders: VersionFolders) -> None:
        folders.finish(staged(folders), durable=False)
        folders.publish(3)
        other = nested(folders.base / "3")
        with pytest.raises(FetchError, match="another base path"):
            folders.hide(3)
        assert other.present().keys() == {3}

    def test_of_a_pod_that_has_it_to_itself(self, folders: VersionFolders) -> None:
        other = nested(folders.base / "3")
        for path in (other.base / ".holders").iterdir():
            path.unlink()
        (other.base / ".holders").rmdir()
        with pytest.raises(FetchError, match="another base path"):
            folders.hide(3)

    @pytest.mark.parametrize("name", [".fetching-3", ".removing-3"])
    def test_in_a_hidden_folder(self, name: str, folders: VersionFolders) -> None:
        folders.finish(staged(folders), durable=False)
        folders.publish(3)
        other = nested(folders.base / name)
        with pytest.raises(FetchError, match="another base path"):
            folders.hide(3)
        with pytest.raises(FetchError, match="another base path"):
            folders.discard(other.base)
        assert other.present().keys() == folders.present().keys() == {3}
        assert folders.leftovers() == []

    def test_once_it_is_gone_the_place_is_free(self, folders: VersionFolders) -> None:
        other = nested(folders.base / "3")
        with pytest.raises(FetchError):
            folders.hide(3)
        remove(other.base)
        folders.check_own(3)
        (folders.base / "3").mkdir()
        assert folders.present() == {3: None}
        folders.hide(3)


class TestOtherStores:
    """A claim on which the same base path was filled from another one."""

    @pytest.fixture
    def theirs(self, folders: VersionFolders) -> VersionFolders:
        other = VersionFolders(folders.base, origin=ELSEWHERE)
        other.finish(staged(other), durable=True)
        other.publish(3)
        return other

    def test_their_versions_are_none_of_ours(self, theirs: VersionFolders) -> None:
        ours = VersionFolders(theirs.base, origin=HERE)
        assert theirs.present().keys() == {3}
        assert ours.present() == {}
        with pytest.raises(FetchError, match="has what was fetched from s3://b/m at http://b, so it is not replaced"):
            ours.check_own(3)
        with pytest.raises(FetchError, match="http://b"):
            ours.hide(3)
        assert theirs.present().keys() == {3}

    def test_nor_are_those_of_another_uri(self, theirs: VersionFolders) -> None:
        """As where a file system takes upper and lower case for the same."""
        assert VersionFolders(theirs.base, origin=Origin("s3://b/M", "http://b")).present() == {}

    def test_what_an_older_release_has_fetched_counts(self, folders: VersionFolders) -> None:
        version = staged(folders)
        folders.finish(version, durable=True)
        folders.publish(3)
        assert VersionFolders(folders.base, origin=HERE).present() == {3: version}


def test_removing_twice_is_fine(tmp_path: Path) -> None:
    write(tmp_path / "x", {"a/b": "c"})
    remove(tmp_path / "x")
    remove(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def _recorded(number: str = "3", folder: str = '"3"', path: str = '"a"', size: str = "1", problem: str = "null") -> str:
    file = f'{{"path": {path}, "size": {size}, "etag": "", "sha256": ""}}'
    return f'{{"number": {number}, "folder": {folder}, "files": [{file}], "problem": {problem}}}'


GOOD_VERSION = _recorded()
BAD_VERSIONS = [
    _recorded(number='"3"'),
    _recorded(folder="3"),
    _recorded(path="3"),
    _recorded(size='"1"'),
    _recorded(size="-1"),
    _recorded(size="9" * 30),
    _recorded(size="NaN"),
    _recorded(problem='{"reason": "StoreError"}'),
]


class TestRecord:
    @pytest.fixture
    def version(self, tmp_path: Path) -> RemoteVersion:
        write(tmp_path / "3", FILES)
        return listed(tmp_path / "3")

    @pytest.mark.parametrize("durable", [False, True])
    def test_says_what_was_fetched(self, tmp_path: Path, version: RemoteVersion, durable: bool) -> None:
        for record in (Record(version), Record(version, HERE)):
            write_record(tmp_path / "3", record, durable=durable)
            assert read_record(tmp_path / "3") == record

    def test_is_void_after_the_next_start_of_the_machine_where_nothing_was_synced(
        self, tmp_path: Path, version: RemoteVersion
    ) -> None:
        write_record(tmp_path / "3", Record(version), durable=False)
        record = tmp_path / "3" / RECORD
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        assert boot in record.read_text()
        record.write_text(record.read_text().replace(boot, "an earlier start"))
        assert read_record(tmp_path / "3") is None

    def test_is_made_to_last_later(self, tmp_path: Path, version: RemoteVersion) -> None:
        write_record(tmp_path / "3", Record(version, HERE), durable=False)
        VersionFolders(tmp_path, origin=HERE).mark_durable(3, version)
        assert '"boot": ""' in (tmp_path / "3" / RECORD).read_text()
        assert read_record(tmp_path / "3") == Record(version, HERE)

    @pytest.mark.parametrize(
        "text",
        [
            *("", "{", "[]", '{"version": {}, "boot": ""}', '{"version": 3, "boot": ""}', '{"boot":' * 100_000),
            *(f'{{"version": {version}, "boot": ""}}' for version in BAD_VERSIONS),
            f'{{"version": {GOOD_VERSION}, "boot": "", "origin": 3}}',
            f'{{"version": {GOOD_VERSION}, "boot": "", "origin": {{"uri": "u"}}}}',
        ],
    )
    def test_a_damaged_one_is_none(self, tmp_path: Path, version: RemoteVersion, text: str) -> None:
        (tmp_path / "3" / RECORD).write_text(text)
        assert read_record(tmp_path / "3") is None

    def test_a_good_one_is_read(self, tmp_path: Path) -> None:
        (tmp_path / RECORD).write_text(f'{{"version": {GOOD_VERSION}, "boot": ""}}')
        assert read_record(tmp_path) is not None
