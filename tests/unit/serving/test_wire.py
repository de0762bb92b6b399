"""Our few messages are TF Serving's, byte for byte: the official protos read what we write, and write what we read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import model_management_pb2 as official
from tensorflow_serving.apis import status_pb2 as official_status

from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.serving import model_management_pb2 as pb
from tfs_operator.serving.wire import reload_request

VERSIONS = st.integers(0, 2**63 - 1)
POLICIES = st.one_of(
    st.lists(VERSIONS, max_size=5).map(lambda versions: Specific(tuple(versions))),
    st.integers(1, 2**32 - 1).map(Latest),
    st.builds(All),
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
CONFIGS = st.builds(
    ModelServerConfig,
    st.lists(
        st.builds(ModelConfig, TEXTS, TEXTS, POLICIES, st.dictionaries(TEXTS, VERSIONS, max_size=3)), max_size=3
    ).map(tuple),
)


def read_back(model) -> ModelConfig:
    """A ModelConfig from the official message."""
    policy = model.model_version_policy
    policies = {
        "specific": lambda: Specific(tuple(policy.specific.versions)),
        "latest": lambda: Latest(policy.latest.num_versions),
        "all": All,
    }
    choice = policies[policy.WhichOneof("policy_choice")]()
    return ModelConfig(model.name, model.base_path, choice, dict(model.version_labels))


@given(CONFIGS)
@settings(deadline=None)
def test_the_official_proto_reads_every_config_of_ours(config):
    request = official.ReloadConfigRequest.FromString(reload_request(config).SerializeToString())
    assert request.config.WhichOneof("config") == "model_config_list"
    models = request.config.model_config_list.config
    assert ModelServerConfig(tuple(read_back(model) for model in models)) == config
    assert all(model.model_platform == "tensorflow" for model in models)


@given(CONFIGS)
@settings(deadline=None)
def test_nothing_is_unknown_to_the_official_proto(config):
    """Unknown fields would survive a round trip unread; the text of the message shows only what is known."""
    request = official.ReloadConfigRequest.FromString(reload_request(config).SerializeToString())
    size = request.ByteSize()
    request.DiscardUnknownFields()
    assert request.ByteSize() == size


@pytest.mark.parametrize("code", [0, 3, 9, 16])
def test_we_read_the_official_status(code):
    status = official_status.StatusProto(error_code=code, error_message="message")
    answer = official.ReloadConfigResponse(status=status).SerializeToString()
    ours = pb.ReloadConfigResponse.FromString(answer)
    assert (ours.status.error_code, ours.status.error_message) == (code, "message")
