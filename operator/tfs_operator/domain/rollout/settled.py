"""Compares a pod's answers with the configuration that was pushed to it."""

from collections.abc import Mapping

from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import ModelObservation


def settled(config: ModelServerConfig, observed: Mapping[str, ModelObservation]) -> bool:
    """Tells whether the pod's answers show that it follows `config`."""
    return all(_model_settled(model, observed.get(model.name, ModelObservation())) for model in config.models)


def _model_settled(config: ModelConfig, observed: ModelObservation) -> bool:
    if any(observed.labels.get(label) != version for label, version in config.labels.items()):
        return False
    if isinstance(config.policy, Specific):
        return observed.available == set(config.policy.versions)
    return bool(observed.available)
