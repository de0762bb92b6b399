"""What is told of a rollout: every kind of line, each once."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tfs_operator.domain.history import Announced, Inputs, RolloutEvent, What, rollout_events
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.model_status import agreed_labels
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, VersionStatus
from tfs_operator.domain.rollout import Action, Failure, Goal, Memory, Step, Trial

BEGAN = 1000.0


def serves(*versions: int, **labels: int) -> ModelObservation:
    return ModelObservation(tuple(VersionStatus(version, AVAILABLE) for version in versions), labels)


def step(action: Action = Action.DONE, message: str = "", failures: tuple[Failure, ...] = (), **more: Any) -> Step:
    goal = Goal(ModelConfig("m", "/m", Specific((1,)), {"stable": 1}))
    return Step(action, message, goal, memory=Memory(action=action, began=BEGAN, failures=failures), **more)


@dataclass
class Story:
    """A model of three replicas, looked at again and again."""

    told: Announced = field(default_factory=Announced)
    before: Memory = field(default_factory=Memory)
    replicas: int = 3

    def goes_on(self, *pods: ModelObservation, at: float = BEGAN, step: Step = step()) -> list[tuple[What, str]]:  # noqa: B008  # a frozen value
        scene = Inputs(self.told, self.before, step, pods, self.replicas, at)
        news, self.told = rollout_events(scene, agreed_labels(pods))
        self.before = step.memory
        return [(happening.what, happening.note) for happening in news]


def serving(*versions: int, **labels: int) -> Story:
    """All that the pods serve was told."""
    return Story(Announced(labels, frozenset(versions)))


class TestVersions:
    def test_one_is_told_once_when_every_pod_has_it(self) -> None:
        story = serving(1)
        assert story.goes_on(serves(1, 2), serves(1, 2), serves(1)) == []
        assert story.goes_on(*[serves(1, 2)] * 3, at=1004.25) == [
            (What.VERSION_AVAILABLE, "version 2 AVAILABLE on 3/3 pods in 4.2 s")
        ]
        assert story.goes_on(*[serves(1, 2)] * 3) == []

    def test_its_time_begins_when_some_pod_was_first_seen_to_have_or_load_it(self) -> None:
        story = replace(serving(1), before=Memory(waiting=((2, 1003.0),)))
        assert story.goes_on(*[serves(1, 2)] * 3, at=1003.5) == [
            (What.VERSION_AVAILABLE, "version 2 AVAILABLE on 3/3 pods in 0.50 s")
        ]

    @pytest.mark.parametrize("at", [BEGAN + 3600, BEGAN - 1])
    def test_what_has_been_so_for_long_only_came_back(self, at: float) -> None:
        assert serving(1).goes_on(*[serves(1, 2)] * 3, at=at) == [
            (What.VERSION_AVAILABLE, "version 2 AVAILABLE on 3/3 pods")
        ]

    def test_one_that_is_missing_on_a_pod_for_a_moment_is_not_told_again(self) -> None:
        story = serving(1, 2)
        assert story.goes_on(serves(1, 2), serves(1), serves(1, 2)) == []
        assert story.goes_on(*[serves(1, 2)] * 3) == []

    def test_one_that_the_only_pod_loads_again_is_not_retired(self) -> None:
        """A server that restarts opens its ports with the first version."""
        story = replace(serving(1, 2), replicas=1)
        starting = ModelObservation((VersionStatus(1, AVAILABLE), VersionStatus(2, "LOADING")))
        assert story.goes_on(starting) == []
        assert story.goes_on(serves(1, 2)) == []

    def test_one_is_retired_when_no_pod_has_it_any_more(self) -> None:
        story = serving(1, 2)
        assert story.goes_on(serves(2), serves(2), serves(1, 2)) == []
        assert story.goes_on(*[serves(2)] * 3) == [(What.VERSION_RETIRED, "version 1 unloaded from 3/3 pods")]
        assert story.goes_on(*[serves(2)] * 3) == []

    def test_one_that_was_retired_and_comes_back_is_told_again(self) -> None:
        story = serving(1, 2)
        story.goes_on(*[serves(2)] * 3)
        [(what, _)] = story.goes_on(*[serves(1, 2)] * 3)
        assert what is What.VERSION_AVAILABLE


class TestLabels:
    def test_a_new_one_is_told_once_when_every_pod_answers_it(self) -> None:
        story = serving(1, stable=1)
        one_by_one = [serves(1, stable=1, canary=1), serves(1, stable=1), serves(1, stable=1)]
        assert story.goes_on(*one_by_one) == []
        assert story.goes_on(*[serves(1, stable=1, canary=1)] * 3, at=1000.8) == [
            (What.LABEL_MOVED, "canary → 1 on 3/3 pods in 0.80 s")
        ]
        assert story.goes_on(*[serves(1, stable=1, canary=1)] * 3) == []

    def test_one_that_moves_is_told_with_where_it_was(self) -> None:
        story = serving(1, 2, stable=1)
        assert story.goes_on(serves(1, 2, stable=2), serves(1, 2, stable=1), serves(1, 2, stable=2)) == []
        assert story.goes_on(*[serves(1, 2, stable=2)] * 3, at=1012.0) == [
            (What.LABEL_MOVED, "stable 1 → 2 on 3/3 pods in 12.0 s")
        ]

    def test_one_on_version_zero_is_a_label(self) -> None:
        assert serving(0, 1, stable=0).goes_on(*[serves(0, 1, stable=1)] * 3) == [
            (What.LABEL_MOVED, "stable 0 → 1 on 3/3 pods in 0.00 s")
        ]

    def test_one_that_is_missing_on_a_pod_for_a_moment_is_not_told_again(self) -> None:
        """A pod that restarts, or joins, answers it a little later."""
        story = serving(1, stable=1)
        assert story.goes_on(serves(1, stable=1), serves(1), serves(1, stable=1)) == []
        assert story.goes_on(*[serves(1, stable=1)] * 3) == []

    def test_one_that_is_wanted_and_that_the_only_pod_does_not_answer_yet_is_not_removed(self) -> None:
        story = replace(serving(1, 2, stable=1), replicas=1)
        assert story.goes_on(serves(2)) == [(What.VERSION_RETIRED, "version 1 unloaded from 1/1 pods")]
        assert story.goes_on(serves(2, stable=1)) == []

    def test_one_is_removed_when_it_is_not_wanted_and_no_pod_answers_it_any_more(self) -> None:
        story = serving(1, stable=1, canary=1)
        assert story.goes_on(serves(1, stable=1), serves(1, stable=1, canary=1), serves(1, stable=1)) == []
        assert story.goes_on(*[serves(1, stable=1)] * 3) == [(What.LABEL_REMOVED, "canary no longer answers (was 1)")]
        assert story.goes_on(*[serves(1, stable=1)] * 3) == []


class TestFailures:
    BAD = Failure(2, "version 2 on pod b: NOT_FOUND: no saved_model.pb", at=1001.0)

    def test_one_is_told_once_with_what_goes_on(self) -> None:
        story, failing = serving(1, stable=1), step(Action.WITHDRAW, failures=(self.BAD,))
        assert story.goes_on(*[serves(1, stable=1)] * 3, step=failing) == [
            (What.VERSION_FAILED, f"{self.BAD.message}; labels stay: stable → 1")
        ]
        assert story.goes_on(*[serves(1, stable=1)] * 3, step=failing) == []

    def test_one_that_is_tried_again_and_fails_again_is_another(self) -> None:
        story = serving(1)
        story.goes_on(*[serves(1)] * 3, step=step(failures=(self.BAD,)))
        again = replace(self.BAD, at=1070.0, attempts=2)
        assert [what for what, _ in story.goes_on(*[serves(1)] * 3, step=step(failures=(again,)))] == [
            What.VERSION_FAILED
        ]

    def test_without_labels_what_was_served_goes_on(self) -> None:
        goal = Goal(ModelConfig("m", "/m", Specific((1,))))
        failing = replace(step(Action.WITHDRAW, failures=(self.BAD,)), goal=goal)
        assert serving(1).goes_on(*[serves(1)] * 3, step=failing) == [
            (What.VERSION_FAILED, f"{self.BAD.message}; what was served goes on")
        ]

    def test_it_does_not_wait_for_all_replicas(self) -> None:
        story, failing = Story(), step(Action.WITHDRAW, failures=(self.BAD,))
        assert [what for what, _ in story.goes_on(serves(1), step=failing)] == [What.VERSION_FAILED]
        assert story.goes_on(serves(1), step=failing) == []

    def test_a_version_without_a_folder_is_told_once(self) -> None:
        """Also where the step had its words before, as one pod's agent may see it before another pod's server does."""
        story, absent = serving(1), step(Action.LOAD, "version 2: no folder", absent={2: "version 2: no folder"})
        assert story.goes_on(*[serves(1)] * 3, step=step(Action.LOAD, "version 2: no folder")) == []
        assert story.goes_on(*[serves(1)] * 3, step=absent) == [(What.VERSION_NOT_FOUND, "version 2: no folder")]
        assert story.goes_on(*[serves(1)] * 3, step=absent) == []
        assert story.goes_on(*[serves(1, 2)] * 3, step=step())[0][0] is What.VERSION_AVAILABLE
        assert story.goes_on(*[serves(1)] * 3, step=absent)[0] == (What.VERSION_NOT_FOUND, "version 2: no folder")


class TestTheBeginning:
    def test_the_first_lines_wait_for_all_replicas(self) -> None:
        story = Story()
        assert story.goes_on(serves(1, stable=1)) == []
        assert story.goes_on(serves(1, stable=1), serves(1, stable=1)) == []
        assert story.goes_on(*[serves(1, stable=1)] * 3, at=1002.0) == [
            (What.VERSION_AVAILABLE, "version 1 AVAILABLE on 3/3 pods in 2.0 s"),
            (What.LABEL_MOVED, "stable → 1 on 3/3 pods in 2.0 s"),
        ]

    def test_later_ones_are_told_for_the_pods_that_are_there(self) -> None:
        """One replica may be away for long."""
        assert serving(1).goes_on(*[serves(1, 2)] * 2, at=1002.0) == [
            (What.VERSION_AVAILABLE, "version 2 AVAILABLE on 2/3 pods in 2.0 s")
        ]

    def test_a_pod_more_than_there_should_be_counts(self) -> None:
        story = replace(serving(1), replicas=1)
        assert story.goes_on(*[serves(1, 2)] * 2, at=1002.0) == [
            (What.VERSION_AVAILABLE, "version 2 AVAILABLE on 2/2 pods in 2.0 s")
        ]

    def test_without_pods_nothing_is_told_and_nothing_forgotten(self) -> None:
        story = serving(1, stable=1)
        assert story.goes_on() == []
        assert story.goes_on(*[serves(1, stable=1)] * 3) == []


def test_a_promotion_reads_as_a_history() -> None:
    """Loaded, labelled, retired: also when one look sees all of it."""
    news = serving(1, canary=1, stable=1).goes_on(*[serves(2, stable=2)] * 3, at=1000.5)
    assert news == [
        (What.VERSION_AVAILABLE, "version 2 AVAILABLE on 3/3 pods in 0.50 s"),
        (What.LABEL_REMOVED, "canary no longer answers (was 1)"),
        (What.LABEL_MOVED, "stable 1 → 2 on 3/3 pods in 0.50 s"),
        (What.VERSION_RETIRED, "version 1 unloaded from 3/3 pods"),
    ]


BAD = {What.VERSION_FAILED, What.VERSION_NOT_FOUND, What.EXTRA_POD_MISSING}


def test_what_needs_a_person_is_bad() -> None:
    assert {what for what in What if RolloutEvent(what, "").is_bad} == BAD


def test_a_trial_that_goes_on_without_its_own_pod_is_told_once() -> None:
    tried = replace(step(Action.TRY, without_extra="no room", trial=Trial(2, "a", BEGAN + 60)))
    tried = replace(tried, memory=replace(tried.memory, trial=tried.trial))
    story = replace(serving(1), before=Memory(trial=Trial(2, "", BEGAN)))
    told = [(What.EXTRA_POD_MISSING, "version 2 is tried on pod a, which clients use: no room")]
    assert story.goes_on(*[serves(1)] * 3, step=tried) == told
    assert story.goes_on(*[serves(1)] * 3, step=tried) == []
