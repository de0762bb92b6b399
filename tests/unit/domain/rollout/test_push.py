"""What one pod is told is always something that its server can take, that keeps its promises and leads to the goal."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.strategies import LABELS, VERSIONS, observed_model, wanted_model
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, END, ModelObservation, VersionStatus
from tfs_operator.domain.rollout import Action, Goal, Pod, Step, pod_config, server_config, settled

GOALS = st.builds(
    Goal,
    config=wanted_model("m"),
    keep_available=st.booleans(),
    lingering=st.frozensets(LABELS, max_size=2),
    given_up=st.frozensets(VERSIONS, max_size=3),
    fallback=st.none() | st.sets(VERSIONS, min_size=1, max_size=2).map(lambda found: Specific(tuple(sorted(found)))),
)
any_case = settings(deadline=None, max_examples=100)


def aim(aspired: ModelConfig) -> Goal:
    """A goal without a condition. `latest` with labels is never one: it is served by name."""
    return Goal(replace(aspired, labels={}) if isinstance(aspired.policy, Latest) else aspired)


def failing(seen: ModelObservation) -> ModelObservation:
    """What has ended has ended with an error."""
    versions = tuple(replace(s, error_code="INTERNAL") if s.state == END else s for s in seen.versions)
    return replace(seen, versions=versions)


SEEN = observed_model() | observed_model().map(failing)


def told(goal: Goal, seen: ModelObservation) -> ModelConfig:
    config = pod_config(goal, Pod("p", seen))
    assert config is not None
    return config


def obeyed(config: ModelConfig) -> ModelObservation:
    """What a server answers once it follows `config` and every version that it was asked for exists, from 0 to 5."""
    numbers = config.policy.versions if isinstance(config.policy, Specific) else range(6)
    return ModelObservation(tuple(VersionStatus(number, AVAILABLE) for number in numbers), dict(config.labels))


class TestProperties:
    @given(GOALS, SEEN)
    @any_case
    def test_no_label_is_on_a_version_that_is_not_available(self, goal: Goal, seen: ModelObservation) -> None:
        """Else the server refuses the whole configuration."""
        assert set(told(goal, seen).labels.values()) <= seen.available

    @given(GOALS, SEEN)
    @any_case
    def test_no_version_goes_while_a_label_is_kept_on_it(self, goal: Goal, seen: ModelObservation) -> None:
        """A server that follows `latest` unloads what has a label: told with labels, it is told versions by name."""
        config = told(goal, seen)
        if isinstance(config.policy, Specific):
            assert set(config.labels.values()) <= set(config.policy.versions)
        assert not (isinstance(config.policy, Latest) and config.labels)

    @given(GOALS, SEEN)
    @any_case
    def test_a_label_that_is_answered_and_wanted_is_never_taken_away(self, goal: Goal, seen: ModelObservation) -> None:
        kept = goal.config.labels.keys() | goal.lingering
        assert told(goal, seen).labels.keys() >= kept & seen.labels.keys()

    @given(GOALS, SEEN)
    @any_case
    def test_no_label_is_invented(self, goal: Goal, seen: ModelObservation) -> None:
        config = told(goal, seen)
        assert config.labels.keys() <= goal.config.labels.keys() | (goal.lingering & seen.labels.keys())
        assert (config.name, config.base_path) == (goal.config.name, goal.config.base_path)

    @given(GOALS, SEEN)
    @any_case
    def test_something_that_is_available_stays(self, goal: Goal, seen: ModelObservation) -> None:
        """Told of versions without a folder only, a server unloads all."""
        config = told(goal, seen)
        if isinstance(config.policy, Specific) and seen.available:
            assert seen.available & set(config.policy.versions)
            kept = seen.available - goal.given_up
            assert not goal.keep_available or kept <= set(config.policy.versions)

    @given(GOALS, SEEN)
    @any_case
    def test_a_wanted_version_is_asked_for_at_once_unless_it_is_given_up_there(
        self, goal: Goal, seen: ModelObservation
    ) -> None:
        config = told(goal, seen)
        if isinstance(goal.config.policy, Specific):
            assert isinstance(config.policy, Specific)
            failed = {status.version for status in seen.versions if status.failed} & goal.given_up
            assert set(config.policy.versions) >= set(goal.config.policy.versions) - failed
            assert list(config.policy.versions) == sorted(set(config.policy.versions))

    @given(GOALS, SEEN)
    @any_case
    def test_what_is_given_up_is_dropped_where_it_failed_unless_nothing_else_is_left(
        self, goal: Goal, seen: ModelObservation
    ) -> None:
        config = told(goal, seen)
        failed = {status.version for status in seen.versions if status.failed} & goal.given_up
        if isinstance(config.policy, Specific) and set(config.policy.versions) - failed:
            assert not failed & set(config.policy.versions)

    @given(wanted_model("m").map(aim), SEEN)
    @any_case
    def test_a_server_that_does_as_it_is_told_ends_up_settled(self, goal: Goal, seen: ModelObservation) -> None:
        """Two pushes at the most: one that loads, one that moves the labels and drops what is left over."""
        for _ in range(2):
            seen = obeyed(told(goal, seen))
        config = told(goal, seen)
        assert config.labels == goal.config.labels
        assert not isinstance(goal.config.policy, Specific) or config == goal.config
        assert settled(ModelServerConfig((config,)), {"m": seen})

    @given(GOALS, SEEN)
    @any_case
    def test_only_a_pod_that_starts_is_let_be(self, goal: Goal, seen: ModelObservation) -> None:
        promised = replace(goal, promised=frozenset(goal.config.labels), starting=frozenset({"other"}))
        assert pod_config(promised, Pod("p", seen)) is not None


def named(labels: dict[str, int], *versions: int) -> ModelConfig:
    return ModelConfig("m", "/m", Specific(versions) if versions else Latest(1), labels)


def answers(labels: dict[str, int], **states: str) -> ModelObservation:
    """`v1="AVAILABLE"` is version 1."""
    return ModelObservation(tuple(VersionStatus(int(name[1:]), state) for name, state in states.items()), labels)


class TestCanary:
    """The steps of the README's story, one by one."""

    WANTED = Goal(named({"stable": 1, "canary": 2}, 1, 2))

    def test_first_the_new_version_is_loaded_and_no_label_moves(self) -> None:
        assert told(self.WANTED, answers({"stable": 1}, v1=AVAILABLE)) == named({"stable": 1}, 1, 2)

    def test_while_it_loads_nothing_else_is_said(self) -> None:
        assert told(self.WANTED, answers({"stable": 1}, v1=AVAILABLE, v2="LOADING")) == named({"stable": 1}, 1, 2)

    def test_then_the_label_is_set(self) -> None:
        assert told(self.WANTED, answers({"stable": 1}, v1=AVAILABLE, v2=AVAILABLE)) == self.WANTED.config

    def test_a_promotion_keeps_the_old_version_until_the_label_has_moved(self) -> None:
        promoted = Goal(named({"stable": 3}, 3))
        assert told(promoted, answers({"stable": 2}, v2=AVAILABLE, v3="LOADING")) == named({"stable": 2}, 2, 3)
        assert told(promoted, answers({"stable": 2}, v2=AVAILABLE, v3=AVAILABLE)) == promoted.config

    def test_a_label_that_is_no_longer_wanted_goes_at_once(self) -> None:
        seen = answers({"stable": 1, "canary": 2}, v1=AVAILABLE, v2=AVAILABLE)
        assert told(Goal(named({"stable": 1}, 1)), seen) == named({"stable": 1}, 1)

    def test_a_label_that_lingers_stays_where_it_is_answered(self) -> None:
        goal = Goal(named({"stable": 1}, 1), lingering=frozenset({"canary", "next"}))
        assert told(goal, answers({"canary": 2}, v1=AVAILABLE, v2=AVAILABLE)) == named({"canary": 2, "stable": 1}, 1, 2)

    def test_with_a_policy_a_label_waits_for_its_version_and_versions_are_named_then(self) -> None:
        goal = Goal(named({"stable": 2}))
        assert told(goal, answers({}, v1=AVAILABLE)) == named({})
        assert told(goal, answers({}, v1=AVAILABLE, v2=AVAILABLE)) == named({"stable": 2}, 1, 2)

    def test_a_pod_behind_the_newest_good_version_is_told_of_it_by_name(self) -> None:
        goal = Goal(named({}), fallback=Specific((3,)))
        assert told(goal, answers({}, v2=AVAILABLE)) == named({}, 2, 3)
        assert told(goal, answers({}, v3=AVAILABLE)) == named({})


