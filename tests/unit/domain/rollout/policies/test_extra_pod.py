"""Trying a new version on a pod outside the Service, as `rollout.extraPod` says."""

from dataclasses import replace
from typing import Any

from tests.unit.domain.rollout.policies.views import LIMITS, NOW, named, pod, view
from tfs_operator.domain.rollout import Action, ExtraPods, Pod, Step, Trial
from tfs_operator.domain.rollout.policies.load import load
from tfs_operator.domain.rollout.policies.no_ready_pods import no_ready_pods
from tfs_operator.domain.rollout.policies.try_first import try_first
from tfs_operator.domain.rollout.view import View

GOAL = named(1, 2, stable=1, canary=2)
COMMITTED = named(1, stable=1)
PATIENCE = 10.0
EXTRA = replace(LIMITS, trial=3.0, extra=PATIENCE)
CLIENTS = (pod("a", 1), pod("b", 1))
COMES_UP = ExtraPods(frozenset({"x"}))
NO_ROOM = ExtraPods(frozenset({"x"}), "no node has room")


def extra(*available: int) -> Pod:
    return replace(pod("x", *available), extra=True)


def tried(*pods: Pod, limits: Any = EXTRA, outside: ExtraPods = COMES_UP, **remembered: Any) -> Step:
    before = view(GOAL, COMMITTED, *pods, **remembered)
    living = frozenset(each.name for each in pods) | outside.names
    fleet = replace(before.facts.fleet, living=living, extra=outside)
    found = try_first(View(replace(before.facts, limits=limits, fleet=fleet), GOAL, COMMITTED), GOAL)
    assert found is not None
    return found


def waiting(since: float) -> Trial:
    return Trial(2, "", since)


def test_it_is_asked_for_and_no_other_pod_is_told_meanwhile() -> None:
    step = tried(*CLIENTS, outside=ExtraPods())
    assert (step.action, step.trial, step.extra_pod) == (Action.TRY, waiting(NOW), True)
    assert (step.goal.reserved, step.absent) == ({2: ""}, {})
    assert step.message == "version 2 waits for a pod outside the Service to be tried on (rollout.extraPod)"


def test_it_has_the_trial_once_it_answers() -> None:
    step = tried(*CLIENTS, extra(1), trial=waiting(NOW - 5))
    assert (step.trial, step.extra_pod, step.goal.reserved) == (Trial(2, "x", NOW), True, {2: ""})
    told = tried(*CLIENTS, extra(1), trial=step.trial)
    assert told.goal.reserved == {2: "x"}


def test_it_is_silent_while_its_server_ends_and_no_other_pod_is_told_then() -> None:
    step = tried(*CLIENTS, trial=Trial(2, "x", NOW - 5))
    assert (step.trial, step.extra_pod, step.goal.reserved) == (Trial(2, "x", NOW - 5), True, {2: "x"})


def test_one_that_comes_up_has_as_long_as_a_version_to_load() -> None:
    early = tried(*CLIENTS, trial=waiting(NOW - EXTRA.load_timeout + 1))
    late = tried(*CLIENTS, trial=waiting(NOW - EXTRA.load_timeout))
    assert (early.trial, early.extra_pod) == (waiting(NOW - EXTRA.load_timeout + 1), True)
    assert (late.trial, late.extra_pod) == (Trial(2, "a", NOW), False)


def test_without_room_the_rollout_says_why_and_goes_on_without() -> None:
    early = tried(*CLIENTS, outside=NO_ROOM, trial=waiting(NOW - PATIENCE + 1))
    assert early.message.endswith("(rollout.extraPod): no node has room")
    assert early.without_extra == ""
    late = tried(*CLIENTS, outside=NO_ROOM, trial=waiting(NOW - PATIENCE))
    assert (late.trial, late.extra_pod) == (Trial(2, "a", NOW), False)
    words = "no pod outside the Service came up within 10 s (rollout.extraPod): no node has room"
    assert late.without_extra == words


def test_a_trial_that_has_begun_elsewhere_stays_there() -> None:
    step = tried(*CLIENTS, extra(1), trial=Trial(2, "a", NOW - 5))
    assert (step.trial, step.extra_pod) == (Trial(2, "a", NOW - 5), False)


def test_one_that_is_gone_is_asked_for_anew() -> None:
    step = tried(*CLIENTS, outside=ExtraPods(), trial=Trial(2, "x", NOW - 500))
    assert (step.trial, step.extra_pod) == (waiting(NOW), True)


def test_a_version_that_is_nowhere_costs_no_pod() -> None:
    lacking = [replace(each, nowhere=frozenset({2}), unfetchable={2: "version 2: no such folder"}) for each in CLIENTS]
    step = tried(*lacking, outside=ExtraPods())
    assert (step.action, step.trial, step.extra_pod) == (Action.FETCH, None, False)
    assert (step.message, step.goal.reserved) == ("version 2: no such folder", {2: ""})


def test_where_the_spec_wants_none_one_that_is_there_still_is_not_used() -> None:
    step = tried(*CLIENTS, extra(1), limits=replace(EXTRA, extra=None))
    assert (step.trial, step.extra_pod) == (Trial(2, "a", NOW), False)


def test_it_stays_while_the_others_load_what_was_tried_there() -> None:
    before = view(GOAL, COMMITTED, *CLIENTS, extra(1, 2), approved=frozenset({2}))
    passed = View(replace(before.facts, limits=EXTRA), GOAL, COMMITTED)
    loading = load(passed, GOAL)
    assert loading is not None
    assert (loading.action, loading.extra_pod) == (Action.LOAD, True)
    begun_without = load(view(GOAL, COMMITTED, *CLIENTS), GOAL)
    assert begun_without is not None
    assert not begun_without.extra_pod


def silent(outside: ExtraPods, count: int = 2, limits: Any = EXTRA, **remembered: Any) -> Step:
    """No pod of the Service answers; so many are ready all the same."""
    before = view(GOAL, COMMITTED, silent=count, **remembered)
    fleet = replace(before.facts.fleet, extra=outside)
    return no_ready_pods(View(replace(before.facts, limits=limits, fleet=fleet), GOAL, COMMITTED))


def test_it_stays_while_the_others_are_too_busy_to_answer() -> None:
    """Else it would start anew each time, on a node that is busy as it is."""
    assert silent(COMES_UP, trial=Trial(2, "x", NOW)).extra_pod
    assert silent(ExtraPods(), trial=waiting(NOW)).extra_pod
    assert silent(COMES_UP).extra_pod, "what was tried there is being loaded by the others"


def test_it_does_not_where_it_is_not_wanted_or_may_take_the_room_of_the_others() -> None:
    assert not silent(ExtraPods()).extra_pod
    assert not silent(COMES_UP, limits=LIMITS, trial=Trial(2, "x", NOW)).extra_pod
    assert not silent(COMES_UP, count=0, trial=Trial(2, "x", NOW)).extra_pod
