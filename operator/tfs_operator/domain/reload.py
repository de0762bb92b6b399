"""What one model server is told next, on the way from what it answers to what is wanted.

The server checks labels before it loads versions (server_core.cc, ReloadConfig) and refuses the whole
configuration for one label on a version that is not AVAILABLE. So a label moves only once its new version is
AVAILABLE on that pod, and until then its old version stays loaded.
"""

from collections.abc import Mapping
from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import ModelObservation


def next_config(wanted: ModelServerConfig, observed: Mapping[str, ModelObservation]) -> ModelServerConfig:
    """The configuration that is safe to push to the pod which answers `observed`."""
    return ModelServerConfig(
        tuple(_next_model(model, observed.get(model.name, ModelObservation())) for model in wanted.models)
    )


def _next_model(wanted: ModelConfig, observed: ModelObservation) -> ModelConfig:
    labels = {
        label: version
        for label, target in wanted.labels.items()
        if (version := _movable(label, target, observed)) is not None
    }
    return replace(wanted, labels=labels, policy=_keeping(wanted.policy, set(labels.values())))


def _movable(label: str, target: int, observed: ModelObservation) -> int | None:
    """The target once it is AVAILABLE; until then what the label answers now, if anything."""
    return target if target in observed.available else observed.labels.get(label)


def _keeping(policy: VersionPolicy, labelled: set[int]) -> VersionPolicy:
    if isinstance(policy, Specific):
        return Specific(tuple(sorted({*policy.versions, *labelled})))
    return policy


def settled(config: ModelServerConfig, observed: Mapping[str, ModelObservation]) -> bool:
    """Do the pod's answers show that it follows `config`?"""
    return all(_model_settled(model, observed.get(model.name, ModelObservation())) for model in config.models)


def _model_settled(config: ModelConfig, observed: ModelObservation) -> bool:
    if any(observed.labels.get(label) != version for label, version in config.labels.items()):
        return False
    if isinstance(config.policy, Specific):
        return observed.available == set(config.policy.versions)
    return bool(observed.available)
