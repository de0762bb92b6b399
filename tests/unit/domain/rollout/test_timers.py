"""When time alone may change the next step."""

import math
from dataclasses import replace

import pytest

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import Action, Failure, Goal, Limits, Memory, Step, next_change

LIMITS = Limits(load_timeout=600.0, bake=30.0, settle=3.0, back_off=60.0, back_off_limit=3600.0, absent=8.0)


def change(action: Action, now: float, *failures: Failure) -> float | None:
    """Seconds until then, of a step that began at 1000."""
    memory = Memory(action=action, since=1000.0, failures=failures)
    return next_change(Step(action, "", Goal(ModelConfig("m", "/m", Specific((1,)))), memory=memory), LIMITS, now)


@pytest.mark.parametrize(
    "action", [action for action in Action if action not in (Action.BAKE, Action.LOAD, Action.COMPARE)]
)
def test_most_steps_only_wait_for_others(action: Action) -> None:
    assert change(action, 1010.0) is None


@pytest.mark.parametrize(("now", "seconds"), [(1000.0, 30.0), (1029.5, 0.5), (1030.0, None), (1031.0, None)])
def test_baking_has_an_end(now: float, seconds: float | None) -> None:
    assert change(Action.BAKE, now) == seconds


@pytest.mark.parametrize(("now", "seconds"), [(1000.0, 60.0), (1059.0, 1.0), (1060.0, None)])
def test_an_answer_is_waited_for_until_it_is_overdue(now: float, seconds: float | None) -> None:
    assert change(Action.COMPARE, now) == seconds


@pytest.mark.parametrize(("now", "seconds"), [(1000.0, 8.0), (1007.5, 0.5), (1008.0, None), (2000.0, None)])
def test_a_version_is_said_to_have_no_folder_after_a_while(now: float, seconds: float | None) -> None:
    assert change(Action.LOAD, now) == seconds


@pytest.mark.parametrize(
    ("now", "seconds"), [(1000.0, 60.0), (1059.0, 1.0), (1060.0, 3.0), (1062.5, 0.5), (1063.0, 3.0), (1066.0, None)]
)
def test_what_failed_is_dropped_comes_back_and_counts_again(now: float, seconds: float | None) -> None:
    assert change(Action.WITHDRAW, now, Failure(2, "bad", at=1000.0)) == seconds


def test_the_back_off_doubles_up_to_its_limit() -> None:
    assert change(Action.WITHDRAW, 1000.0, Failure(2, "bad", at=1000.0, attempts=3)) == 240.0
    assert change(Action.WITHDRAW, 1000.0, Failure(2, "bad", at=1000.0, attempts=99)) == 3600.0


def test_one_that_is_waited_for_without_end_does_not_count() -> None:
    step = Step(Action.COMPARE, "", Goal(ModelConfig("m", "/m", Specific((1,)))), memory=Memory(since=1000.0))
    assert next_change(step, replace(LIMITS, answer=math.inf), 1010.0) is None


def test_the_first_of_several_counts() -> None:
    early, late = Failure(2, "bad", at=1000.0), Failure(3, "bad", at=1000.0, attempts=2)
    assert change(Action.BAKE, 1020.0, late, early) == 10.0
    assert change(Action.DONE, 1020.0, late, early) == 40.0
