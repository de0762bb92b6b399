"""What may go, and what stays whatever happens."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fetcher.views import ALL, latest, named, view
from tfs_operator.fetcher.sync.removal import discarded, removable
from tfs_operator.fetcher.sync.view import BasePathView
from tfs_operator.fetcher.volume.staging import Leftover

NAMED = view(named(2), present=[1, 2], states={2: "AVAILABLE"})
LATEST = view(latest(1), present=[1, 2], listed=[1, 2], states={2: "AVAILABLE", 1: "END"})


@pytest.mark.parametrize(
    ("seen", "gone"),
    [
        pytest.param(NAMED, {1}, id="not ordered, not listed by the server"),
        pytest.param(replace(NAMED, states={1: "END"}), {1}, id="not ordered, unloaded"),
        pytest.param(replace(NAMED, states={1: "AVAILABLE"}), set(), id="loaded"),
        pytest.param(replace(NAMED, states={1: "START"}), set(), id="about to be loaded"),
        pytest.param(replace(NAMED, states={1: "UNLOADING"}), set(), id="being unloaded"),
        pytest.param(replace(NAMED, states=None), set(), id="the server does not answer"),
        pytest.param(replace(NAMED, complete=False), set(), id="one model of the path has no order yet"),
        pytest.param(replace(NAMED, held=frozenset({1})), set(), id="another pod holds it"),
        pytest.param(replace(NAMED, listing_failed=True), {1}, id="named versions need no listing"),
        pytest.param(LATEST, {1}, id="latest has moved on"),
        pytest.param(replace(LATEST, listing_failed=True), set(), id="the listing failed"),
        pytest.param(replace(LATEST, listed=None), set(), id="no listing yet"),
        pytest.param(replace(LATEST, listed={}), set(), id="the store is empty"),
        pytest.param(
            view(latest(1), present=[1, 2], listed=[1, 2, 3], states={}), set(), id="its successor is not there yet"
        ),
        pytest.param(
            view(latest(1), present=[1, 2], listed=[1, 2, 3], bad=[3], states={}), {1}, id="a bad one is no successor"
        ),
        pytest.param(
            view(latest(1), present=[1, 2], listed=[1], states={2: "AVAILABLE"}), {2}, id="vanished, and still loaded"
        ),
        pytest.param(
            view(latest(1), present=[2], listed=[1], states={2: "AVAILABLE"}), set(), id="vanished, nothing instead"
        ),
        pytest.param(
            view(latest(1), present=[1, 2], listed=[1], states={2: "END"}, held=[2]), set(), id="vanished, but held"
        ),
        pytest.param(view(ALL, present=[1, 2], listed=[1], states={2: "AVAILABLE"}), {2}, id="all: vanished"),
        pytest.param(
            view(latest(1), named(2), present=[1, 2], listed=[1], states={}), set(), id="vanished, but ordered by name"
        ),
    ],
)
def test_removable(seen: BasePathView, gone: set[int]) -> None:
    assert removable(seen) == gone


STAGED = Leftover(Path(".fetching-3"), "", 3)


@pytest.mark.parametrize(
    ("seen", "leftover", "gone"),
    [
        (view(named(3)), STAGED, False),
        (view(named(4)), STAGED, True),
        (view(named(3), present=[3]), STAGED, True),
        (replace(view(named(4)), complete=False), STAGED, False),
        (view(latest(1)), STAGED, False),
        (view(latest(1), listed=[3], failed=True), STAGED, False),
        (view(latest(1), listed=[3]), STAGED, False),
        (view(latest(1), listed=[4]), STAGED, True),
        (view(named(3)), Leftover(Path(".removing-3"), "", None), True),
    ],
)
def test_hidden_folders_of_an_earlier_time(seen: BasePathView, leftover: Leftover, gone: bool) -> None:
    assert discarded(seen, leftover, "", fetching=None, alive=False) is gone


def test_what_is_being_fetched_stays() -> None:
    assert not discarded(view(named(4)), STAGED, "", fetching=3, alive=False)


def test_what_another_pod_has_hidden_stays_while_it_lives() -> None:
    theirs = Leftover(Path(".fetching-3-pod-b"), "pod-b", 3)
    assert not discarded(view(named(4)), theirs, "pod-a", fetching=None, alive=True)
    assert discarded(view(named(3)), theirs, "pod-a", fetching=None, alive=False)
