"""Decides a round: what is observed in, a plan out. Pure: it may be called again, and has the same result."""

from collections.abc import Mapping
from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Facts, Memory, Step, committed_after, server_config, settled
from tfs_operator.domain.rollout import decide as decide_rollout
from tfs_operator.planning.desired_children import desired_children
from tfs_operator.planning.observed import Observed, Refused, rollout_pod
from tfs_operator.planning.plan import Plan, ProbeOrder, ReloadOrder


def decide(observed: Observed | Refused) -> Plan:
    """Returns the plan of one round: a step of each model, the children, and what each model server is to load."""
    if isinstance(observed, Refused):
        return Plan(refusal=observed.problem)
    steps = {model.name: decide_rollout(_facts(model, observed)) for model in observed.aspired.models}
    committed = committed_after(observed.aspired, observed.committed, steps)
    replace_pods = any(step.replace_pods for step in steps.values())
    desired = None if committed is None else desired_children(observed, committed, replace_pods=replace_pods)
    kinds = {each["kind"] for each in desired or ()} | {observed.subject.autoscaler_kind}
    return Plan(
        lacking_kinds=observed.unknown_kinds & kinds,
        committed=committed,
        children=None if desired is None else [each for each in desired if each["kind"] not in observed.unknown_kinds],
        steps=steps,
        new_steps=[name for name, step in steps.items() if _is_new(observed.memories.get(name), step)],
        pods=observed.pods,
        reloads=[] if committed is None else _reloads(observed, steps),
        probes=_probes(observed, steps),
    )


def _facts(model: ModelConfig, observed: Observed) -> Facts:
    name = model.name
    memory = observed.memories.get(name, Memory())
    return Facts(model, observed.committed_model(name), observed.fleet(name), memory, observed.limits, observed.now)


def _is_new(before: Memory | None, step: Step) -> bool:
    before = before or Memory()
    return (before.action, before.spec_hash) != (step.memory.action, step.memory.spec_hash)


def _reloads(observed: Observed, steps: Mapping[str, Step]) -> list[ReloadOrder]:
    ready = [_reload(pod, seen, steps) for pod, seen in observed.answering]
    unready = [_reload(pod, seen, _for_unready(pod, steps, observed)) for pod, seen in observed.answering_unready]
    return [order for order in (*ready, *unready) if order is not None]


def _for_unready(pod: PodFacts, steps: Mapping[str, Step], observed: Observed) -> Mapping[str, Step]:
    """Returns the steps for a pod that no rollout may have seen: it may still be loading what it came up with."""
    if observed.now - pod.ready_at >= observed.limits.load_timeout:
        return steps
    return {
        name: replace(step, goal=replace(step.goal, starting=step.goal.starting | {pod.name}))
        for name, step in steps.items()
    }


def _reload(pod: PodFacts, seen: PodObservation, steps: Mapping[str, Step]) -> ReloadOrder | None:
    config = server_config(steps, {name: rollout_pod(pod, seen, name) for name in steps})
    return ReloadOrder(pod, config, settled(config, seen.models)) if config is not None else None


def _probes(observed: Observed, steps: Mapping[str, Step]) -> list[ProbeOrder]:
    """Returns what the steps ask for and no pod has answered."""
    return [
        ProbeOrder(pod, name, version, observed.question(name, version))
        for pod, seen in (*observed.answering, *observed.answering_unready)
        for name, step in steps.items()
        for version in sorted(step.probes.get(pod.name, frozenset()) - observed.probed(seen, name).keys())
    ]
