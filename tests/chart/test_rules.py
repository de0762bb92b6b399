"""files/rules.yaml, by promtool: every alert fires when it should, and only then. No Helm is needed."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "charts" / "tfs-operator" / "files" / "rules.yaml"
TESTS = sorted((Path(__file__).parent / "rules").glob("*.yaml"))
RUNBOOK = (ROOT / "docs" / "alerts.md").read_text()

GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}
RECORDS = {rule["record"] for group in GROUPS for rule in group["rules"] if "record" in rule}
each_alert = pytest.mark.parametrize("name", ALERTS)


@pytest.fixture(scope="module")
def promtool():
    found = subprocess.run([ROOT / "hack" / "prometheus.sh"], capture_output=True, text=True, timeout=600, check=False)
    if found.returncode != 0:
        pytest.fail(f"hack/prometheus.sh failed:\n{found.stderr}", pytrace=False)
    return found.stdout.split()[1]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_it_is_a_rule_file(promtool):
    assert "SUCCESS" in run(promtool, "check", "rules", "--lint-fatal", str(RULES))


@pytest.mark.parametrize("file", TESTS, ids=[file.stem for file in TESTS])
def test_alerts_fire_when_they_should_and_only_then(promtool, file):
    run(promtool, "test", "rules", str(file))


def expectations(name):
    """What is expected of the alert, over all test files."""
    cases = [
        case for file in TESTS for each in yaml.safe_load(file.read_text())["tests"] for case in each["alert_rule_test"]
    ]
    return [case["exp_alerts"] for case in cases if case["alertname"] == name]


@each_alert
def test_every_alert_is_seen_to_fire_and_not_to_fire(name):
    expected = expectations(name)
    assert any(expected), "never fires in a test"
    assert not all(expected), "always fires in a test"


@each_alert
def test_every_alert_says_what_it_is_about_and_what_to_do(name):
    rule = ALERTS[name]
    assert rule["labels"] == {"severity": rule["labels"]["severity"]}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{name.lower()}"
    assert re.search(rf"^## {name}$", RUNBOOK, re.MULTILINE), "the runbook does not have it"


def test_the_runbook_has_no_other_alerts():
    assert re.findall(r"^## (TFModel\w*)$", RUNBOOK, re.MULTILINE) == list(ALERTS)


@each_alert
def test_the_runbook_says_what_it_means_what_to_look_at_and_what_to_do(name):
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    for part in ("**Meaning.**", "**Look at.**", "**Do.**"):
        assert part in section, part
    assert f"Severity: {ALERTS[name]['labels']['severity']}, after {ALERTS[name]['for']}." in section


def test_every_computed_series_is_used():
    expressions = " ".join(rule["expr"] for rule in ALERTS.values()) + " ".join(
        rule["expr"] for group in GROUPS for rule in group["rules"] if "record" in rule
    )
    assert {record for record in RECORDS if record not in expressions} == set()
