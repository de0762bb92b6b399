"""Trying a new version on one pod before the others get it."""

from dataclasses import replace
from typing import Any

from tests.unit.domain.rollout.policies.views import LIMITS, NOW, named, pod, view
from tfs_operator.domain.rollout import Action, Pod, Trial
from tfs_operator.domain.rollout.policies.try_first import try_first
from tfs_operator.domain.rollout.view import View
from tfs_operator.domain.verification import Outcome, Probed

GOAL = named(1, 2, stable=1, canary=2)
COMMITTED = named(1, stable=1)
TRIAL = replace(LIMITS, trial=3.0, asks=True)
GOOD = {2: Probed(Outcome.GOOD)}


def tried(*pods: Pod, limits: Any = TRIAL, living: frozenset[str] = frozenset(), **remembered: Any) -> View:
    """The view of a fleet whose spec has the new version 2."""
    before = view(GOAL, COMMITTED, *pods, **remembered)
    fleet = replace(before.facts.fleet, living=living)
    return View(replace(before.facts, limits=limits, fleet=fleet), GOAL, COMMITTED)


def trial(pod_name: str = "a", *, available_at: float | None = None) -> Trial:
    return Trial(2, pod_name, NOW - 5, available_at)


def test_no_server_is_told_before_the_trial_is_in_the_status() -> None:
    step = try_first(tried(pod("a", 1), pod("b", 1)), GOAL)
    assert step is not None
    assert (step.action, step.trial, step.goal.reserved) == (Action.TRY, Trial(2, "a", NOW), {2: ""})


def test_then_one_pod_is_told() -> None:
    step = try_first(tried(pod("a", 1), pod("b", 1), trial=trial()), GOAL)
    assert step is not None
    assert step.goal.reserved == {2: "a"}
    assert "version 2 is tried on pod a first, where it is not AVAILABLE yet" in step.message


def test_a_pod_that_has_it_already_is_preferred() -> None:
    step = try_first(tried(pod("a", 1), pod("b", 1, 2)), GOAL)
    assert step is not None
    assert step.trial is not None
    assert step.trial.pod == "b"


def test_it_has_to_answer_there() -> None:
    step = try_first(tried(pod("a", 1, 2), pod("b", 1), trial=trial(available_at=NOW - 30)), GOAL)
    assert step is not None
    assert "has not answered yet" in step.message


def test_and_to_last_for_a_moment() -> None:
    asked = replace(pod("a", 1, 2), probed=GOOD)
    early = try_first(tried(asked, pod("b", 1), trial=trial(available_at=NOW - 2)), GOAL)
    late = try_first(tried(asked, pod("b", 1), trial=trial(available_at=NOW - 3)), GOAL)
    assert early is not None
    assert "has to last until" in early.message
    assert late is None


def test_an_answer_that_never_comes_is_not_waited_for_for_ever() -> None:
    known = trial(available_at=NOW - TRIAL.answer)
    assert try_first(tried(pod("a", 1, 2), pod("b", 1), trial=known), GOAL) is None


def test_the_pod_on_trial_may_be_silent_for_the_moment_in_which_its_server_ends() -> None:
    step = try_first(tried(pod("b", 1), living=frozenset({"a", "b"}), trial=trial()), GOAL)
    assert step is not None
    assert (step.trial, step.goal.reserved) == (trial(), {2: "a"})
    assert "does not answer at the moment" in step.message


def test_another_pod_takes_over_from_one_that_is_gone() -> None:
    step = try_first(tried(pod("b", 1), trial=trial()), GOAL)
    assert step is not None
    assert step.trial == Trial(2, "b", NOW)


def test_versions_are_tried_one_after_another() -> None:
    goal = named(1, 2, 3)
    before = tried(pod("a", 1), pod("b", 1), trial=trial())
    step = try_first(View(replace(before.facts, aspired=goal), goal, COMMITTED), goal)
    assert step is not None
    assert step.goal.reserved == {2: "a", 3: ""}


def test_a_server_that_is_loading_something_unproven_is_let_be() -> None:
    """Were it to end, it would not show by which of the two."""
    step = try_first(tried(pod("a", loading=[1]), trial=trial()), GOAL)
    assert step is not None
    assert step.goal.reserved == {2: ""}


def test_what_was_approved_is_not_tried_again() -> None:
    assert try_first(tried(pod("a", 1, 2), pod("b", 1), approved=frozenset({2})), GOAL) is None


def test_what_is_committed_needs_no_trial() -> None:
    before = tried(pod("a"), pod("b", 1))
    assert try_first(View(replace(before.facts, aspired=COMMITTED), COMMITTED, COMMITTED), COMMITTED) is None


def test_without_a_trial_all_pods_load_it_and_it_only_has_to_answer() -> None:
    limits = replace(TRIAL, trial=0.0)
    assert try_first(tried(pod("a", 1, 2), pod("b", 1), limits=limits), GOAL) is None
    step = try_first(tried(pod("a", 1, 2), pod("b", 1, 2), limits=limits), GOAL)
    assert step is not None
    assert (step.action, step.goal.reserved) == (Action.TRY, {})


def test_a_folder_that_the_server_does_not_find_is_reported_after_a_while() -> None:
    since = NOW - LIMITS.absent
    step = try_first(tried(pod("a", 1), trial=Trial(2, "a", since), action=Action.TRY, since=since), GOAL)
    assert step is not None
    assert list(step.absent) == [2]


def test_a_version_on_its_way_from_the_store_is_fetched_first() -> None:
    coming = replace(pod("a", 1), arriving={2: "version 2 is being fetched"})
    step = try_first(tried(coming, trial=trial()), GOAL)
    assert step is not None
    assert (step.action, step.message) == (Action.FETCH, "version 2 is being fetched")
