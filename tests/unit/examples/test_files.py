"""What every example has, and that its parts agree with each other."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfs_operator.cli import main

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = ["boston", "cats-vs-dogs", "flowers", "linear", "mnist"]
each = pytest.mark.parametrize("name", NAMES)


def readme(name: str) -> str:
    return (EXAMPLES / name / "README.md").read_text()


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", readme(name), re.MULTILINE | re.DOTALL)


def test_there_are_no_others() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()) == NAMES


@each
def test_an_example_has_all_its_parts(name: str) -> None:
    parts = ("README.md", "request.json", "tfmodel.yaml", "train.py")
    assert [part for part in parts if not (EXAMPLES / name / part).is_file()] == []


@each
def test_the_readme_shows_the_tfmodel_that_it_applies(name: str) -> None:
    shown = [yaml.safe_load(block) for block in blocks(name, "yaml")]
    assert yaml.safe_load((EXAMPLES / name / "tfmodel.yaml").read_text()) in shown


@each
def test_every_tfmodel_renders(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = [file for file in EXAMPLES.joinpath(name).glob("*.yaml") if "kind: TFModel" in file.read_text()]
    assert len(files) > 0
    for file in files:
        assert main(["render", "-f", str(file)]) == 0, capsys.readouterr().err


@each
def test_every_manifest_is_one_that_restricted_namespaces_admit(name: str) -> None:
    for pod in pods(name):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def pods(name: str) -> list[dict[str, Any]]:
    found = [m for file in EXAMPLES.joinpath(name).glob("*.yaml") for m in yaml.safe_load_all(file.read_text())]
    by_template = [manifest["spec"]["template"]["spec"] for manifest in found if manifest["kind"] == "Deployment"]
    return by_template + [manifest["spec"] for manifest in found if manifest["kind"] == "Pod"]


@each
def test_the_commands_of_the_readme_are_bash(name: str) -> None:
    script = "\n".join(blocks(name, "sh"))
    assert script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)


@each
def test_what_the_readme_links_to_is_there(name: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme(name)) if not link.startswith("https://")]
    assert [link for link in links if not (EXAMPLES / name / link).exists()] == []


@each
def test_requests_have_instances(name: str) -> None:
    for file in EXAMPLES.joinpath(name).glob("request*.json"):
        body = json.loads(file.read_text())
        assert len(body["instances"]) > 0
        assert set(body) <= {"instances", "signature_name"}
