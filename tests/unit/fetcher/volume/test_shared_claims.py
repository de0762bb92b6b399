"""Who fetches and who needs what, where several pods share a base path."""

import os
import time
from pathlib import Path

import pytest

from tfs_operator.fetcher.volume.shared_claims import HOLDER_STALE_SECONDS, LOCK_STALE_SECONDS, SharedClaims, SoleOwner


@pytest.fixture
def a(tmp_path: Path) -> SharedClaims:
    return declared(tmp_path, "pod-a")


@pytest.fixture
def b(tmp_path: Path) -> SharedClaims:
    return declared(tmp_path, "pod-b")


def declared(base: Path, pod: str, *versions: int) -> SharedClaims:
    shared = SharedClaims(base, pod)
    shared.declare(versions)
    return shared


def silent_since(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


class TestClaims:
    def test_one_pod_fetches_and_the_others_are_told_who(self, a: SharedClaims, b: SharedClaims) -> None:
        assert a.claim(3) is None
        assert b.claim(3) == "pod-a"
        assert b.claim(4) is None

    def test_a_released_one_is_free(self, a: SharedClaims, b: SharedClaims) -> None:
        a.claim(3)
        a.release(3)
        assert b.claim(3) is None

    def test_a_pod_that_restarts_goes_on_with_its_own(self, a: SharedClaims, tmp_path: Path) -> None:
        a.claim(3)
        assert declared(tmp_path, "pod-a").claim(3) is None

    def test_one_whose_pod_is_silent_is_taken_over(self, a: SharedClaims, b: SharedClaims, tmp_path: Path) -> None:
        a.claim(3)
        silent_since(tmp_path / ".lock-3", LOCK_STALE_SECONDS - 10)
        assert b.claim(3) == "pod-a"
        silent_since(tmp_path / ".lock-3", LOCK_STALE_SECONDS + 1)
        assert b.claim(3) is None
        assert a.claim(3) == "pod-b"

    def test_a_beat_keeps_it(self, a: SharedClaims, b: SharedClaims, tmp_path: Path) -> None:
        a.claim(3)
        silent_since(tmp_path / ".lock-3", LOCK_STALE_SECONDS + 1)
        a.beat()
        assert b.claim(3) == "pod-a"

    def test_who_was_taken_over_neither_keeps_nor_releases_it(
        self, a: SharedClaims, b: SharedClaims, tmp_path: Path
    ) -> None:
        a.claim(3)
        silent_since(tmp_path / ".lock-3", LOCK_STALE_SECONDS + 1)
        b.claim(3)
        silent_since(tmp_path / ".lock-3", LOCK_STALE_SECONDS + 1)
        a.beat()
        a.release(3)
        assert (tmp_path / ".lock-3").exists()
        assert declared(tmp_path, "pod-c").claim(3) is None

    def test_nothing_but_the_lock_is_left(self, a: SharedClaims, tmp_path: Path) -> None:
        a.claim(3)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".holders", ".lock-3"]
        a.release(3)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".holders"]


class TestHolders:
    def test_what_others_need(self, a: SharedClaims, tmp_path: Path) -> None:
        declared(tmp_path, "pod-b", 1, 2)
        declared(tmp_path, "pod-c", 2, 3)
        a.declare([9])
        assert a.held([]) == {1, 2, 3}

    def test_the_last_word_counts(self, a: SharedClaims, b: SharedClaims) -> None:
        b.declare([1])
        b.declare([2])
        assert a.held([]) == {2}

    def test_a_pod_that_is_silent_for_long_needs_nothing(
        self, a: SharedClaims, b: SharedClaims, tmp_path: Path
    ) -> None:
        b.declare([1])
        silent_since(tmp_path / ".holders" / "pod-b.json", HOLDER_STALE_SECONDS - 10)
        assert a.held([]) == {1}
        assert a.alive("pod-b")
        silent_since(tmp_path / ".holders" / "pod-b.json", HOLDER_STALE_SECONDS + 1)
        assert not a.alive("pod-b")
        assert a.held([]) == set()

    def test_a_beat_keeps_it(self, a: SharedClaims, b: SharedClaims, tmp_path: Path) -> None:
        b.declare([1])
        silent_since(tmp_path / ".holders" / "pod-b.json", HOLDER_STALE_SECONDS + 1)
        b.beat()
        assert a.held([]) == {1}

    @pytest.mark.parametrize("text", ["{", "[]", '{"versions": 3}', '{"versions": [[1]]}', '{"versions":' * 100_000])
    def test_one_that_makes_no_sense_holds_everything(self, text: str, a: SharedClaims, tmp_path: Path) -> None:
        (tmp_path / ".holders" / "pod-b.json").write_text(text)
        assert a.held([1, 2]) == {1, 2}

    def test_who_was_taken_for_dead_says_again_what_it_needs(
        self, a: SharedClaims, b: SharedClaims, tmp_path: Path
    ) -> None:
        b.declare([1])
        (tmp_path / ".holders" / "pod-b.json").unlink()
        b.beat()
        b.declare([1])
        assert a.held([]) == {1}


def test_alone_everything_is_allowed() -> None:
    alone = SoleOwner()
    assert alone.claim(1) is None
    assert alone.held([1]) == set()
    assert not alone.alive("anybody")
