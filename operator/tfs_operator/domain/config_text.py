"""The files that the model server reads at its start, in protobuf text format.

Every string is escaped, so no name, path or label can add a field of its own.
"""

from collections.abc import Iterator

from tfs_operator.domain.model_config import (
    All,
    Latest,
    ModelConfig,
    ModelServerConfig,
    Specific,
    VersionPolicy,
)
from tfs_operator.domain.text_format import quoted

METRICS_PATH = "/monitoring/prometheus/metrics"


def models_config(config: ModelServerConfig) -> str:
    """The content of `--model_config_file`. The platform is always named: a reload without it poisons the server."""
    lines = ["model_config_list {"]
    for model in config.models:
        lines += ["  config {", *(f"    {line}" for line in _model_lines(model)), "  }"]
    return "\n".join([*lines, "}", ""])


def _model_lines(model: ModelConfig) -> Iterator[str]:
    yield f"name: {quoted(model.name)}"
    yield f"base_path: {quoted(model.base_path)}"
    yield 'model_platform: "tensorflow"'
    yield f"model_version_policy {{ {_policy(model.policy)} }}"
    for label, version in sorted(model.labels.items()):
        yield f"version_labels {{ key: {quoted(label)} value: {version} }}"


def _policy(policy: VersionPolicy) -> str:
    match policy:
        case Specific(versions):
            return "specific { " + " ".join(f"versions: {version}" for version in versions) + " }"
        case Latest(num_versions):
            return f"latest {{ num_versions: {num_versions} }}"
        case All():
            return "all { }"


def monitoring_config() -> str:
    """The content of `--monitoring_config_file`: Prometheus metrics on the REST port.

    Source: tensorflow_serving/config/monitoring_config.proto.
    """
    return f"prometheus_config {{\n  enable: true\n  path: {quoted(METRICS_PATH)}\n}}\n"
