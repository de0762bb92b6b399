"""The model server's configuration: which models, from where, in which versions, under which labels.

Source: tensorflow_serving/config/model_server_config.proto and
tensorflow_serving/sources/storage_path/file_system_storage_path_source.proto.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfs_operator.domain.location import locations

if TYPE_CHECKING:  # the agents import this module, and pay for whatever it imports
    from tfs_operator.api.spec import TFModelSpec
    from tfs_operator.api.versions import VersionSelection


@dataclass(frozen=True)
class Specific:
    """Exactly these versions, in ascending order."""

    versions: tuple[int, ...]


@dataclass(frozen=True)
class Latest:
    """The `num_versions` highest numbers."""

    num_versions: int


@dataclass(frozen=True)
class All:
    """Every version below the base path."""


VersionPolicy = Specific | Latest | All


@dataclass(frozen=True)
class ModelConfig:
    """One model. `labels` maps a version label to a version."""

    name: str
    base_path: str
    policy: VersionPolicy
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelServerConfig:
    """All models of one server, in the order of the spec."""

    models: tuple[ModelConfig, ...]

    def model(self, name: str) -> ModelConfig | None:
        return next((model for model in self.models if model.name == name), None)


def policy_of(selection: VersionSelection) -> VersionPolicy:
    """`versions`; else `versionPolicy`; else exactly the labelled versions; else the newest one."""
    if selection.versions is not None:
        return Specific(tuple(sorted(selection.versions)))
    if selection.version_policy is not None:
        latest = selection.version_policy.latest
        return All() if latest is None else Latest(latest)
    if selection.version_labels:
        return Specific(tuple(sorted(set(selection.version_labels.values()))))
    return Latest(1)


def aspired_config(name: str, spec: TFModelSpec) -> ModelServerConfig:
    """What the spec of the TFModel `name` asks of the model server."""
    selections: dict[str, VersionSelection] = (
        {name: spec} if spec.models is None else {model.name: model for model in spec.models}
    )
    return ModelServerConfig(
        tuple(
            ModelConfig(
                model_name,
                location.base_path,
                policy_of(selections[model_name]),
                dict(sorted((selections[model_name].version_labels or {}).items())),
            )
            for model_name, location in locations(name, spec).items()
        )
    )
