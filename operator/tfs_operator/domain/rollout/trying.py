"""Which version is tried on which pod, and what is asked of it there.

A version that is new to a fleet may kill the server that loads it, or be AVAILABLE and unable to predict. So one pod
gets it first; the others once it is AVAILABLE there, has answered, and a moment has passed.
"""

from collections.abc import Mapping

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.facts import LoadOrder, Pod, Trial
from tfs_operator.domain.rollout.view import View, named_by

MAX_ORDERS = 64
"""How many servers that load something are remembered: whichever of them ends first tells enough."""


def untried(view: View, goal: ModelConfig) -> list[int]:
    """Returns the required versions that are neither committed nor approved, in ascending order."""
    limits = view.facts.limits
    if not limits.asks and not limits.trial:
        return []
    return sorted(_new(view, goal) - view.approved)


def _new(view: View, goal: ModelConfig) -> frozenset[int]:
    """A policy that is committed has served what it picked already."""
    served = named_by(view.committed)
    return target.required(goal) - served - (frozenset() if _names(view.committed) else view.on_all)


def _names(config: ModelConfig) -> bool:
    return isinstance(config.policy, Specific)


def trial_of(view: View, version: int) -> Trial:
    """Returns the trial of the version: the one that is remembered, on another pod where its own is gone or silent for
    too long."""
    pod, before = _pod_for(view, version), view.memory.trial
    if before is None or (before.version, before.pod) != (version, pod):
        before = Trial(version, pod, view.facts.now)
    found = next((each for each in view.pods if each.name == pod), None)
    if found is None:
        return before
    if version not in found.observed.available:
        return Trial(version, pod, before.since)
    available_at = view.facts.now if before.available_at is None else before.available_at
    return Trial(version, pod, before.since, available_at)


def _pod_for(view: View, version: int) -> str:
    """Prefers one that has the version, then one to which it need not be fetched."""
    trial = view.memory.trial
    if trial and trial.version == version and _is_to_be_awaited(view, trial):
        return trial.pod

    def rank(pod: Pod) -> tuple[bool, bool, str]:
        return pod.observed.version(version) is None, version in pod.arriving, pod.name

    return min(view.pods, key=rank).name


def _is_to_be_awaited(view: View, trial: Trial) -> bool:
    """A server that ends is silent before its pod tells of the end: no other pod is told to load the version then."""
    answers = any(pod.name == trial.pod for pod in view.pods)
    in_time = view.facts.now - trial.since < view.facts.limits.load_timeout
    return answers or (in_time and view.facts.fleet.has(trial.pod))


def reserved(versions: list[int], trial: Trial) -> Mapping[int, str]:
    """Returns which pod may load each of the versions that are untried: one version is tried at a time."""
    return {version: trial.pod if version == trial.version else "" for version in versions}


def probes(view: View, goal: ModelConfig) -> dict[str, frozenset[int]]:
    """Returns the versions that are to be asked for a prediction, by pod: each on one, until it is approved."""
    if not view.facts.limits.asks:
        return {}
    wanted = (target.required(goal) | target.required(view.committed)) - view.memory.approved - view.held.keys()
    found: dict[str, frozenset[int]] = {}
    for version in sorted(wanted):
        pod = _asked(view, version)
        if pod is not None:
            found[pod] = found.get(pod, frozenset()) | {version}
    return found


def _asked(view: View, version: int) -> str | None:
    having = sorted(pod.name for pod in view.pods if version in pod.observed.available)
    trial = view.memory.trial
    return trial.pod if trial and trial.version == version and trial.pod in having else next(iter(having), None)


def orders(view: View, goal: ModelConfig, only_on: Mapping[int, str]) -> tuple[LoadOrder, ...]:
    """Returns what servers have to load now that is not committed. `only_on`: as in `Goal.reserved`."""
    new = sorted(_new(view, goal))
    found = [order for pod in view.pods if (order := _order(view, pod, new, only_on)) is not None]
    return tuple(found[:MAX_ORDERS])


def _order(view: View, pod: Pod, new: list[int], only_on: Mapping[int, str]) -> LoadOrder | None:
    """Of a version on trial also while it is AVAILABLE."""
    for version in new:
        if only_on.get(version, pod.name) == pod.name and (version in only_on or version not in pod.observed.available):
            return LoadOrder(version, pod.name, pod.process)
    return None


def kept_orders(view: View) -> tuple[LoadOrder, ...]:
    """Returns the orders of pods that do not answer at the moment: whether their servers have ended shows later."""
    answering = {pod.name for pod in view.pods}
    return tuple(
        order
        for order in view.memory.orders
        if order.pod not in answering and view.facts.fleet.has(order.pod) and order.version not in view.killed
    )
