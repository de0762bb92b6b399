"""Rollouts of versions that arrive from a store, pod by pod, at their own pace."""

from dataclasses import replace

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import AVAILABLE, END, ModelObservation, VersionStatus
from tfs_operator.domain.rollout import Action, Facts, Fleet, Limits, Memory, Pod, Step, decide

LIMITS = Limits(load_timeout=60.0, bake=30.0)
ON_ITS_WAY = {2: "version 2 is being fetched from s3://b/m to pod b"}
BROKEN = VersionStatus(2, END, "DATA_LOSS", "Can't parse")
START = 1000.0


def model(policy: VersionPolicy, **labels: int) -> ModelConfig:
    return ModelConfig("m", "/models/store/s3/b/m", policy, labels)


ONE = model(Specific((1,)), stable=1)
TWO = model(Specific((1, 2)), stable=1, canary=2)


def pod(name: str, *others: VersionStatus, arriving: bool = False, **labels: int) -> Pod:
    seen = ModelObservation((VersionStatus(1, AVAILABLE), *others), labels or {"stable": 1})
    fetched = frozenset({1}) if arriving else frozenset({1, 2})
    return Pod(name, seen, 0.0, ON_ITS_WAY if arriving else {}, {}, fetched)


UP = VersionStatus(2, AVAILABLE)
LOADING = VersionStatus(2, "LOADING")


def facts(*pods: Pod, memory: Memory | None = None, aspired: ModelConfig = TWO, now: float = START) -> Facts:
    return Facts(aspired, ONE, Fleet(pods), memory or Memory(), LIMITS, now)


def then(before: Step, *pods: Pod, after: float) -> Step:
    return decide(facts(*pods, memory=before.memory, now=START + after))


def test_while_a_pod_lacks_the_version_the_step_is_to_fetch_it_and_says_where_it_is_missing() -> None:
    step = decide(facts(pod("a", LOADING), pod("b", arriving=True)))
    assert (step.action, step.message) == (Action.FETCH, ON_ITS_WAY[2])
    assert step.commit is None
    assert step.absent == {}


def test_a_pod_that_has_it_may_load_it_at_once() -> None:
    assert decide(facts(pod("a"), pod("b", arriving=True))).goal.config.policy == Specific((1, 2))


def test_a_download_takes_as_long_as_it_takes() -> None:
    pods = (pod("a", UP), pod("b", arriving=True))
    step = decide(facts(*pods))
    for hours in range(1, 10):
        step = then(step, *pods, after=3600.0 * hours)
        assert (step.action, step.failed, step.absent) == (Action.FETCH, {}, {})


def test_loading_has_its_whole_time_once_the_last_pod_has_it() -> None:
    step = then(decide(facts(pod("a", UP), pod("b", arriving=True))), pod("a", UP), pod("b", LOADING), after=7200.0)
    assert step.action is Action.LOAD
    step = then(step, pod("a", UP), pod("b", LOADING), after=7200.0 + 59.0)
    assert step.action is Action.LOAD
    step = then(step, pod("a", UP), pod("b", LOADING), after=7200.0 + 61.0)
    assert step.action is Action.WITHDRAW


def test_a_version_that_breaks_where_it_has_arrived_is_withdrawn_before_it_has_arrived_everywhere() -> None:
    pods = (pod("a", BROKEN), pod("b", arriving=True))
    step = then(decide(facts(*pods)), *pods, after=5.0)
    assert step.action is Action.WITHDRAW
    assert "DATA_LOSS" in step.message


def test_a_wanted_version_that_is_lost_again_is_fetched_again() -> None:
    pods = (pod("a", UP, stable=1, canary=2), pod("b", arriving=True))
    assert decide(replace(facts(*pods), committed=TWO)).action is Action.FETCH


def test_with_labels_a_newer_version_is_known_once_every_pod_holds_it() -> None:
    """Servers that serve by name do not look for versions; their fetchers do."""
    aspired = model(Latest(1), stable=1)
    assert decide(facts(pod("a"), pod("b", arriving=True), aspired=aspired)).goal.config.policy == Specific((1,))
    assert decide(facts(pod("a"), pod("b"), aspired=aspired)).goal.config.policy == Specific((1, 2))
