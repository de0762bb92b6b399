"""What a spec amounts to: `latest` and `all` are served by name wherever agents list what there is."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.domain.rollout.policies.views import NOW, latest, named, pod, view
from tfs_operator.domain.model_config import All, Latest, ModelConfig, Specific
from tfs_operator.domain.rollout import Action, Failure, Pod, decide, target
from tfs_operator.domain.rollout.view import View


def lists(name: str, *versions: int, available: tuple[int, ...] = (1,), **labels: int) -> Pod:
    """A pod that serves `available`, and whose agent sees `versions`."""
    return replace(pod(name, *available, **labels), listed=frozenset(versions))


def seen(aspired: ModelConfig, *pods: Pod, committed: ModelConfig | None = None, **remembered: Any) -> View:
    before = view(aspired, committed or named(1), *pods, **remembered)
    return replace(before, facts=replace(before.facts, is_listed=True))


def versions(of: View) -> tuple[int, ...]:
    policy = target.running(of).policy
    assert isinstance(policy, Specific)
    return policy.versions


def every(**labels: int) -> ModelConfig:
    return replace(latest(), policy=All(), labels=labels)


@pytest.mark.parametrize(
    ("aspired", "picked"),
    [
        (latest(), (3,)),
        (latest(2), (2, 3)),
        (latest(stable=1), (1, 3)),
        (every(), (1, 2, 3)),
        (every(stable=9), (1, 2, 3, 9)),
    ],
    ids=["the newest", "two", "with a label", "all", "all with a label"],
)
def test_a_policy_is_applied_to_what_is_listed(aspired: ModelConfig, picked: tuple[int, ...]) -> None:
    assert versions(seen(aspired, lists("a", 1, 2, 3))) == picked


def test_what_any_pod_lists_counts() -> None:
    """Agents look at different moments; the others are ordered by name."""
    assert versions(seen(latest(), lists("a", 1), lists("b", 1, 2), pod("c", 1))) == (2,)


def test_what_is_given_up_is_left_out() -> None:
    failed = (Failure(3, "no saved_model.pb", NOW - 1),)
    assert versions(seen(latest(), lists("a", 1, 2, 3), failures=failed)) == (2,)


def test_a_version_that_vanished_is_followed_where_there_are_others() -> None:
    assert versions(seen(latest(), lists("a", 1, available=(2,)), committed=named(2))) == (1,)


@pytest.mark.parametrize("answering", [lists("a"), pod("a", 1)], ids=["nothing is there", "nothing is known"])
def test_an_empty_listing_changes_nothing(answering: Pod) -> None:
    assert versions(seen(latest(), answering)) == (1,)


def test_where_all_is_given_up_the_pods_keep_what_is_committed() -> None:
    failed = (Failure(2, "it cannot predict", NOW - 1),)
    assert versions(seen(latest(), lists("a", 2), failures=failed)) == (1,)


def test_servers_discover_by_themselves_only_while_nothing_at_all_is_known() -> None:
    assert target.running(seen(latest(), pod("a"), committed=latest())).policy == Latest(1)


def test_a_spec_that_names_its_versions_is_its_own_goal() -> None:
    assert target.running(seen(named(1), lists("a", 1, 2))) == named(1)


def test_of_models_in_the_image_latest_without_labels_stays_a_policy() -> None:
    assert target.running(view(latest(), named(1), lists("a", 1, 2))) == latest()


def test_what_is_committed_first_as_a_policy_is_named_once_there_is_a_listing() -> None:
    """So a pod that restarts does not load a version that nobody has tried."""
    step = decide(seen(latest(), lists("a", 1), lists("b", 1), committed=latest()).facts)
    assert step.action is Action.COMMIT
    assert step.commit == named(1)


def test_a_new_version_is_tried_as_if_it_were_named() -> None:
    before = seen(latest(), lists("a", 1, 2), lists("b", 1, 2))
    step = decide(replace(before.facts, limits=replace(before.facts.limits, trial=3.0)))
    assert step.action is Action.TRY
    assert not step.memory.follows


def test_that_it_fails_is_said_and_the_one_before_stays() -> None:
    failed = (Failure(2, "version 2 on pod a: no saved_model.pb", NOW - 1),)
    step = decide(seen(latest(), lists("a", 1, 2), failures=failed).facts)
    assert (step.action, list(step.failed)) == (Action.WITHDRAW, [2])
    assert step.goal.config == named(1)
