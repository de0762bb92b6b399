"""Computes the orders to the agents of a TFModel's pods: what they fetch and hold, and what they look for."""

from collections.abc import Iterable, Mapping

from tfs_operator.domain.expectation import expectation
from tfs_operator.domain.fetch_protocol import FetchOrder, ModelOrder, VersionSet
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific


def order(
    models: Iterable[str],
    committed: ModelServerConfig,
    aspired: ModelServerConfig,
    poll_interval_seconds: float,
    *,
    alone: bool = False,
    listed: Mapping[str, frozenset[int]] | None = None,
) -> FetchOrder:
    """Returns the order for `models`, those that an agent fetches or looks at: servers start with `committed`, which
    is expected of them, and reach `aspired`. `alone`: no pod is ready. `listed` has, by
    model, what the agents saw last: what one has found the others are ordered by name, and do not find at their next
    look only."""
    return FetchOrder(
        models={
            name: _model_order(committed.model(name), aspired.model(name), (listed or {}).get(name, frozenset()))
            for name in models
        },
        expect=expectation(committed),
        alone=alone,
        poll_interval_seconds=poll_interval_seconds,
    )


def _model_order(committed: ModelConfig | None, aspired: ModelConfig | None, listed: frozenset[int]) -> ModelOrder:
    hold = _versions(aspired)
    found = sorted(listed)[-hold.latest :] if hold.latest else ()
    named = tuple(sorted({*hold.versions, *found}))
    return ModelOrder(start=_versions(committed), hold=hold.model_copy(update={"versions": named}))


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
