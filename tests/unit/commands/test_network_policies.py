"""The administrator's flags about NetworkPolicies."""

import argparse
from typing import Any

import pytest

from tfs_operator.commands import settings
from tfs_operator.render.settings import NetworkPolicySettings

PEER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}


def chosen(*arguments: str) -> NetworkPolicySettings:
    parser = argparse.ArgumentParser()
    settings.add_flags(parser)
    return settings.from_options(parser.parse_args(arguments)).network_policies


def test_without_flags_none_is_made_since_nobody_knows_where_the_operator_is() -> None:
    assert chosen() == NetworkPolicySettings(enabled=True, operator_namespace="")


@pytest.mark.parametrize(
    ("flag", "field", "value"),
    [
        ("--network-policies=false", "enabled", False),
        ("--operator-namespace=tfs", "operator_namespace", "tfs"),
        ("--operator-labels=a=b,c=d=e", "operator_labels", {"a": "b", "c": "d=e"}),
        (f"--network-policy-clients=[{str(PEER).replace(chr(39), chr(34))}]", "clients", (PEER,)),
        ("--network-policy-monitoring=[]", "monitoring", ()),
    ],
)
def test_each_flag(flag: str, field: str, value: Any) -> None:
    assert getattr(chosen(flag), field) == value


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--network-policies=maybe", "invalid choice"),
        ("--operator-labels=", "is not KEY=VALUE"),
        ("--operator-labels=a", "is not KEY=VALUE"),
        ("--network-policy-clients=monitoring", "is not JSON"),
        ("--network-policy-clients={}", "is not a JSON list"),
        ("--network-policy-clients=[{}]", "is not a JSON list"),
        ("--network-policy-clients=[[1]]", "is not a JSON list"),
    ],
)
def test_a_mistake_is_said_at_the_start(flag: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        chosen(flag)
    assert words in capsys.readouterr().err


def test_json_that_is_nested_too_deeply(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        chosen("--network-policy-clients=" + "[" * 100_000)
    assert "nested too deeply" in capsys.readouterr().err
