"""The memory of a rollout goes into the status and comes back; what cannot be read is forgotten."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.domain import rollout_status
from tfs_operator.domain.history import Announced
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import Action, Cause, Failure, Goal, LoadOrder, Memory, Step, Trial

VERSIONS = st.integers(0, 2**63 - 1)
TIMES = st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)
FAILURES = st.builds(
    Failure,
    version=VERSIONS,
    message=st.text(max_size=50),
    at=TIMES,
    attempts=st.integers(1, 20),
    cause=st.sampled_from(Cause),
    content=st.text("0123456789abcdef", max_size=16),
    replaced_at=st.none() | TIMES,
)
PODS = st.text("abc-", min_size=1, max_size=20)
MEMORIES = st.builds(
    Memory,
    spec_hash=st.text("0123456789abcdef", max_size=16),
    action=st.sampled_from(Action),
    since=TIMES,
    failures=st.lists(FAILURES, max_size=3).map(tuple),
    waiting=st.lists(st.tuples(VERSIONS, TIMES), max_size=3).map(tuple),
    proven=st.booleans(),
    began=TIMES,
    trial=st.none() | st.builds(Trial, VERSIONS, PODS, TIMES, st.none() | TIMES),
    orders=st.lists(st.builds(LoadOrder, VERSIONS, PODS, st.integers(0, 1000)), max_size=3).map(tuple),
    approved=st.frozensets(VERSIONS, max_size=3),
)
LABELS = st.dictionaries(st.text("abc", min_size=1), VERSIONS, max_size=3)
TOLD = st.builds(Announced, LABELS, st.frozensets(VERSIONS), st.frozensets(VERSIONS, max_size=64))
GOAL = Goal(ModelConfig("m", "/m", Specific((1,))))


def step(memory: Memory, message: str = "") -> Step:
    return Step(memory.action or Action.DONE, message, GOAL, memory=memory)


def written(memory: Memory, told: Announced = Announced(), message: str = "") -> dict[str, Any]:  # noqa: B008  # a frozen value
    """The status as it is stored."""
    rollout = rollout_status.rollout_status(step(memory, message), told)
    return {"models": [{"name": "m", "rollout": rollout.model_dump(mode="json", by_alias=True)}]}


@given(MEMORIES, TOLD, st.text(max_size=50))
def test_it_comes_back_as_it_went_in(memory: Memory, told: Announced, message: str) -> None:
    rollout = rollout_status.rollouts(written(memory, told, message))["m"]
    assert rollout_status.memory(rollout) == memory
    assert rollout_status.reported(rollout) == told
    assert rollout.message == message


@given(MEMORIES, TOLD)
def test_what_came_back_is_written_as_it_was(memory: Memory, told: Announced) -> None:
    """Else a status would change by being read and written."""
    status = written(memory, told)
    rollout = rollout_status.rollouts(status)["m"]
    assert written(rollout_status.memory(rollout), rollout_status.reported(rollout)) == status


class TestWhatCannotBeRead:
    GOOD = written(Memory("w", Action.LOAD))["models"][0]["rollout"]

    @pytest.mark.parametrize(
        "rollout",
        [
            None,
            {},
            "Load",
            {**GOOD, "step": "Dance"},
            {**GOOD, "since": 7},
            {**GOOD, "failures": [{"version": -1, "at": "x"}]},
            {**GOOD, "failures": None, "awaited": 1},
            {**GOOD, "fromTheFuture": True},
            {key: value for key, value in GOOD.items() if key != "since"},
        ],
    )
    def test_it_is_forgotten_and_the_others_are_not(self, rollout: object) -> None:
        status = {"models": [{"name": "bad", "rollout": rollout}, {"name": "good", "rollout": self.GOOD}]}
        assert list(rollout_status.rollouts(status)) == ["good"]

    @pytest.mark.parametrize("status", [{}, {"models": None}, {"models": []}, {"models": [{"name": "m"}]}])
    def test_a_status_without_rollouts_remembers_nothing(self, status: dict[str, Any]) -> None:
        assert rollout_status.rollouts(status) == {}

    def test_a_time_that_is_none_was_long_ago(self) -> None:
        rollout = rollout_status.rollouts({"models": [{"name": "m", "rollout": {**self.GOOD, "since": "today"}}]})["m"]
        assert rollout_status.memory(rollout).since == 0.0


class TestBounds:
    """The API server refuses a status that is too long, and then nothing would be written at all."""

    def test_of_very_many_versions_the_newest_are_kept(self) -> None:
        memory = Memory(
            action=Action.LOAD,
            failures=tuple(Failure(version, "bad", 1.0) for version in range(100)),
            waiting=tuple((version, 1.0) for version in range(100)),
        )
        rollout = rollout_status.rollouts(written(memory, Announced(versions=frozenset(range(300)))))["m"]
        assert [failure.version for failure in rollout.failures] == list(range(36, 100))
        assert [awaited.version for awaited in rollout.awaited] == list(range(36, 100))
        assert rollout.reported.versions == list(range(44, 300))

    def test_long_messages_are_cut(self) -> None:
        memory = Memory(action=Action.LOAD, failures=(Failure(1, "x" * 9999, 1.0),))
        rollout = rollout_status.rollouts(written(memory, message="x" * 9999))["m"]
        assert (len(rollout.message), len(rollout.failures[0].message)) == (2000, 2000)


class TestResumed:
    """While no operator ran, nobody counted: what is being loaded has its whole time again."""

    KEPT = Memory("w", Action.LOAD, 100.0, (Failure(3, "bad", 50.0),), ((2, 110.0), (4, 120.0)), began=90.0)

    def test_a_load_and_what_is_waited_for_begin_anew_and_nothing_else(self) -> None:
        expected = replace(self.KEPT, since=900.0, waiting=((2, 900.0), (4, 900.0)))
        assert rollout_status.resumed(self.KEPT, 900.0) == expected

    @pytest.mark.parametrize("action", [Action.FETCH, Action.TRY])
    def test_what_is_being_fetched_or_tried_begins_anew(self, action: Action) -> None:
        assert rollout_status.resumed(replace(self.KEPT, action=action), 900.0).since == 900.0

    @pytest.mark.parametrize("action", [action for action in Action if not action.traits.loading])
    def test_another_step_goes_on(self, action: Action) -> None:
        assert rollout_status.resumed(replace(self.KEPT, action=action), 900.0).since == 100.0


WRITTEN_BY_0_2_0 = {key: value for key, value in TestWhatCannotBeRead.GOOD.items() if key != "specHash"}


class TestWhatOlderReleasesWrote:
    """0.1.0 and 0.2.0 called the hash of the spec `wish`; the API server drops it once the new CRD is there."""

    def read(self, rollout: dict[str, Any]) -> Memory:
        found = rollout_status.rollouts({"models": [{"name": "mnist", "rollout": rollout}]})
        return rollout_status.memory(found["mnist"])

    def test_the_hash_is_read_by_its_old_name(self) -> None:
        assert self.read({**WRITTEN_BY_0_2_0, "wish": "0123456789abcdef"}).spec_hash == "0123456789abcdef"

    def test_without_it_everything_else_is_kept(self) -> None:
        assert self.read(WRITTEN_BY_0_2_0) == Memory("", Action.LOAD)
