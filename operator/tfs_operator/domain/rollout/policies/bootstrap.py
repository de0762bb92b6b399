"""Commits a model's first configuration, or the first one of a new base path, for which pods are replaced."""

from collections.abc import Mapping
from dataclasses import replace

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Facts, Goal, Memory, Step
from tfs_operator.domain.rollout.view import fingerprint


def bootstrap(facts: Facts) -> Step | None:
    """Commits the spec untried, or adopts what pods serve already; None where the base path has a configuration."""
    committed = facts.committed
    if committed is not None and committed.base_path == facts.aspired.base_path:
        return None
    if committed is None and facts.fleet.silent and not facts.fleet.pods:
        return _wait(facts)
    adopted = _adopted(facts) if committed is None else None
    config = adopted or target.initial(facts.aspired)
    memory = _memory(facts, proven=adopted is not None)
    words = "adopting what the pods serve" if adopted else "the first configuration of the model"
    return Step(Action.COMMIT, words, _goal(facts, config), commit=config, memory=memory)


def _goal(facts: Facts, config: ModelConfig) -> Goal:
    """Counts the labels as promised although nothing is committed, so that a pod that is coming up is left alone."""
    starting = frozenset(pod.name for pod in facts.fleet.pods if facts.is_starting(pod))
    return Goal(config, keep_available=True, promised=frozenset(config.labels), starting=starting)


def _memory(facts: Facts, *, proven: bool) -> Memory:
    before, spec_hash = facts.memory, fingerprint(facts.aspired)
    if (before.spec_hash, before.action, before.proven) == (spec_hash, Action.COMMIT, proven):
        return before
    follows = isinstance(facts.aspired.policy, Latest) and not facts.is_listed
    return Memory(spec_hash, Action.COMMIT, facts.now, proven=proven, began=facts.now, follows=follows)


def _wait(facts: Facts) -> Step:
    """Waits for pods that serve something that is known to them alone."""
    words = f"nothing is committed, and {facts.fleet.silent} ready pods do not answer"
    return Step(Action.WAIT, words, Goal(facts.aspired), memory=facts.memory)


def _adopted(facts: Facts) -> ModelConfig | None:
    """Returns what the pods serve, when the committed configuration was lost: it works, and the spec may not."""
    if not facts.fleet.pods:
        return None
    available = [pod.observed.available for pod in facts.fleet.pods]
    anywhere = frozenset().union(*available)
    labels = {label: to for label in facts.aspired.labels if (to := _answer(facts, label)) in anywhere}
    versions = _known(available, labels) or anywhere - _tried(facts) or anywhere
    return replace(facts.aspired, policy=Specific(tuple(sorted(versions))), labels=labels) if versions else None


def _known(available: list[frozenset[int]], labels: Mapping[str, int]) -> frozenset[int]:
    """Returns those that clients were given: a version that a single pod has may be there to be tried."""
    everywhere = frozenset.intersection(*available) if len(available) > 1 else frozenset()
    return everywhere | frozenset(labels.values())


def _tried(facts: Facts) -> frozenset[int]:
    """Returns what the only pod may have for a trial whose end is not known."""
    trial = facts.memory.trial
    return frozenset({trial.version}) if trial else frozenset()


def _answer(facts: Facts, label: str) -> int:
    return next((p.observed.labels[label] for p in facts.fleet.pods if label in p.observed.labels), -1)
