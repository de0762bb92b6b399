"""How long whole rollouts took."""

from tests.unit.planning.passes import at
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics.rollouts import RolloutTimes
from tfs_operator.domain.rollout import Action, Memory

KEY = TFModelKey("ml", "mnist")
DONE, LOAD, LABEL, BAKE = Action.DONE, Action.LOAD, Action.LABEL, Action.BAKE


def seconds(*passes: list[Memory], times: RolloutTimes | None = None) -> list[float]:
    times = times or RolloutTimes()
    return [ended for taken in passes for ended in times.ended(KEY, "mnist", taken)]


def test_from_the_first_step_to_the_end_over_several_passes() -> None:
    assert seconds([at(DONE, 0), at(LOAD, 100)], [at(LOAD, 100), at(LABEL, 103)], [at(LABEL, 103), at(DONE, 104)]) == [
        4
    ]


def test_in_one_pass() -> None:
    assert seconds([at(DONE, 0), at(LABEL, 10), at(DONE, 11)]) == [1]


def test_the_time_to_bake_does_not_count_since_all_is_served() -> None:
    assert seconds([at(DONE, 0), at(LOAD, 10), at(BAKE, 15)], [at(BAKE, 15), at(Action.RETIRE, 99), at(DONE, 100)]) == [
        5
    ]


def test_another_wish_on_the_way_starts_the_clock_anew() -> None:
    assert seconds([at(DONE, 0), at(LOAD, 10)], [at(LOAD, 10), at(LOAD, 50, "x")], [at(DONE, 52, "x")]) == [2]


def test_a_wish_that_was_given_up_for_what_is_served_is_no_rollout() -> None:
    assert seconds([at(DONE, 0), at(LOAD, 10)], [at(LOAD, 10), at(DONE, 12, "x")]) == []


def test_pods_that_start_are_no_rollout() -> None:
    assert seconds([Memory(), at(Action.WAIT, 10)], [at(Action.WAIT, 10), at(DONE, 70)]) == []
    assert seconds([at(DONE, 0), at(LOAD, 10), at(Action.WAIT, 20), at(LOAD, 90), at(DONE, 92)]) == [2]


def test_a_restarted_operator_counts_from_the_step_that_it_finds() -> None:
    assert seconds([at(LABEL, 100)], [at(LABEL, 100), at(DONE, 101)]) == [1]


def test_a_clock_that_went_backwards_gives_no_negative_time() -> None:
    assert seconds([at(LOAD, 100), at(DONE, 90)]) == [0]


def test_what_is_forgotten_does_not_end() -> None:
    times = RolloutTimes()
    assert seconds([at(LOAD, 100)], times=times) == []
    times.forget(KEY)
    assert seconds([at(DONE, 101)], times=times) == []
