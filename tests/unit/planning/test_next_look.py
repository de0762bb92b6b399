"""How soon a TFModel is looked at again."""

from dataclasses import dataclass
from typing import Any

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import Action, Failure, Goal, Limits, Memory, Step
from tfs_operator.domain.surge import Surge
from tfs_operator.planning.next_look import FAST_SECONDS, LOADING_SECONDS, Situation, next_look

SLOW, DISCOVERY = 30.0, 5.0
LIMITS = Limits(bake=30.0, settle=3.0, back_off=60.0, absent=8.0)
MOVING = [Action.COMMIT, Action.LABEL, Action.RETIRE]
RESTING = [Action.FETCH, Action.DONE, Action.BAKE, Action.WITHDRAW, Action.WAIT]
NAMED = Specific((1,))
NO_SURGE = Surge()


def step(action: Action, since: float = 0.0, failures: tuple[Failure, ...] = (), **more: Any) -> Step:
    return Step(
        action,
        "",
        Goal(ModelConfig("m", "/m", NAMED)),
        memory=Memory(action=action, since=since, failures=failures),
        **more,
    )


ABSENT = step(Action.LOAD, absent={2: "no folder"})


@dataclass
class Asked:
    """Pass after pass, with what each leaves to the next; the steps' own clock is `now`."""

    slow: float = SLOW
    clock: float = 1000.0
    moving_since: float | None = None

    def next(
        self,
        *steps: Step,
        settled: bool = True,
        pods: int = 3,
        now: float = 1e6,
        policy: VersionPolicy = NAMED,
        fetched: Reason = Reason.NOTHING_TO_FETCH,
        surge: Surge = NO_SURGE,
        held: frozenset[str] = frozenset(),
        lags: bool = False,
    ) -> float:
        aspired = ModelServerConfig((ModelConfig("m0", "/m", NAMED), ModelConfig("m1", "/n", policy)))
        named = {f"m{number}": step for number, step in enumerate(steps)}
        situation = Situation(named, aspired, pods, settled, LIMITS, now, fetched, surge, held=held, lags=lags)
        look = next_look(situation, self.moving_since, self.slow, self.clock)
        self.moving_since = look.moving_since
        return look.seconds


class TestResting:
    @pytest.mark.parametrize("action", RESTING)
    def test_nothing_moves_so_it_is_slow(self, action: Action) -> None:
        assert Asked().next(step(action)) == SLOW

    def test_a_pod_that_is_not_in_step_gets_orders(self) -> None:
        """Without any for a while it would take traffic as it is."""
        assert Asked().next(step(Action.DONE), lags=True) == 1.0

    @pytest.mark.parametrize("policy", [Latest(1), All()])
    def test_what_the_server_may_find_by_itself_is_looked_for(self, policy: VersionPolicy) -> None:
        """A bad version has to be known before a pod restarts with it."""
        assert Asked().next(step(Action.DONE), policy=policy) == DISCOVERY
        assert Asked(slow=2.0).next(step(Action.DONE), policy=policy) == 2.0

    @pytest.mark.parametrize("action", [Action.FETCH, Action.WAIT, Action.DONE])
    @pytest.mark.parametrize(
        ("fetched", "seconds"),
        [
            (Reason.FETCHING, 1.0),
            (Reason.DEPLOYING, 1.0),
            (Reason.ACCESS_DENIED, DISCOVERY),
            (Reason.FETCHER_UNREACHABLE, DISCOVERY),
            (Reason.FETCHED, SLOW),
            (Reason.SCALED_TO_ZERO, SLOW),
        ],
    )
    def test_fetchers_are_asked_how_far_they_are(self, action: Action, fetched: Reason, seconds: float) -> None:
        assert Asked().next(step(action), fetched=fetched) == seconds

    def test_a_folder_that_may_appear_is_looked_for(self) -> None:
        assert Asked().next(ABSENT) == DISCOVERY


class TestHeld:
    """New versions of a model wait until a person has corrected rollout.verify."""

    def test_what_may_take_days_is_not_asked_for_often(self) -> None:
        assert Asked().next(step(Action.LOAD), held=frozenset({"m0"})) == DISCOVERY

    def test_a_model_that_is_served_waits_for_nothing(self) -> None:
        assert Asked().next(step(Action.DONE), held=frozenset({"m0"})) == SLOW

    def test_the_other_models_are_asked_for_as_ever(self) -> None:
        both = (step(Action.LOAD), step(Action.LOAD))
        assert Asked().next(*both, held=frozenset({"m0"})) == FAST_SECONDS


class TestMoving:
    @pytest.mark.parametrize("action", [Action.LOAD, *MOVING])
    def test_a_version_or_label_on_its_way_is_asked_for_often(self, action: Action) -> None:
        assert Asked().next(step(action)) == FAST_SECONDS

    @pytest.mark.parametrize("action", [Action.LOAD, *MOVING])
    def test_one_model_that_moves_is_enough(self, action: Action) -> None:
        assert Asked().next(step(Action.DONE), step(action)) == FAST_SECONDS

    @pytest.mark.parametrize("action", RESTING)
    def test_a_pod_that_does_not_show_what_it_was_told_is_watched(self, action: Action) -> None:
        """Else the status would hold what is unloaded as AVAILABLE until the next slow poll, though Ready is True."""
        assert Asked().next(step(action), settled=False) == FAST_SECONDS

    def test_a_large_fleet_is_asked_less_often(self) -> None:
        assert Asked().next(step(Action.LOAD), pods=100) == Asked().next(step(Action.LABEL), pods=100) == 1.0

    def test_a_load_has_a_timeout_of_its_own(self) -> None:
        asked = Asked()
        asked.next(step(Action.LOAD), settled=False)
        asked.clock += 599
        assert asked.next(step(Action.LOAD), settled=False) == FAST_SECONDS


