"""When an old pod is stopped first: only where it has a GPU that a new one waits for, and not for ever."""

from dataclasses import replace

import pytest

from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.surge import Surge, surge

NOW = 10_000.0
ROLLING = DeploymentFacts(current=True, desired=2, replicas=3, updated=1, ready=2)
COMPLETE = DeploymentFacts(current=True, desired=2, replicas=2, updated=2, ready=2)
OLD = PodFacts("old", "10.0.0.1", ready=True, terminating=False, models_digest="", incarnation="", problem=None)
STARTING = replace(OLD, name="new", address="", ready=False)


def waiting(since: float) -> PodFacts:
    return replace(STARTING, no_gpu_since=since)


def decided(deployment: DeploymentFacts, *pods: PodFacts, gpus: int = 1) -> Surge:
    return surge(gpus, deployment, pods, 60, NOW)


@pytest.mark.parametrize(("ago", "allowed"), [(0, True), (59.9, True), (60, False), (3600, False)])
def test_an_old_pod_is_stopped_first_once_a_new_one_has_waited_long_enough(ago: float, allowed: bool) -> None:
    found = decided(ROLLING, OLD, OLD, waiting(NOW - ago))
    assert found == Surge(allowed, NOW - ago + 60 if allowed else None)


def test_the_one_that_waits_longest_counts() -> None:
    assert decided(ROLLING, OLD, waiting(NOW - 1), waiting(NOW - 50)).until == NOW + 10


@pytest.mark.parametrize(
    "deployment",
    [
        COMPLETE,
        replace(COMPLETE, surges=False),
        replace(ROLLING, replicas=2, updated=2, ready=1),
    ],
    ids=["complete", "complete again", "scaled up, with no old pod to give anything"],
)
def test_else_nobody_is_stopped(deployment: DeploymentFacts) -> None:
    assert decided(deployment, OLD, waiting(NOW - 3600)) == Surge()


def test_a_pod_that_waits_for_something_else_stops_nobody() -> None:
    assert decided(ROLLING, OLD, OLD, STARTING) == Surge()


def test_it_stays_so_until_the_update_is_complete() -> None:
    """Else the next pod would wait as long again."""
    assert decided(replace(ROLLING, surges=False), OLD, STARTING) == Surge(allowed=False)
    assert decided(replace(ROLLING, surges=False, replicas=2, updated=1, ready=2), OLD, OLD) == Surge(allowed=False)


def test_a_spec_that_nobody_has_looked_at_yet_changes_nothing() -> None:
    assert decided(replace(COMPLETE, current=False, surges=False), OLD, OLD) == Surge(allowed=False)
    assert decided(replace(COMPLETE, current=False), OLD, OLD) == Surge()


def test_without_gpus_it_is_never_so() -> None:
    assert decided(replace(ROLLING, surges=False), OLD, waiting(NOW - 3600), gpus=0) == Surge()


@pytest.mark.parametrize(("ago", "allowed"), [(59, True), (60, False)])
def test_a_quota_on_gpus_is_a_gpu_that_is_missing(ago: float, allowed: bool) -> None:
    kept_away = replace(ROLLING, replicas=2, updated=0, no_gpu_since=NOW - ago)
    assert decided(kept_away, OLD, OLD).allowed is allowed
