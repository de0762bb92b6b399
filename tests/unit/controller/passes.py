"""Passes of the operator as their end is seen: what was observed, and the steps that were taken."""

from typing import Any

from tfs_operator.controller.pods.reload import Pushed
from tfs_operator.controller.reconcile.rollout_pass import Observed, PassResult
from tfs_operator.domain.history import Announced
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action, Goal, Limits, Memory, Step
from tfs_operator.domain.rollout_status import rollout_status

NOW = 1_790_000_000.0
CATS, DOGS = (ModelConfig(name, f"/{name}", Specific((1, 2)), {"stable": 1}) for name in ("cats", "dogs"))
BEFORE = Memory("w", Action.DONE, NOW - 60, began=NOW - 90)


def serves(*versions: int, **labels: int) -> ModelObservation:
    return ModelObservation(tuple(VersionStatus(version, AVAILABLE) for version in versions), labels)


def at(action: Action, since: float, spec_hash: str = "w") -> Memory:
    return Memory(spec_hash, action, since, began=NOW - 5)


def step(memory: Memory, model: ModelConfig = CATS) -> Step:
    return Step(memory.action or Action.DONE, "as it is", Goal(model), memory=memory)


def seen(name: str, problem: Problem | None = None, **models: ModelObservation) -> tuple[PodFacts, PodObservation]:
    facts = PodFacts(name, "10.0.0.1", True, False, "digest", "u/0", None)
    return facts, PodObservation(name, ready=True, models=models, problem=problem)


def progress(*pods: tuple[PodFacts, PodObservation], **taken: list[Memory]) -> PassResult:
    aspired = ModelServerConfig(tuple(model for model in (CATS, DOGS) if model.name in taken))
    sight = Observed(aspired, tuple(facts for facts, _ in pods), tuple(said for _, said in pods), pods)
    steps = {model.name: step(taken[model.name][-1], model) for model in aspired.models}
    return PassResult(aspired, sight, steps, taken, Limits(), NOW, None, Pushed(0, settled=True, problem=None))


def status(**told: Announced) -> dict[str, Any]:
    """The one before, which has told of `told`."""
    rollouts = {name: rollout_status(step(BEFORE), what).model_dump(mode="json") for name, what in told.items()}
    return {"models": [{"name": name, "rollout": rollout} for name, rollout in rollouts.items()]}
