"""Asking a version again before a label moves to it from a lower one."""

from dataclasses import replace
from typing import Any

from tests.unit.domain.rollout.policies.views import LIMITS, NOW, named, pod, view
from tfs_operator.domain.rollout import Action, Pod, decide
from tfs_operator.domain.rollout.policies.compare import compare
from tfs_operator.domain.rollout.view import View
from tfs_operator.domain.verification import Outcome, Probed

CANARY = named(1, 2, stable=1, canary=2)
PROMOTED = named(1, 2, stable=2, canary=2)
ASKS = replace(LIMITS, trial=3.0, asks=True)


def promoted(*pods: Pod, limits: Any = ASKS, **remembered: Any) -> View:
    """Version 2 was tried as the canary, and `stable` is to move to it."""
    before = view(PROMOTED, CANARY, *pods, approved=frozenset({1, 2}), **remembered)
    return View(replace(before.facts, limits=limits), PROMOTED, CANARY)


A, B = (pod(name, 1, 2, stable=1, canary=2) for name in "ab")


def test_labels_stay_until_the_answer_is_there() -> None:
    step = compare(promoted(A, B), PROMOTED)
    assert step is not None
    assert step.action is Action.COMPARE
    assert step.commit is None
    assert step.goal.config.labels == CANARY.labels


def test_one_pod_is_asked() -> None:
    assert decide(promoted(A, B).facts).probes == {"a": frozenset({2})}


def test_what_has_answered_is_committed() -> None:
    answered = replace(A, probed={2: Probed(Outcome.GOOD)})
    assert compare(promoted(answered, B), PROMOTED) is None
    assert decide(promoted(answered, B).facts).action is Action.COMMIT


def test_what_its_clients_could_not_use_moves_no_label() -> None:
    """The canary goes on: its own clients have used it."""
    unusable = replace(A, probed={2: Probed(Outcome.BAD, "the input x is gone")})
    step = decide(promoted(unusable, B).facts)
    assert step.action is Action.WITHDRAW
    assert "the input x is gone" in step.message
    assert step.goal.config.labels == CANARY.labels
    assert step.commit is None


def test_it_is_waited_for_as_long_as_a_new_version_is() -> None:
    assert compare(promoted(A, B, action=Action.COMPARE, since=NOW - 59), PROMOTED) is not None
    assert compare(promoted(A, B, action=Action.COMPARE, since=NOW - 60), PROMOTED) is None


def test_back_to_a_lower_version_nothing_is_asked() -> None:
    ahead = pod("a", 1, 2, stable=2, canary=2)
    before = view(CANARY, PROMOTED, ahead, approved=frozenset({1, 2}))
    assert compare(View(replace(before.facts, limits=ASKS), CANARY, PROMOTED), CANARY) is None


def test_nothing_is_asked_where_the_spec_asks_nothing() -> None:
    assert compare(promoted(A, B, limits=LIMITS), PROMOTED) is None
