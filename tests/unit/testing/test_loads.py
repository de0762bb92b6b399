"""Two looks at the states of one version, each of which may have missed some."""

import pytest

from testing.recordings.loads import agree, loads

LOADED = ["START", "LOADING", "AVAILABLE"]
FAILED = "END NOT_FOUND: no such thing"


@pytest.mark.parametrize(
    ("states", "found"),
    [
        (LOADED, ["AVAILABLE"]),
        (["AVAILABLE", "UNLOADING", "END", *LOADED], ["AVAILABLE", "AVAILABLE"]),
        (["AVAILABLE", "START", "LOADING"], ["AVAILABLE", None]),
        (["START", FAILED, "LOADING", "AVAILABLE"], [FAILED, "AVAILABLE"]),
        (["END", "AVAILABLE"], [None, "AVAILABLE"]),
        ([], []),
    ],
)
def test_each_load_is_found(states: list[str], found: list[str | None]) -> None:
    assert loads(states) == found


@pytest.mark.parametrize("seen", [["AVAILABLE"], ["LOADING", "AVAILABLE", "END"], ["END"], ["START"]])
def test_states_that_were_missed_are_no_difference(seen: list[str]) -> None:
    assert agree([*LOADED, "END"], seen)


@pytest.mark.parametrize("seen", [[], [*LOADED, "END", "START"], ["START", FAILED], ["LOADING", "START"]])
def test_another_load_and_another_end_are(seen: list[str]) -> None:
    assert not agree(LOADED, seen)


def test_loads_before_those_recorded_may_be_accepted() -> None:
    seen = ["AVAILABLE", "END", *LOADED]
    assert not agree(LOADED, seen)
    assert agree(LOADED, seen, may_begin_with_others=True)
    assert not agree([*LOADED, "END", *LOADED], LOADED, may_begin_with_others=True)
