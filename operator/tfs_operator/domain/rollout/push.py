"""Computes the configuration that is pushed to one pod on the way to the goal.

The server refuses a whole configuration for one label on a version that is not AVAILABLE, so a label moves only
once its new version is AVAILABLE on that pod, and until then its old version stays loaded. What a pod came up
with is not known (its ConfigMap may have been stale), so a pod that still loads the version of a label is let be.
"""

from collections.abc import Mapping

from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import AVAILABLE, ModelObservation
from tfs_operator.domain.rollout.facts import Goal, Pod, Step

_ON_ITS_WAY = ("START", "LOADING")


def server_config(steps: Mapping[str, Step], pods: Mapping[str, Pod]) -> ModelServerConfig | None:
    """Returns the configuration of one server: all models of `steps`, in that order; `pods` is that one pod, by model.

    None: nothing for now, since one of its models must not be disturbed.
    """
    configs = [pod_config(step.goal, pods[name]) for name, step in steps.items()]
    pushed = tuple(config for config in configs if config is not None)
    return ModelServerConfig(pushed) if len(pushed) == len(configs) else None


def pod_config(goal: Goal, pod: Pod) -> ModelConfig | None:
    """Returns the configuration of the goal's model that is safe for this pod; None: nothing for now."""
    if goal.hold or _is_coming_up(goal, pod):
        return None
    labels = _labels(goal, pod.observed)
    policy = _policy(goal, pod, frozenset(labels.values()))
    return ModelConfig(goal.config.name, goal.config.base_path, policy, labels)


def _is_coming_up(goal: Goal, pod: Pod) -> bool:
    """Tells whether a version and its label may come up between the query and the push, which would drop the label."""
    if pod.name not in goal.starting or all(s.state not in _ON_ITS_WAY for s in pod.observed.versions):
        return False
    unanswered = (goal.config.labels.keys() & goal.promised) - pod.observed.labels.keys()
    return any(goal.config.labels[label] not in pod.observed.available for label in unanswered)


def _labels(goal: Goal, observed: ModelObservation) -> dict[str, int]:
    moved = {label: _movable(label, target, observed) for label, target in goal.config.labels.items()}
    lingering = {label: observed.labels[label] for label in goal.lingering if label in observed.labels}
    return dict(sorted({**lingering, **{label: to for label, to in moved.items() if to is not None}}.items()))


def _movable(label: str, target: int, observed: ModelObservation) -> int | None:
    """The target once it is AVAILABLE; until then what the label answers now, if anything."""
    return target if target in observed.available else observed.labels.get(label)


def _policy(goal: Goal, pod: Pod, labelled: frozenset[int]) -> VersionPolicy:
    observed = pod.observed
    match goal.config.policy:
        case Specific(versions):
            return _specific(goal, pod, frozenset(versions) | labelled)
        case Latest() if labelled:
            return _specific(goal, pod, observed.available | labelled)
    if goal.fallback and max(observed.available, default=-1) < max(goal.fallback.versions):
        return _specific(goal, pod, frozenset(goal.fallback.versions) | labelled)
    return goal.config.policy


def _specific(goal: Goal, pod: Pod, versions: frozenset[int]) -> Specific:
    """Keeps something that is AVAILABLE: given only versions without a folder, a server unloads all."""
    available = pod.observed.available
    versions = frozenset(version for version in versions if _may_have(goal, pod, version))
    kept = available - (goal.given_up - versions) or available
    aspired = versions | kept if goal.keep_available or not versions & available else versions
    return Specific(tuple(sorted((aspired - _failed(goal, pod.observed)) or aspired)))


def _may_have(goal: Goal, pod: Pod, version: int) -> bool:
    """What is reserved for another pod stays where it has come nevertheless."""
    if goal.reserved.get(version, pod.name) == pod.name:
        return True
    status = pod.observed.version(version)
    return status is not None and status.state in (AVAILABLE, *_ON_ITS_WAY)


def _failed(goal: Goal, observed: ModelObservation) -> frozenset[int]:
    return frozenset(s.version for s in observed.versions if s.state != AVAILABLE and s.failed) & goal.given_up
