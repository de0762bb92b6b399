"""Whatever text the API accepts stays a text: no field, flag, file or object comes of it."""

import io
import json
import re
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import pytest
import yaml
from google.protobuf import text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_server.config import MONITORING_CONFIG, SSL_CONFIG
from testing.hostile import EXAMPLES, SNIPPETS, manifests, one_by_one
from tests.unit.domain.config_text import read_back
from tests.unit.render.rendering import Manifest, child, pod_spec, tfmodel
from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.commands.output import print_manifests
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, from_annotation
from tfs_operator.domain.config_text import monitoring_config
from tfs_operator.domain.drift import holds
from tfs_operator.domain.fetch_protocol import FetchPlan
from tfs_operator.domain.location import local_places, locations, remotes
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.domain.tls import ssl_config
from tfs_operator.render import Settings, children
from tfs_operator.render.settings import NetworkPolicySettings

MANY = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
SETTINGS = Settings(network_policies=NetworkPolicySettings(operator_namespace="tfs"))
PLAIN = "[A-Za-z0-9:/._@+=~-]+"
DIGESTS = {"tfs-operator.io/models-digest", "tfs-operator.io/batching-digest"}


def rendered(model: TFModel) -> list[Manifest]:
    return children(model, aspired_config(model.metadata.name, model.spec), SETTINGS)


def accepted(manifest: Manifest) -> TFModel | None:
    try:
        return TFModel.parse(manifest)
    except InvalidTFModel:
        return None


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """As the kubelet does with `args` and `env`. Source: k8s.io/kubernetes third_party/forked/golang/expansion."""

    def replaced(match: re.Match[str]) -> str:
        if match.group() == "$$":
            return "$"
        return environment.get(match.group(1), match.group())

    return re.sub(r"\$\$|\$\(([^)]*)\)", replaced, text)


def command_line(container: Manifest) -> list[str]:
    """What the process sees."""
    environment: dict[str, str] = {}
    for variable in container.get("env", []):
        environment[variable["name"]] = expanded(variable.get("value", "from elsewhere"), environment)
    return [expanded(each, environment) for each in [*container["command"], *container.get("args", [])]]


def containers(found: list[Manifest]) -> list[Manifest]:
    pod = pod_spec(found)
    return [*pod.get("initContainers", []), *pod["containers"]]


def the_model_server_reads_what_the_spec_says(model: TFModel, found: list[Manifest]) -> None:
    data = child(found, "ConfigMap")["data"]
    assert read_back(data["models.config"]) == aspired_config(model.metadata.name, model.spec)
    assert data["monitoring.config"] == monitoring_config()


def the_operator_remembers_what_the_spec_says(model: TFModel, found: list[Manifest]) -> None:
    annotations = child(found, "ConfigMap")["metadata"]["annotations"]
    assert from_annotation(annotations[COMMITTED_ANNOTATION]) == aspired_config(model.metadata.name, model.spec)


def the_agent_reads_what_the_spec_says(model: TFModel, found: list[Manifest]) -> None:
    text = child(found, "ConfigMap")["data"]["fetch.json"]
    plan = FetchPlan.model_validate_json(text)
    fetched, mounted = remotes(model.metadata.name, model.spec), local_places(model.metadata.name, model.spec)
    for told, expected in ((plan.sources, fetched), (plan.local, mounted)):
        found_places = {each.name: (each.uri, each.base_path) for each in told}
        assert found_places == {name: (place.uri, place.base_path) for name, place in expected.items()}
    assert set(plan.order.models) == {*fetched, *mounted}
    assert json.loads(text).keys() <= {"sources", "local", "order"}


def a_command_line_has_our_flags_and_after_them_those_of_the_user_one_by_one(
    model: TFModel, found: list[Manifest]
) -> None:
    for container in containers(found):
        extra = (model.spec.server.extra_args or []) if container["name"] == "model-server" else []
        line = command_line(container)
        ours, theirs = line[len(container["command"]) : len(line) - len(extra)], line[len(line) - len(extra) :]
        assert all(
            re.fullmatch(f"--[a-z-_]+(={PLAIN}(,{PLAIN})*)?", flag) or flag == "--shared=from elsewhere"
            for flag in ours
        )
        assert [flag.partition("=")[0] for flag in theirs] == [flag.partition("=")[0] for flag in extra]
        assert not {flag.partition("=")[0] for flag in theirs} & {flag.partition("=")[0] for flag in ours}
        assert not any("\x00" in each for each in line)


def only_the_users_own_text_is_expanded(model: TFModel, found: list[Manifest]) -> None:
    """`$(NAME)` in a container's args stands for a variable of that container, and they are the same user's."""
    extra = set(model.spec.server.extra_args or [])
    for container in containers(found):
        with_dollar = {each for each in container.get("args", []) if "$" in each} - extra
        assert with_dollar <= {"--shared=$(POD_NAME)"}
        names = [variable["name"] for variable in container.get("env", [])]
        assert container["name"] != "fetcher" or names.count("POD_NAME") == 1


def no_environment_variable_has_a_byte_that_ends_it(_: TFModel, found: list[Manifest]) -> None:
    for container in containers(found):
        for variable in container.get("env", []):
            assert "\x00" not in variable["name"] + variable.get("value", "")
            assert "=" not in variable["name"]


def no_path_leaves_its_place(model: TFModel, found: list[Manifest]) -> None:
    mounts = [mount["mountPath"] for each in containers(found) for mount in each["volumeMounts"]]
    for path in [*mounts, *(place.base_path for place in locations(model.metadata.name, model.spec).values())]:
        assert re.fullmatch(PLAIN, path)
        assert not {"", ".", ".."} & set(path.split("/")[1:])
    for probe in ("startupProbe", "readinessProbe"):
        path = containers(found)[-1][probe]["httpGet"]["path"]
        assert re.fullmatch("/v1/models/[A-Za-z0-9_.-]+(/metadata)?", path)


