"""A model server config as the message that HandleReloadConfigRequest takes."""

from typing import assert_never

from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific

from . import model_management_pb2 as pb

MODEL_PLATFORM = "tensorflow"
"""Always sent: a reload without it is stored before it fails, and every later reload fails too."""


def reload_request(config: ModelServerConfig) -> pb.ReloadConfigRequest:
    """Returns the whole config: the server replaces what it has by exactly this."""
    models = pb.ModelConfigList(config=[_model(model) for model in config.models])
    return pb.ReloadConfigRequest(config=pb.ModelServerConfig(model_config_list=models))


def _model(model: ModelConfig) -> pb.ModelConfig:
    return pb.ModelConfig(
        name=model.name,
        base_path=model.base_path,
        model_platform=MODEL_PLATFORM,
        model_version_policy=_policy(model.policy),
        version_labels=model.labels,
    )


def _policy(policy: Specific | Latest | All) -> pb.ServableVersionPolicy:
    match policy:
        case Specific(versions=versions):
            return pb.ServableVersionPolicy(specific=pb.ServableVersionPolicy.Specific(versions=versions))
        case Latest(num_versions=num_versions):
            return pb.ServableVersionPolicy(latest=pb.ServableVersionPolicy.Latest(num_versions=num_versions))
        case All():
            return pb.ServableVersionPolicy(all=pb.ServableVersionPolicy.All())
        case _:
            assert_never(policy)
