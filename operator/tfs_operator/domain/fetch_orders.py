"""Computes the orders to the agents of a TFModel's pods: what they fetch and hold, and what they look for."""

from collections.abc import Iterable, Mapping

from tfs_operator.domain.expectation import expectation
from tfs_operator.domain.fetch_protocol import FetchOrder, ModelOrder, VersionSet
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.rollout import Cause, Failure


def order(
    models: Iterable[str],
    committed: ModelServerConfig,
    aspired: ModelServerConfig,
    poll_interval_seconds: float,
    *,
    alone: bool = False,
    listed: Mapping[str, frozenset[int]] | None = None,
    failures: Mapping[str, Iterable[Failure]] | None = None,
) -> FetchOrder:
    """Returns the order for `models`, those that an agent fetches or looks at: servers start with `committed`, which
    is expected of them, and reach `aspired`. `alone`: no pod is ready. `listed` has, by
    model, what the agents saw last: what one has found the others are ordered by name, and do not find at their next
    look only. `failures` has, by model, what was given up."""
    seen, given_up = listed or {}, failures or {}
    return FetchOrder(
        models={
            name: ModelOrder(
                start=_versions(committed.model(name)),
                hold=_held(aspired.model(name), seen.get(name, frozenset()), given_up.get(name, ())),
                unfit=_unfit(committed.model(name), given_up.get(name, ())),
            )
            for name in models
        },
        expect=expectation(committed),
        alone=alone,
        poll_interval_seconds=poll_interval_seconds,
    )


def _held(aspired: ModelConfig | None, listed: frozenset[int], given_up: Iterable[Failure]) -> VersionSet:
    """Where the newest are given up, `latest` goes back to those before."""
    hold = _versions(aspired)
    unfit = {failure.version for failure in given_up}
    found = {*sorted(listed)[-hold.latest :], *sorted(listed - unfit)[-hold.latest :]} if hold.latest else set()
    return hold.model_copy(update={"versions": tuple(sorted({*hold.versions, *found}))})


def _unfit(committed: ModelConfig | None, failures: Iterable[Failure]) -> tuple[int, ...]:
    """A committed version has served, and fails on one pod, say, for its disk: that pod's agent sees for itself what
    its server has given up, and the others keep what works. One that cannot answer has never worked."""
    start = _versions(committed)
    unfit = (f.version for f in failures if f.cause is Cause.ANSWER or f.version not in start.versions)
    return tuple(sorted(unfit))


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
