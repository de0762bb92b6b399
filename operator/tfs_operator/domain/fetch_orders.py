"""Computes the orders to the agents of a TFModel's pods: what they fetch and hold, and what they look for."""

from collections.abc import Iterable

from tfs_operator.domain.fetch_protocol import FetchOrder, ModelOrder, VersionSet
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific


def order(
    models: Iterable[str], committed: ModelServerConfig, aspired: ModelServerConfig, poll_interval_seconds: float
) -> FetchOrder:
    """Returns the order for `models`, those that an agent fetches or looks at: servers start with `committed` and reach
    `aspired`."""
    return FetchOrder(
        models={name: _model_order(committed.model(name), aspired.model(name)) for name in models},
        poll_interval_seconds=poll_interval_seconds,
    )


def _model_order(committed: ModelConfig | None, aspired: ModelConfig | None) -> ModelOrder:
    return ModelOrder(start=_versions(committed), hold=_versions(aspired))


def _versions(config: ModelConfig | None) -> VersionSet:
    """Labelled versions are held too: `latest` may have moved on while a label stays."""
    if config is None:
        return VersionSet()
    labelled = set(config.labels.values())
    match config.policy:
        case Specific(versions):
            return VersionSet(versions=tuple(sorted({*versions, *labelled})))
        case Latest(num_versions):
            return VersionSet(versions=tuple(sorted(labelled)), latest=num_versions)
        case All():
            return VersionSet(versions=tuple(sorted(labelled)), all=True)
