"""What the very first pods of a TFModel start with."""

from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.rollout import target


def opening(aspired: ModelServerConfig) -> ModelServerConfig:
    """The wish, untried: there is nothing better."""
    return ModelServerConfig(tuple(target.opening(model) for model in aspired.models))