def what_render_prints_is_read_back_as_it_was(_: TFModel, found: list[Manifest]) -> None:
    assert all(is_read_back(json.dumps(each)) for each in found)


@cache
def is_read_back(manifest: str) -> bool:
    """Whether a manifest, as JSON, comes out of what is printed. A text changes one or two of a TFModel's manifests, so
    most are asked about again and again."""
    found = [json.loads(manifest)]
    return read(printed(found)) == found


def printed(found: list[Manifest]) -> str:
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    with redirect_stdout(output):
        print_manifests(found)
    output.seek(0)
    return output.read()


def read(text: str) -> list[Manifest]:
    return list(yaml.load_all(text, yaml.CSafeLoader))


def what_is_compared_can_be_compared(_: TFModel, found: list[Manifest]) -> None:
    assert all(holds(json.loads(json.dumps(each)), each) for each in found)


def nothing_of_ours_is_replaced(model: TFModel, found: list[Manifest]) -> None:
    spec = child(found, "Deployment")["spec"]
    metadata, pod = spec["template"]["metadata"], spec["template"]["spec"]
    assert metadata["labels"]["app.kubernetes.io/instance"] == model.metadata.name
    ours = {name for name in metadata["annotations"] if name.startswith("tfs-operator.io/")}
    assert ours <= DIGESTS
    assert not any(text in SNIPPETS for name, text in metadata["annotations"].items() if name in DIGESTS)
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC", "nodeName", "serviceAccount", "runtimeClassName"}
    assert all(each["securityContext"]["allowPrivilegeEscalation"] is False for each in containers(found))


Check = Callable[[TFModel, list[Manifest]], None]
CHECKS: list[Check] = [
    the_model_server_reads_what_the_spec_says,
    the_operator_remembers_what_the_spec_says,
    the_agent_reads_what_the_spec_says,
    a_command_line_has_our_flags_and_after_them_those_of_the_user_one_by_one,
    only_the_users_own_text_is_expanded,
    no_environment_variable_has_a_byte_that_ends_it,
    no_path_leaves_its_place,
    what_is_compared_can_be_compared,
    nothing_of_ours_is_replaced,
]

PARTS = 8
"""Each a test, within a test's time limit on any machine: YAML is printed in Python, some ms for a Deployment."""


@pytest.fixture(scope="module")
def taken() -> list[tuple[TFModel, list[Manifest]]]:
    """Every hostile text in every place where it is accepted, and what becomes of it."""
    models = [model for manifest in one_by_one() if (model := accepted(manifest))]
    assert len(models) > 500, "else all of this would prove little"
    return [(model, rendered(model)) for model in models]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_of_every_text_that_is_accepted(check: Check, taken: list[tuple[TFModel, list[Manifest]]]) -> None:
    for model, found in taken:
        check(model, found)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_render_prints_of_every_text_is_read_back_as_it_was(
    part: int, taken: list[tuple[TFModel, list[Manifest]]]
) -> None:
    for model, found in taken[part::PARTS]:
        what_render_prints_is_read_back_as_it_was(model, found)


@given(manifests())
@MANY
def test_of_any_text_that_is_accepted(manifest: Manifest) -> None:
    if model := accepted(manifest):
        for check in [*CHECKS, what_render_prints_is_read_back_as_it_was]:
            check(model, rendered(model))


def test_the_examples_themselves_are_accepted() -> None:
    assert all(accepted(manifest) for manifest in EXAMPLES)


def test_what_is_printed_together_is_read_back_together() -> None:
    found = [each for manifest in EXAMPLES if (model := accepted(manifest)) for each in rendered(model)]
    assert read(printed(found)) == found


@given(st.text(), st.text())
@settings(deadline=None, max_examples=200)
def test_no_key_and_no_certificate_can_add_a_field(key: str, certificates: str) -> None:
    message: Any = text_format.Parse(ssl_config(key, certificates), SSL_CONFIG())
    assert (message.server_key, message.server_cert, message.custom_ca) == (key, certificates, "")
    assert message.client_verify is False


def test_the_metrics_are_switched_on() -> None:
    message: Any = text_format.Parse(monitoring_config(), MONITORING_CONFIG())
    assert (message.prometheus_config.enable, message.prometheus_config.path) == (
        True,
        "/monitoring/prometheus/metrics",
    )


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"server": {"extraArgs": ["--a=\x00"]}}, "spec.server.extraArgs"),
        ({"server": {"extraArgs": ["--a=b\t"]}}, "spec.server.extraArgs"),
        ({"server": {"extraArgs": ["--$(A)=b"]}}, "spec.server.extraArgs"),
        ({"server": {"extraArgs": ["--ssl_config_file=/tmp/x"]}}, "spec.server.extraArgs"),
        ({"server": {"env": [{"name": "A", "value": "a\x00b"}]}}, "spec.server.env.0.value"),
        ({"storage": {"env": [{"name": "A", "value": "\x00"}]}}, "spec.storage.env.0.value"),
        ({"podTemplate": {"annotations": {"tfs-operator.io/attempt": "x"}}}, "spec.podTemplate.annotations"),
        ({"server": {"resources": {"limits": {"cpu": "1e999999999999999999"}}}}, "spec.server.resources.limits.cpu"),
        ({"server": {"tls": {"secretName": "../etc"}}}, "spec.server.tls.secretName"),
    ],
)
def test_what_is_refused_names_its_field(spec: Manifest, path: str) -> None:
    with pytest.raises(InvalidTFModel) as raised:
        tfmodel(**spec)
    assert [problem.partition(": ")[0] for problem in raised.value.problems] == [path]
