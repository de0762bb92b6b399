"""Passes of the operator as their end is seen: what was observed, and the steps that were taken."""

from dataclasses import replace
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.history import Announced
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action, Goal, Memory, Step
from tfs_operator.domain.rollout_status import rollout_status
from tfs_operator.planning import LiveChildren, Observed, Outcome, Passed, Plan, Reloaded, Subject
from tfs_operator.render import Settings

NOW = 1_790_000_000.0
CATS, DOGS = (ModelConfig(name, f"/{name}", Specific((1, 2)), {"stable": 1}) for name in ("cats", "dogs"))
BEFORE = Memory("w", Action.DONE, NOW - 60, began=NOW - 90)
UNTRIED = {"trialSeconds": 0, "verify": {"madeUp": False, "allowSignatureChange": True}}
"""New versions go to all pods at once; that they are tried first is tested elsewhere."""

METADATA = {"name": "mnist", "namespace": "default", "uid": "u1", "generation": 7, "resourceVersion": "1"}


def live(*models: str, **more: Any) -> Manifest:
    """A TFModel that serves these models: versions 1 and 2 of each, the label stable on 1."""
    each = {"versions": [1, 2], "versionLabels": {"stable": 1}}
    models_of_it = [{"name": name, "modelUri": f"file:///{name}", **each} for name in models]
    spec = {"models": models_of_it, "rollout": UNTRIED, **more}
    return {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": METADATA, "spec": spec}


def subject(item: Manifest) -> Subject:
    return Subject(item, TFModel.parse(item))


def serves(*versions: int, **labels: int) -> ModelObservation:
    return ModelObservation(tuple(VersionStatus(version, AVAILABLE) for version in versions), labels)


def at(action: Action, since: float, spec_hash: str = "w") -> Memory:
    return Memory(spec_hash, action, since, began=NOW - 5)


def step(memory: Memory, model: ModelConfig = CATS) -> Step:
    return Step(memory.action or Action.DONE, "as it is", Goal(model), memory=memory)


def seen(name: str, problem: Problem | None = None, **models: ModelObservation) -> tuple[PodFacts, PodObservation]:
    """A ready pod of the aspired models, and its answer."""
    facts = PodFacts(name, "10.0.0.1", True, False, "", "u/0", None)
    return facts, PodObservation(name, ready=True, models=models, problem=problem)


def unready(name: str, **models: ModelObservation) -> tuple[PodFacts, PodObservation]:
    """A pod that is not ready, though its server answers."""
    facts, answer = seen(name, None, **models)
    return replace(facts, ready=False, running=True), replace(answer, ready=False, answered_unready=True)


def observed(item: Manifest, *pods: tuple[PodFacts, PodObservation], **more: Any) -> Observed:
    """All pods run the aspired models; what is aspired is committed."""
    of = subject(item)
    facts = tuple(replace(pod, models_digest=of.models_digest) for pod, _ in pods)
    return Observed(of, Settings(), LiveChildren(of.aspired), facts, tuple(seen for _, seen in pods), now=NOW, **more)


def passed(
    *pods: tuple[PodFacts, PodObservation], status: Manifest | None = None, spec: Manifest | None = None, **taken: Any
) -> Passed:
    """A pass over at NOW; `taken` has the memories of each model, the last one that of its step."""
    item = {**live(*taken, **(spec or {})), **({"status": status} if status else {})}
    found = observed(item, *pods)
    steps = {model.name: step(taken[model.name][-1], model) for model in found.aspired.models}
    return Passed(found, Plan(steps=steps), Outcome(None, Reloaded(settled=True), found.children), taken)


def status(**told: Announced) -> dict[str, Any]:
    """The one before, which has told of `told`."""
    rollouts = {name: rollout_status(step(BEFORE), what).model_dump(mode="json") for name, what in told.items()}
    return {"models": [{"name": name, "rollout": rollout} for name, rollout in rollouts.items()]}