class TestGivenUp:
    SEEN = failing(answers({"stable": 1}, v1=AVAILABLE, v2=END))

    def test_a_version_is_dropped_where_it_failed_and_nowhere_else(self) -> None:
        goal = Goal(named({"stable": 1}, 1, 2), given_up=frozenset({2}))
        assert told(goal, self.SEEN) == named({"stable": 1}, 1)
        assert told(goal, answers({"stable": 1}, v1=AVAILABLE, v2="LOADING")) == named({"stable": 1}, 1, 2)
        assert told(goal, answers({"stable": 1}, v1=AVAILABLE, v2=END)) == named({"stable": 1}, 1, 2)

    def test_a_server_is_never_told_of_no_version_at_all(self) -> None:
        goal = Goal(named({}, 2), given_up=frozenset({2}))
        assert told(goal, failing(answers({}, v2=END))) == named({}, 2)


class TestComingUp:
    """A pod that is starting may have read an old ConfigMap: a push could take a label away that comes to life."""

    GOAL = Goal(named({"stable": 1}, 1), promised=frozenset({"stable"}), starting=frozenset({"p"}))
    LOADING = answers({}, v1="LOADING")

    @pytest.mark.parametrize("state", ["START", "LOADING"])
    def test_it_is_let_be_while_a_promised_label_waits_for_its_version(self, state: str) -> None:
        assert pod_config(self.GOAL, Pod("p", answers({}, v1=state))) is None

    @pytest.mark.parametrize(
        ("goal", "seen"),
        [
            (replace(GOAL, starting=frozenset()), LOADING),
            (replace(GOAL, promised=frozenset()), LOADING),
            (GOAL, answers({}, v1=END)),
            (GOAL, answers({}, v1=AVAILABLE, v2="LOADING")),
            (GOAL, answers({"stable": 2}, v1="LOADING", v2=AVAILABLE)),
        ],
    )
    def test_else_it_is_told(self, goal: Goal, seen: ModelObservation) -> None:
        assert pod_config(goal, Pod("p", seen)) is not None


STEPS = {
    "m": Step(Action.DONE, "", TestComingUp.GOAL),
    "n": Step(Action.DONE, "", Goal(ModelConfig("n", "/n", Specific((2,))))),
}


class TestSeveralModels:
    def test_they_are_told_together_in_their_order(self) -> None:
        seen = answers({}, v1=AVAILABLE)
        config = server_config(STEPS, {name: Pod("p", seen) for name in STEPS})
        assert config is not None
        assert [model.name for model in config.models] == ["m", "n"]
        assert config.models[0] == named({"stable": 1}, 1)

    def test_one_that_must_not_be_disturbed_holds_back_the_push(self) -> None:
        seen = {"m": TestComingUp.LOADING, "n": answers({}, v2=AVAILABLE)}
        assert server_config(STEPS, {name: Pod("p", seen[name]) for name in seen}) is None
