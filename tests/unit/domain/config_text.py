"""Reads a written model server config as the model server does."""

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2 as official

from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific


def read_back(text: str) -> ModelServerConfig:
    """What the model server reads; a platform other than TensorFlow's is an error."""
    message = text_format.Parse(text, official.ModelServerConfig())
    assert [
        model.model_platform for model in message.model_config_list.config if model.model_platform != "tensorflow"
    ] == []
    return ModelServerConfig(tuple(_model(model) for model in message.model_config_list.config))


def _model(message: official.ModelConfig) -> ModelConfig:
    policy = message.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "specific":
            choice: Specific | Latest | All = Specific(tuple(policy.specific.versions))
        case "latest":
            choice = Latest(policy.latest.num_versions)
        case "all":
            choice = All()
        case nothing:
            raise AssertionError(nothing)
    return ModelConfig(message.name, message.base_path, choice, dict(message.version_labels))
