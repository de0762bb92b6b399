"""How soon a TFModel is looked at again."""

import pytest

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.pace import FAST_SECONDS, Pace
from tfs_operator.domain.judgement import Verdict

KEY = TFModelKey("default", "mnist")
SLOW = 30.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def ready(reason: Reason) -> dict[ConditionType, Verdict]:
    return {ConditionType.READY: Verdict("False", reason, "")}


def test_nothing_moves_so_it_is_slow() -> None:
    assert Pace(SLOW).next(KEY, ready(Reason.SERVING), settled=True) == SLOW


@pytest.mark.parametrize("reason", [Reason.LOADING, Reason.LABELING])
def test_a_version_or_label_on_its_way_is_asked_for_often(reason: Reason) -> None:
    assert Pace(SLOW).next(KEY, ready(reason), settled=True) == FAST_SECONDS


def test_a_version_being_unloaded_is_watched_until_it_is_gone() -> None:
    """Else the status would hold it as AVAILABLE until the next slow poll, though Ready is True already."""
    assert Pace(SLOW).next(KEY, ready(Reason.SERVING), settled=False) == FAST_SECONDS


def test_what_never_ends_is_asked_slowly_after_two_minutes() -> None:
    clock = Clock()
    pace = Pace(SLOW, clock)
    assert pace.next(KEY, ready(Reason.LOADING), settled=False) == FAST_SECONDS
    clock.now += 121
    assert pace.next(KEY, ready(Reason.LOADING), settled=False) == SLOW


def test_the_two_minutes_begin_anew_after_a_rest() -> None:
    clock = Clock()
    pace = Pace(SLOW, clock)
    pace.next(KEY, ready(Reason.LOADING), settled=False)
    clock.now += 121
    pace.next(KEY, ready(Reason.SERVING), settled=True)
    assert pace.next(KEY, ready(Reason.LOADING), settled=False) == FAST_SECONDS