class TestLoading:
    @pytest.mark.parametrize(
        ("took", "seconds"), [(0.0, LOADING_SECONDS), (1.0, 0.05), (2.0, 0.1), (4.0, FAST_SECONDS), (60, FAST_SECONDS)]
    )
    def test_the_label_of_a_short_load_does_not_wait_for_a_slow_look(self, took: float, seconds: float) -> None:
        assert Asked().next(step(Action.LOAD, since=1000.0), now=1000.0 + took) == pytest.approx(seconds)

    def test_the_youngest_of_several_loads_counts(self) -> None:
        old, young = step(Action.LOAD, since=1000.0), step(Action.LOAD, since=1060.0)
        assert Asked().next(old, young, now=1060.0) == Asked().next(young, old, now=1060.0) == LOADING_SECONDS

    def test_a_folder_that_is_missing_is_no_load(self) -> None:
        young = step(Action.LOAD, since=1000.0, absent={2: "no folder"})
        assert Asked().next(young, step(Action.LOAD, since=900.0), now=1000.0) == FAST_SECONDS

    def test_a_clock_that_was_set_back_makes_it_no_faster(self) -> None:
        assert Asked().next(step(Action.LOAD, since=1000.0), now=900.0) == LOADING_SECONDS

    def test_a_large_fleet_is_asked_less_often(self) -> None:
        assert Asked().next(step(Action.LOAD, since=1000.0), now=1000.0, pods=100) == 1.0


class TestWhatNeverEnds:
    @pytest.mark.parametrize("action", MOVING)
    def test_it_is_asked_slowly_after_two_minutes(self, action: Action) -> None:
        asked = Asked()
        asked.next(step(action), settled=False)
        asked.clock += 119
        assert asked.next(step(action), settled=False) == FAST_SECONDS
        asked.clock += 1
        assert asked.next(step(action), settled=False) == SLOW

    @pytest.mark.parametrize("rest", ["a rest", "forgotten"])
    def test_the_two_minutes_begin_anew_after_a_rest(self, rest: str) -> None:
        asked = Asked()
        asked.next(step(Action.LABEL))
        asked.clock += 121
        if rest == "forgotten":
            asked.moving_since = None
        else:
            asked.next(step(Action.DONE))
        assert asked.next(step(Action.LABEL)) == FAST_SECONDS

    @pytest.mark.parametrize("action", [Action.FETCH, Action.WAIT, Action.DONE])
    @pytest.mark.parametrize(
        ("fetched", "seconds"),
        [
            (Reason.FETCHING, 1.0),
            (Reason.DEPLOYING, 1.0),
            (Reason.ACCESS_DENIED, DISCOVERY),
            (Reason.FETCHER_UNREACHABLE, DISCOVERY),
            (Reason.FETCHED, SLOW),
            (Reason.SCALED_TO_ZERO, SLOW),
        ],
    )
    def test_fetchers_are_asked_how_far_they_are(self, action: Action, fetched: Reason, seconds: float) -> None:
        assert Asked().next(step(action), fetched=fetched) == seconds

    def test_a_folder_that_may_appear_is_looked_for_all_the_same(self) -> None:
        """A pod that is told of a version without a folder never shows it."""
        asked = Asked()
        asked.next(ABSENT, settled=False)
        asked.clock += 121
        assert asked.next(ABSENT, settled=False) == DISCOVERY

    def test_the_end_of_a_back_off_is_not_slept_through(self) -> None:
        """A version that a policy finds is tried again only when it is dropped in the three seconds for it."""
        asked = Asked()
        failing = step(Action.WITHDRAW, failures=(Failure(2, "bad", at=1000.0),))
        asked.next(failing, settled=False)
        asked.clock += 121
        assert asked.next(failing, settled=False, now=1050.0) == 10.0


class TestWhatTimeAloneChanges:
    @pytest.mark.parametrize(
        ("decided", "now", "seconds"),
        [
            (step(Action.BAKE, since=1000.0), 1010.0, 20.0),
            (step(Action.BAKE, since=1000.0), 1029.95, FAST_SECONDS),
            (step(Action.WITHDRAW, failures=(Failure(2, "bad", at=1000.0),)), 1050.0, 10.0),
            (step(Action.WITHDRAW, failures=(Failure(2, "bad", at=1000.0),)), 1000.0, SLOW),
        ],
    )
    def test_it_is_looked_at_in_time(self, decided: Step, now: float, seconds: float) -> None:
        assert Asked().next(step(Action.DONE), decided, now=now) == pytest.approx(seconds)


@pytest.mark.parametrize(("until", "seconds"), [(1e6 + 5, 5.0), (1e6 + 500, SLOW), (0.0, FAST_SECONDS)])
def test_it_is_no_later_than_an_old_pod_is_to_make_room(until: float, seconds: float) -> None:
    assert Asked().next(step(Action.DONE), surge=Surge(until=until)) == seconds
