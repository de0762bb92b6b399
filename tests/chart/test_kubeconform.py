"""Every render is valid for the API: strictly, with the schemas of the pinned Kubernetes and of prometheus-operator."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from testing.chart import ROOT, VALUE_FILES
from tests.chart.conftest import BUILD_SECONDS

CHILDREN = sorted((ROOT / "tests/unit/render/golden").glob("*.yaml"))
SCHEMA = "{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json"


@pytest.fixture(scope="session")
def kubeconform():
    """(text) → (kind, name, status, message) of each object that is not valid."""
    program = Path(_built("binaries.sh", "kubeconform"))
    schemas = _built("schemas.sh")

    def check(text):
        command = [program, "-strict", "-output", "json", "-verbose"]
        done = subprocess.run(
            [*command, "-schema-location", f"{schemas}/{SCHEMA}", "-"],
            input=text, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        found = json.loads(done.stdout)["resources"]
        assert len(found) == len([each for each in yaml.safe_load_all(text) if each])
        bad = [each for each in found if each["status"] != "statusValid"]
        return [(each["kind"], each["name"], each["status"], each["msg"]) for each in bad]

    return check


def _built(script, *names):
    command = [str(ROOT / "hack" / script), *names]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=BUILD_SECONDS, check=True).stdout.strip()


@pytest.mark.parametrize("case", ["defaults", *VALUE_FILES])
def test_renders_are_valid(chart, kubeconform, case):
    settings = [VALUE_FILES[case]] if case in VALUE_FILES else []
    assert kubeconform(chart.text(*settings)) == []


def test_two_operators_are_valid(chart, kubeconform):
    assert kubeconform(chart.text("replicas=2")) == []


@pytest.mark.parametrize("file", CHILDREN, ids=lambda file: file.stem)
def test_what_the_operator_makes_is_valid(kubeconform, file):
    assert kubeconform(file.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("enableServiceLinks: false", "enableServiceLink: false", "additional properties 'enableServiceLink'"),
        ("containerPort: 8080", "containerPort: http", "containerPort"),
        ("kind: Deployment", "kind: Deploymint", "could not find schema"),
        ("whenUnsatisfiable: ScheduleAnyway", "maxSkews: 1", "maxSkews"),
        ("  selector:\n", "  selectors:\n", "selectors"),
    ],
)
def test_mistakes_are_found(chart, kubeconform, old, new, words):
    text = chart.source("deployment.yaml", "replicas=2")
    assert old in text
    ((_, _, _, message),) = kubeconform(text.replace(old, new, 1))
    assert words in message
