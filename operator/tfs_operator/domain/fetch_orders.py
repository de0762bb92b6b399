"""Computes the orders to the agents of a TFModel's pods: what they fetch and hold, and what they look for."""

from collections.abc import Iterable, Mapping

from tfs_operator.domain.expectation import expectation
from tfs_operator.domain.fetch_protocol import FetchOrder, ModelOrder, VersionSet
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.rollout import Failure


def order(
    models: Iterable[str],
    committed: ModelServerConfig,
    aspired: ModelServerConfig,
    poll_interval_seconds: float,
    *,
    alone: bool = False,
    failures: Mapping[str, Iterable[Failure]] | None = None,
) -> FetchOrder:
    """Returns the order for `models`, those that an agent fetches or looks at: servers start with `committed`, which
    is expected of them, and reach `aspired`. `alone`: no pod is ready. `failures` has what was given up, by model."""
    given_up = failures or {}
    return FetchOrder(
        models={
            name: _model_order(committed.model(name), aspired.model(name), given_up.get(name, ())) for name in models
        },
        expect=expectation(committed),
        alone=alone,
        poll_interval_seconds=poll_interval_seconds,
    )


def _model_order(committed: ModelConfig | None, aspired: ModelConfig | None, failures: Iterable[Failure]) -> ModelOrder:
    return ModelOrder(start=_versions(committed), hold=_versions(aspired), unfit=_unfit(committed, failures))


def _unfit(committed: ModelConfig | None, failures: Iterable[Failure]) -> tuple[int, ...]:
    """A committed version has served, and fails on one pod, say, for its disk: that pod's agent sees for itself what
    its server has given up, and the others keep what works."""
    start = _versions(committed)
    return tuple(sorted(failure.version for failure in failures if failure.version not in start.versions))


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
