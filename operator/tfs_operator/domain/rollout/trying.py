"""Which version is tried on which pod, and what is asked of it there.

A version that is new to a fleet may kill the server that loads it, or be AVAILABLE and unable to predict. So one pod
gets it first; the others once it is AVAILABLE there, has answered, and a moment has passed.
"""

from collections.abc import Mapping

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.facts import Goal, LoadOrder, Pod, Trial
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
    """Prefers one outside the Service if there is to be one, then one that has the version, then one to which it need
    not be fetched. Empty while one outside the Service is waited for."""
    trial = view.memory.trial
    if awaits_folder(view, version):
        return ""
    if trial and trial.version == version and _is_to_be_awaited(view, trial):
        return trial.pod
    extra = [pod for pod in view.pods if pod.extra and view.facts.limits.extra is not None]
    if not extra and _awaits_extra(view, version):
        return ""

    def rank(pod: Pod) -> tuple[bool, bool, str]:
        return pod.observed.version(version) is None, version in pod.arriving, pod.name

    return min(extra or [pod for pod in view.pods if not pod.extra], key=rank).name


def _awaits_extra(view: View, version: int) -> bool:
    """One that comes up has as long as a version to load; one that has no room, or that nobody can make, has less."""
    patience, trial, extra = view.facts.limits.extra, view.memory.trial, view.facts.fleet.extra
    if patience is None:
        return False
    if trial is None or trial.version != version or trial.pod:
        return True
    comes_up = extra.names and not extra.problem
    return view.facts.now - trial.since < max(patience, view.facts.limits.load_timeout if comes_up else 0.0)


def awaits_folder(view: View, version: int) -> bool:
    """Tells whether a version that a pod outside the Service is to try is nowhere to be found: it costs no pod then."""
    looked_for = any(version in pod.nowhere for pod in view.pods)
    return view.facts.limits.extra is not None and looked_for and version not in view.loaded


def wants_extra(view: View, trial: Trial) -> bool:
    """Tells whether a pod outside the Service is to be there for the trial."""
    is_on_it = not trial.pod or trial.pod in view.facts.fleet.extra.names
    return view.facts.limits.extra is not None and is_on_it


def keeps_extra(view: View) -> bool:
    """Tells whether a pod outside the Service is to stay while the others load: a version that was tried there would
    have to be tried again, once no pod has it."""
    return view.facts.limits.extra is not None and any(pod.extra for pod in view.pods)


def stays_while_silent(view: View) -> bool:
    """Tells whether a pod outside the Service stays while the others are ready and do not answer, as on a node that is
    busy. It would have to start anew. It goes while no pod is ready: they may need its room."""
    trial, fleet = view.memory.trial, view.facts.fleet
    is_awaited = trial is not None and not trial.pod
    return view.facts.limits.extra is not None and bool(fleet.silent) and (is_awaited or bool(fleet.extra.names))


def without_extra(view: View, trial: Trial) -> str:
    """Returns why the trial is on a pod that clients use, although one outside the Service is wanted."""
    patience = view.facts.limits.extra
    if patience is None or wants_extra(view, trial):
        return ""
    why = view.facts.fleet.extra.problem or "it did not come up"
    return f"no pod outside the Service came up within {patience:.0f} s (rollout.extraPod): {why}"


def _is_to_be_awaited(view: View, trial: Trial) -> bool:
    """A server that ends is silent before its pod tells of the end: no other pod is told to load the version then."""
    if not trial.pod:
        return False
    answers = any(pod.name == trial.pod for pod in view.pods)
    in_time = view.facts.now - trial.since < view.facts.limits.load_timeout
    return answers or (in_time and view.facts.fleet.has(trial.pod))


def reserved(view: View, versions: list[int], trial: Trial) -> Mapping[int, str]:
    """Returns which pod may load each of the versions that are untried: one version is tried at a time.

    None may before the trial is in the status. An operator that is killed after it has told a server leaves word of
    it, so that the next one tells no other server."""
    before = view.memory.trial
    recorded = before is not None and (before.version, before.pod) == (trial.version, trial.pod)
    now = recorded and not is_occupied(view, trial)
    return {version: trial.pod if now and version == trial.version else "" for version in versions}


def is_occupied(view: View, trial: Trial) -> bool:
    """Tells whether the server is loading something else that is unproven: whose fault its end is would not show."""
    pod = next((pod for pod in view.pods if pod.name == trial.pod), None)
    return pod is not None and bool(pod.loading - view.approved - {trial.version})


def uncompared(view: View, goal: ModelConfig) -> frozenset[int]:
    """Returns the versions that no pod has been asked to which a label is to move from a lower one, where that pod has
    both. What was asked otherwise does not count (`planning.observed`)."""
    if not view.facts.limits.asks:
        return frozenset()
    asked = frozenset(version for pod in view.pods for version in pod.probed)
    labels = goal.labels.items()
    return frozenset(to for pod in view.pods for label, to in labels if to not in asked and _moves_up(pod, label, to))


def _moves_up(pod: Pod, label: str, to: int) -> bool:
    now = pod.observed.labels.get(label, to)
    return now < to and {now, to} <= pod.observed.available


def probes(view: View, goal: ModelConfig) -> dict[str, frozenset[int]]:
    """Returns the versions that are to be asked for a prediction, by pod: each on one, until it is approved."""
    if not view.facts.limits.asks:
        return {}
    required = target.required(goal) | target.required(view.committed)
    wanted = (required - view.memory.approved | uncompared(view, goal)) - view.held.keys()
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


def orders(view: View, goal: Goal) -> tuple[LoadOrder, ...]:
    """Returns what servers load now, or are told to load on the way to `goal`, and have not proven to bear."""
    named, unproven = named_by(goal.config) - goal.given_up, _unproven(view)
    found = (_orders(pod, unproven, goal, named) for pod in view.pods)
    return tuple(order for each in found for order in each)[:MAX_ORDERS]


def _unproven(view: View) -> frozenset[int]:
    """Of the committed versions those that have never answered: the first configuration is committed untried."""
    every = view.loaded | named_by(view.committed) | target.required(view.aspired) | target.known(view)
    if view.facts.limits.asks:
        return every - view.approved
    return every - named_by(view.committed) - (frozenset() if _names(view.committed) else view.on_all)


def _orders(pod: Pod, unproven: frozenset[int], goal: Goal, named: frozenset[int]) -> list[LoadOrder]:
    """What the server shows to be loading tells more than what it is told."""
    told = {v for v in named if v not in pod.available and goal.reserved.get(v, pod.name) == pod.name}
    tried = {v for v, name in goal.reserved.items() if name == pod.name}
    chosen = (unproven & pod.loading) or (unproven & (told | tried))
    return [LoadOrder(version, pod.name, pod.restarts) for version in sorted(chosen)]


def kept_orders(view: View) -> tuple[LoadOrder, ...]:
    """Returns the orders of pods that do not answer at the moment: whether their servers have ended shows later."""
    answering = {pod.name for pod in view.pods}
    return tuple(
        order
        for order in view.memory.orders
        if order.pod not in answering and view.facts.fleet.has(order.pod) and order.version not in view.killed
    )
