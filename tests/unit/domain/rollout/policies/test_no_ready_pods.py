"""Waiting for pods that come up with what is committed."""

from tests.unit.domain.rollout.policies.views import NOW, named, view
from tfs_operator.domain.rollout import Action, Failure
from tfs_operator.domain.rollout.policies.no_ready_pods import no_ready_pods


def test_it_waits_for_the_first_pod() -> None:
    step = no_ready_pods(view(named(2), named(1)))
    assert (step.action, step.commit, step.memory.since) == (Action.WAIT, None, NOW)
    assert "version 1 of /models/m" in step.message


def test_a_configuration_with_which_no_pod_starts_is_replaced_and_so_are_the_pods() -> None:
    step = no_ready_pods(view(named(2), named(1), crash_looping=True))
    assert (step.action, step.commit, step.replace_pods) == (Action.COMMIT, named(2), True)


def test_so_is_one_that_has_never_worked() -> None:
    step = no_ready_pods(view(named(2), named(1), proven=False))
    assert step.commit == named(2)


def test_a_spec_that_is_known_to_be_bad_replaces_nothing() -> None:
    step = no_ready_pods(view(named(2), named(1), crash_looping=True, failures=(Failure(2, "bad", at=NOW),)))
    assert (step.action, step.commit) == (Action.WAIT, None)


def test_pods_that_do_not_answer_may_serve_so_nothing_is_replaced() -> None:
    step = no_ready_pods(view(named(2), named(1), silent=1, proven=False))
    assert (step.action, step.commit) == (Action.WAIT, None)
