"""The model server's files, read back by TensorFlow Serving's own protos."""

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from tensorflow_serving.config import model_server_config_pb2 as official

from tests.unit.domain.config_text import read_back
from tests.unit.domain.strategies import ANY_CONFIG, TEXTS
from tfs_operator.domain.config_text import models_config, monitoring_config
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.text_format import quoted


@given(ANY_CONFIG)
@settings(deadline=None, max_examples=50)
def test_whatever_is_written_is_read_back_and_nothing_can_be_injected(config: ModelServerConfig) -> None:
    assert read_back(models_config(config)) == config


@given(ANY_CONFIG)
@settings(deadline=None, max_examples=50)
def test_the_text_is_plain_ascii(config: ModelServerConfig) -> None:
    assert set(models_config(config)) <= {"\n", *map(chr, range(0x20, 0x7F))}


@given(TEXTS)
@settings(deadline=None, max_examples=50)
def test_a_quoted_text_has_no_quote_of_its_own(text: str) -> None:
    inside = quoted(text)[1:-1]
    assert '"' not in inside
    assert text_format.Parse(f"name: {quoted(text)}", official.ModelConfig()).name == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("mnist", '"mnist"'),
        ("", '""'),
        ('a"b', r'"a\042b"'),
        ("a'b", r'"a\047b"'),
        ("a\\b", r'"a\134b"'),
        ("a\nb", r'"a\012b"'),
        ("\x007", r'"\0007"'),
        ("é", r'"\303\251"'),
    ],
)
def test_what_is_not_plain_is_an_octal_escape(text: str, escaped: str) -> None:
    assert quoted(text) == escaped


def test_the_file_is_readable() -> None:
    config = ModelServerConfig(
        (
            ModelConfig("mnist", "/models/mnist", Specific((1, 2)), {"stable": 1, "canary": 2}),
            ModelConfig("cats", "/models/cats", Latest(3)),
            ModelConfig("dogs", "/models/dogs", All()),
        )
    )
    assert models_config(config) == (
        "model_config_list {\n"
        "  config {\n"
        '    name: "mnist"\n'
        '    base_path: "/models/mnist"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { specific { versions: 1 versions: 2 } }\n"
        '    version_labels { key: "canary" value: 2 }\n'
        '    version_labels { key: "stable" value: 1 }\n'
        "  }\n"
        "  config {\n"
        '    name: "cats"\n'
        '    base_path: "/models/cats"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { latest { num_versions: 3 } }\n"
        "  }\n"
        "  config {\n"
        '    name: "dogs"\n'
        '    base_path: "/models/dogs"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { all { } }\n"
        "  }\n"
        "}\n"
    )


def test_the_order_of_labels_does_not_show() -> None:
    texts = {
        models_config(ModelServerConfig((ModelConfig("m", "/m", Latest(1), dict(labels)),)))
        for labels in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)])
    }
    assert len(texts) == 1


def test_metrics_are_switched_on_at_their_usual_path() -> None:
    """The wheel has no monitoring_config.proto, so this is compared with the text of TF Serving's documentation."""
    assert monitoring_config() == 'prometheus_config {\n  enable: true\n  path: "/monitoring/prometheus/metrics"\n}\n'
