"""Combines the models of one server: each rolls out on its own, and they share one ConfigMap and one push a pod."""

from collections.abc import Mapping

from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig
from tfs_operator.domain.rollout.facts import Step


def committed_after(
    aspired: ModelServerConfig, committed: ModelServerConfig | None, steps: Mapping[str, Step]
) -> ModelServerConfig | None:
    """Returns what the ConfigMap shall hold after `steps`; equal to `committed` when there is nothing to write.

    None: not known yet, since nothing is committed and the pods that know what is served do not answer.
    """
    models = [_committed_model(model.name, committed, steps[model.name]) for model in aspired.models]
    known = tuple(model for model in models if model is not None)
    return ModelServerConfig(known) if len(known) == len(models) else None


def _committed_model(name: str, committed: ModelServerConfig | None, step: Step) -> ModelConfig | None:
    return step.commit or (committed.model(name) if committed else None)


def labels_to_query(aspired: ModelConfig, committed: ModelConfig | None) -> tuple[str, ...]:
    """Returns the labels to query: those of the spec, and committed ones that may be on their way out."""
    return tuple(sorted({*aspired.labels, *(committed.labels if committed else ())}))
