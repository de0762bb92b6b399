"""What the states that were seen of a version say of its loads. Two looks at one history may each miss short states."""

from collections.abc import Iterable

_ENDED = "END"


def loads(states: Iterable[str]) -> list[str | None]:
    """Returns how each load in a row of states ended: `AVAILABLE`, or `END …` with its error; None for one not seen.

    A row that lacks states because nobody looked in time has the same loads, as long as it has one state of each.
    """
    found: list[str | None] = []
    before = ""
    for state in states:
        if _begins(before, state):
            found.append(None)
        if state == "AVAILABLE" or _is_failure(state):
            found[-1] = state
        before = state
    return found


def agree(recorded: Iterable[str], seen: Iterable[str], *, may_begin_with_others: bool = False) -> bool:
    """Whether two rows of states of a version may be of the same loads, which ended the same.

    `may_begin_with_others` accepts further loads before those that were recorded.
    """
    theirs, mine = loads(recorded), loads(seen)
    if may_begin_with_others:
        mine = mine[max(len(mine) - len(theirs), 0) :]
    return len(mine) == len(theirs) and all(
        one == other for one, other in zip(mine, theirs, strict=True) if one is not None and other is not None
    )


def _begins(before: str, state: str) -> bool:
    """Whether a state belongs to another load than the one before it."""
    if not before or state == "START":
        return True
    if state == "LOADING":
        return before != "START"
    return before.startswith(_ENDED) and state != _ENDED


def _is_failure(state: str) -> bool:
    return state.startswith(_ENDED) and state != _ENDED
