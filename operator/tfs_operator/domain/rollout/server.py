"""Several models in one server: each rolls out on its own, and they share one ConfigMap and one push a pod."""

from collections.abc import Mapping

from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig
from tfs_operator.domain.rollout.facts import Step


def committed_after(
    wanted: ModelServerConfig, committed: ModelServerConfig | None, steps: Mapping[str, Step]
) -> ModelServerConfig:
    """What the ConfigMap shall hold after `steps`; equal to `committed` when there is nothing to write."""
    return ModelServerConfig(tuple(_committed_model(model, committed, steps[model.name]) for model in wanted.models))


def _committed_model(model: ModelConfig, committed: ModelServerConfig | None, step: Step) -> ModelConfig:
    """Every model that is not committed yet has a step that commits it."""
    before = committed.model(model.name) if committed else None
    return step.commit or before or model


def labels_to_ask(wanted: ModelConfig, committed: ModelConfig | None) -> tuple[str, ...]:
    """The labels of which the answers are needed: a label on its way out is seen too."""
    return tuple(sorted({*wanted.labels, *(committed.labels if committed else ())}))
