"""The configuration that the very first pods of a TFModel start with."""

from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.rollout import target


def initial_config(aspired: ModelServerConfig) -> ModelServerConfig:
    """Returns the spec's own configuration, untried: no better one is known yet."""
    return ModelServerConfig(tuple(target.initial(model) for model in aspired.models))
