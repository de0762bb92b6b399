"""Loading versions beside those that are committed."""

from dataclasses import replace

from tests.unit.domain.rollout.policies.views import NOW, named, pod, view
from tfs_operator.domain.model_config import Specific
from tfs_operator.domain.rollout import Action
from tfs_operator.domain.rollout.policies.load import load

GOAL = named(2, stable=2)
COMMITTED = named(1, stable=1)


def test_what_is_committed_stays_beside_what_is_loaded_and_labels_stay_where_they_are() -> None:
    step = load(view(GOAL, COMMITTED, pod("a", 1, stable=1)), GOAL)
    assert step is not None
    assert (step.action, step.commit) == (Action.LOAD, None)
    assert (step.goal.config.policy, step.goal.config.labels) == (Specific((1, 2)), {"stable": 1})


def test_it_says_on_how_many_pods_the_version_is_missing() -> None:
    step = load(view(GOAL, COMMITTED, pod("a", 1, 2), pod("b", 1, loading=[2])), GOAL)
    assert step is not None
    assert "on 1 of 2 pods (b)" in step.message


def test_a_version_on_its_way_from_the_store_is_fetched_first() -> None:
    behind = replace(pod("a", 1), arriving={2: "version 2 is being fetched"})
    step = load(view(GOAL, COMMITTED, behind), GOAL)
    assert step is not None
    assert (step.action, step.message) == (Action.FETCH, "version 2 is being fetched")
    assert step.goal.config.policy == Specific((1, 2))


def test_a_folder_that_no_server_finds_is_reported_after_a_while() -> None:
    early = load(view(GOAL, COMMITTED, pod("a", 1), action=Action.LOAD, since=NOW - 7), GOAL)
    late = load(view(GOAL, COMMITTED, pod("a", 1), action=Action.LOAD, since=NOW - 8), GOAL)
    assert early is not None
    assert late is not None
    assert (early.absent, list(late.absent)) == ({}, [2])


def test_a_folder_is_missed_by_no_server_that_was_too_busy_to_be_told_of_it() -> None:
    for heard_for, absent in ((0.0, []), (7.0, []), (8.0, [2])):
        pods = pod("a", 1), replace(pod("b", 1), heard_for=heard_for)
        step = load(view(GOAL, COMMITTED, *pods, action=Action.LOAD, since=NOW - 600), GOAL)
        assert step is not None
        assert list(step.absent) == absent


def test_nothing_is_left_to_load() -> None:
    assert load(view(GOAL, COMMITTED, pod("a", 1, 2), pod("b", 1, 2)), GOAL) is None
