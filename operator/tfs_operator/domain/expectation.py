"""The committed configuration on its way to the agents: what their model servers start with and should serve."""

from tfs_operator.domain.fetch_protocol import ExpectedModel, VersionSet
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy


def expectation(config: ModelServerConfig) -> tuple[ExpectedModel, ...]:
    """Returns a configuration as it goes over the wire."""
    return tuple(
        ExpectedModel(
            name=model.name, base_path=model.base_path, serve=_to_wire(model.policy), labels=dict(model.labels)
        )
        for model in config.models
    )


def starting_config(model: ExpectedModel, there: frozenset[int] | None) -> ModelConfig:
    """Returns the configuration with which a server starts. `there` has the versions that are in place and whole, None
    where that is not known: of these a policy's are named, so that the server discovers none by itself."""
    policy = _named(_policy(model.serve), there or frozenset(), frozenset(model.labels.values()))
    return ModelConfig(model.name, model.base_path, policy, dict(sorted(model.labels.items())))


def _named(policy: VersionPolicy, there: frozenset[int], labelled: frozenset[int]) -> VersionPolicy:
    match policy:
        case Latest(count) if there:
            return Specific(tuple(sorted({*sorted(there)[-count:], *(labelled & there)})))
        case All() if there:
            return Specific(tuple(sorted(there)))
    return policy


def _to_wire(policy: VersionPolicy) -> VersionSet:
    match policy:
        case Specific(versions):
            return VersionSet(versions=versions)
        case Latest(count):
            return VersionSet(latest=count)
        case All():
            return VersionSet(all=True)


def _policy(serve: VersionSet) -> VersionPolicy:
    if serve.all:
        return All()
    return Latest(serve.latest) if serve.latest else Specific(serve.versions)
