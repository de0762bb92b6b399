"""Decides a round: what is observed in, a plan out. Pure: it may be called again, and has the same result."""

from collections.abc import Mapping
from dataclasses import replace

from tfs_operator.domain.folder_checks import missing_folders, stalled
from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action, Facts, Goal, Memory, Step, committed_after, server_config, settled
from tfs_operator.domain.rollout import decide as decide_rollout
from tfs_operator.domain.rollout.replaced import with_contents, with_replaced
from tfs_operator.planning.desired_children import desired_children
from tfs_operator.planning.observed import Observed, Refused, rollout_pod
from tfs_operator.planning.plan import Plan, ProbeOrder, ReloadOrder
from tfs_operator.planning.recycling import recycled_for


def decide(observed: Observed | Refused) -> Plan:
    """Returns the plan of one round: a step of each model, the children, and what each model server is to load."""
    if isinstance(observed, Refused):
        return Plan(refusal=observed.problem)
    steps = {model.name: _step(model, observed) for model in observed.aspired.models}
    committed = committed_after(observed.aspired, observed.committed_aspired, steps)
    replace_pods = any(step.replace_pods for step in steps.values())
    recycled = recycled_for(observed, steps)
    extra = any(step.extra_pod for step in steps.values())
    desired = (
        None
        if committed is None
        else desired_children(observed, committed, recycled, replace_pods=replace_pods, extra_pod=extra)
    )
    children = desired.children if desired else ()
    kinds = {each["kind"] for each in children} | {observed.subject.autoscaler_kind}
    return Plan(
        lacking_kinds=observed.unknown_kinds & kinds,
        committed=committed,
        children=None if desired is None else [each for each in children if each["kind"] not in observed.unknown_kinds],
        agent=desired.agent if desired else None,
        steps=steps,
        new_steps=[name for name, step in steps.items() if _is_new(observed.memories.get(name), step)],
        pods=observed.pods,
        reloads=[] if committed is None else _reloads(observed, steps),
        probes=_probes(observed, steps),
    )


def _step(model: ModelConfig, observed: Observed) -> Step:
    name, fleet = model.name, observed.fleet(model.name)
    memory = with_replaced(observed.memories.get(name, Memory()), fleet.pods, observed.now)
    committed, is_listed = observed.committed_model(name), name in observed.subject.listed
    step = decide_rollout(Facts(model, committed, fleet, memory, observed.limits, observed.now, is_listed))
    return _with_missing_folders(replace(step, memory=with_contents(step.memory, fleet.pods)), model, observed)


def _with_missing_folders(step: Step, model: ModelConfig, observed: Observed) -> Step:
    """Adds to a step that waits for a version that its folder is missing, by the agents. Where no agent sees it, the
    rollout itself says so once the servers have had time to find it."""
    if not step.action.traits.loading:
        return step
    pods = [seen for _, seen in observed.running(model.name)]
    step = replace(step, absent={**step.absent, **missing_folders(model, pods)})
    return _with_words(step, stalled(model, pods))


def _with_words(step: Step, words: str) -> Step:
    if not words:
        return step
    absent = {version: f"{why}; {words}" for version, why in step.absent.items()}
    return replace(step, message=f"{step.message}; {words}", absent=absent)


def _is_new(before: Memory | None, step: Step) -> bool:
    before = before or Memory()
    return (before.action, before.spec_hash) != (step.memory.action, step.memory.spec_hash)


def _reloads(observed: Observed, steps: Mapping[str, Step]) -> list[ReloadOrder]:
    pods = (*observed.answering, *observed.answering_unready)
    orders = (_reload(pod, seen, _steps_of(pod, observed, steps)) for pod, seen in pods)
    return [order for order in orders if order is not None]


def _steps_of(pod: PodFacts, observed: Observed, steps: Mapping[str, Step]) -> dict[str, Step]:
    """Returns the step of every model that the pod runs; none where it shares no model with the spec. A model that the
    spec has no more, or elsewhere, goes on as it was committed."""
    running, shared = observed.sets.of(pod), observed.sets.shared(pod)
    if running is None or not shared:
        return {}
    found = {model.name: steps[model.name] if model.name in shared else _as_it_was(model) for model in running.models}
    if pod.ready or observed.now - pod.ready_at >= observed.limits.load_timeout:
        return found
    return {name: _while_starting(step, pod) for name, step in found.items()}


def _as_it_was(model: ModelConfig) -> Step:
    return Step(Action.DONE, "", Goal(model, keep_available=True, promised=frozenset(model.labels)))


def _while_starting(step: Step, pod: PodFacts) -> Step:
    """A rollout does not see a pod that is not ready while others are. It may still be loading what it came up with."""
    return replace(step, goal=replace(step.goal, starting=step.goal.starting | {pod.name}))


def _reload(pod: PodFacts, seen: PodObservation, steps: Mapping[str, Step]) -> ReloadOrder | None:
    answers = replace(seen, lacks=frozenset())
    config = server_config(steps, {name: rollout_pod(pod, answers, name) for name in steps}) if steps else None
    return ReloadOrder(pod, config, settled(config, seen.models)) if config is not None else None


def _probes(observed: Observed, steps: Mapping[str, Step]) -> list[ProbeOrder]:
    """Returns what the steps ask for and no pod has answered; nothing while the requests of the spec are unusable."""
    return [
        ProbeOrder(pod, name, version, observed.question(name, version), observed.is_committed(name, version))
        for name, step in steps.items()
        if name not in observed.verify_problems
        for pod, seen in observed.deciding(name)
        for version in sorted(step.probes.get(pod.name, frozenset()) - observed.probed(seen, name).keys())
    ]
