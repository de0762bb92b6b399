"""Versions that `latest` and `all` find by themselves."""

from tests.unit.domain.rollout.policies.views import NOW, latest, named, pod, view
from tfs_operator.domain.model_config import ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import Action, Failure
from tfs_operator.domain.rollout.policies.await_discovered import await_discovered
from tfs_operator.domain.rollout.push import pod_config


def test_a_newer_version_is_waited_for() -> None:
    step = await_discovered(view(latest(), latest(), pod("a", 1, loading=[2])), latest())
    assert step is not None
    assert (step.action, step.goal.config) == (Action.LOAD, latest())
    assert "version 2" in step.message


def test_one_that_fails_is_reported_and_running_pods_keep_the_policy() -> None:
    seen = {"waiting": ((2, NOW - 10),)}
    step = await_discovered(view(latest(), latest(), pod("a", 1, failed=[2]), **seen), latest())
    assert step is not None
    assert (step.action, list(step.failed), step.goal.config) == (Action.WITHDRAW, [2], latest())


def test_under_latest_with_labels_a_failed_version_is_reported_until_it_is_tried_again() -> None:
    aspired, goal = latest(stable=1), named(1, stable=1)
    failed = view(aspired, goal, pod("a", 1, failed=[2], stable=1), failures=(Failure(2, "bad", at=NOW - 1),))
    assert await_discovered(failed, goal) is None  # nothing has served or fetched it
    known = view(aspired, goal, pod("a", 1, 2), pod("b", 1, failed=[2]), failures=(Failure(2, "bad", at=NOW - 1),))
    step = await_discovered(known, goal)
    assert step is not None
    assert (step.action, step.failed) == (Action.WITHDRAW, {2: "bad"})


def given_to_a_pod_behind(seconds: int) -> VersionPolicy:
    """What a pod with version 1 follows while another has 2, `seconds` after 2 had failed on it."""
    behind, failure = pod("b", 1, failed=[2]), Failure(2, "bad", at=NOW - seconds)
    step = await_discovered(view(latest(), named(2), pod("a", 2), behind, failures=(failure,)), latest())
    assert step is not None
    assert step.failed == {2: "bad"}
    told = pod_config(step.goal, behind)
    assert told is not None
    return told.policy


def test_a_pod_behind_gets_a_failed_version_back_after_the_back_off_although_its_old_error_is_listed() -> None:
    """Until then it is dropped there: a server tries it again only when it comes back."""
    assert given_to_a_pod_behind(62) == Specific((1,))
    assert given_to_a_pod_behind(64) == Specific((1, 2))


def test_a_version_that_is_tried_again_has_its_whole_time_and_named_versions_beside_it() -> None:
    """Under `latest` a server that fails to load it again would accept no configuration with the older version."""
    behind, others = pod("b", 1, loading=[2]), pod("a", 2)
    known = {"waiting": ((2, NOW - 600),), "failures": (Failure(2, "bad", at=NOW - 100),)}
    step = await_discovered(view(latest(), named(2), others, behind, **known), latest())
    assert step is not None
    assert step.action is Action.LOAD
    told = pod_config(step.goal, behind)
    assert told is not None
    assert told.policy == Specific((1, 2))
    late = {**known, "failures": (Failure(2, "bad", at=NOW - 60 - 3 - 60),)}
    over = await_discovered(view(latest(), named(2), others, behind, **late), latest())
    assert over is not None
    assert over.failed == {2: "version 2 on pod b: not AVAILABLE after 60 s, it is LOADING"}


def quiet(aspired: ModelConfig) -> bool:
    return await_discovered(view(aspired, aspired, pod("a", 1)), aspired) is None


def test_nothing_was_found_or_nothing_is_looked_for() -> None:
    assert quiet(latest())
    assert quiet(named(1))
