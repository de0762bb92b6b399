"""Which models each pod runs: its digest names the set with which it was made.

A pod takes models away and gets new ones only by being replaced (a new model whose path is missing would hold the
server's configuration lock). While another set is rolled out, the pods of the old one go on with what they share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import labels_to_query
from tfs_operator.render.deployment import models_digest

MAX_FORMER = 8
"""Sets that are remembered beside the committed one."""


@dataclass(frozen=True)
class ModelSets:
    """`former` has what was committed of other sets, by digest, the last one at its end."""

    aspired: ModelServerConfig
    committed: ModelServerConfig | None = None
    former: Mapping[str, ModelServerConfig] = field(default_factory=dict)

    @cached_property
    def _known(self) -> dict[str, ModelServerConfig]:
        committed = {models_digest(self.committed): self.committed} if self.committed else {}
        return {**self.former, **committed, models_digest(self.aspired): self.aspired}

    def of(self, pod: PodFacts) -> ModelServerConfig | None:
        """Returns the models that the pod runs, as they were committed last; None where its set is not known."""
        return self._known.get(pod.models_digest)

    def runs(self, pod: PodFacts, name: str) -> bool:
        """Tells whether the pod runs the aspired model of this name, from the same base path."""
        found, aspired = self.of(pod), self.aspired.model(name)
        return found is not None and aspired is not None and _is_same(found.model(name), aspired)

    def lacking(self, pod: PodFacts) -> frozenset[str]:
        """Returns the aspired models that the pod does not run; none where its set is not known."""
        if self.of(pod) is None:
            return frozenset()
        return frozenset(model.name for model in self.aspired.models if not self.runs(pod, model.name))

    def shared(self, pod: PodFacts) -> frozenset[str]:
        """Returns the aspired models that the pod runs."""
        return frozenset(model.name for model in self.aspired.models if self.runs(pod, model.name))

    def labels(self) -> dict[str, tuple[str, ...]]:
        """Returns the labels to query, by model: of every set, since labels of each may be on their way out."""
        before = self.committed or ModelServerConfig(())
        found = {model.name: {*labels_to_query(model, before.model(model.name))} for model in self.aspired.models}
        for config in self._known.values():
            for model in config.models:
                found.setdefault(model.name, set()).update(model.labels)
        return {name: tuple(sorted(labels)) for name, labels in found.items()}

    def committed_of(self, pods: Sequence[PodFacts]) -> ModelServerConfig | None:
        """Returns what is committed of the aspired models. For one that has its former base path again, and that some
        pod still runs there, that is what was committed of it then."""
        if self.committed is None:
            return None
        in_use = {pod.models_digest for pod in pods}
        former = [config for digest, config in self.former.items() if digest in in_use]
        running = [self.committed, *reversed(former)]
        found = (_committed(model, running) for model in self.aspired.models)
        return ModelServerConfig(tuple(model for model in found if model is not None))


def former_after(
    sets: ModelSets, committed: ModelServerConfig, pods: Sequence[PodFacts], *, rolling: bool
) -> dict[str, ModelServerConfig]:
    """Returns what is to be remembered of other sets once `committed` is: those of pods, and, during a rolling update,
    those of which a pod may be made again. The same as before while nothing else changes: it costs no write."""
    if committed == sets.committed:
        return dict(sets.former)
    before = {models_digest(sets.committed): sets.committed} if sets.committed else {}
    known = {digest: config for digest, config in sets.former.items() if digest not in before} | before
    in_use, now = {pod.models_digest for pod in pods}, models_digest(committed)
    kept = [digest for digest in known if digest != now and (rolling or digest in in_use)]
    return {digest: known[digest] for digest in kept[-MAX_FORMER:]}


def _committed(aspired: ModelConfig, running: Sequence[ModelServerConfig]) -> ModelConfig | None:
    found = (config.model(aspired.name) for config in running)
    return next((model for model in found if _is_same(model, aspired)), running[0].model(aspired.name))


def _is_same(model: ModelConfig | None, other: ModelConfig) -> bool:
    return model is not None and model.base_path == other.base_path
