"""examples/boston: every command of its README; the samples' answers are the model's own; the load loses no request."""

import json
import re
from pathlib import Path

from testing.clients import saved_model
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl
from tests.e2e.support import page

EXAMPLE = ROOT / "examples" / "boston"
BUILD = ROOT / "build"
SECONDS = 500


def test_the_readme_works_and_the_answers_are_the_models_own(kubeconfig: Path, namespace: Kubectl) -> None:
    output = page.run(EXAMPLE / "README.md", kubeconfig, namespace, SECONDS)
    bodies = [json.loads(line) for line in (BUILD / "boston-samples.jsonl").read_text().splitlines()]
    bodies.insert(0, json.loads((EXAMPLE / "request.json").read_text()))
    local = [saved_model.predictions(BUILD / "boston" / "1", body) for body in bodies]
    served = page.predictions(output) + page.predictions((BUILD / "boston-answers.json").read_text())
    assert saved_model.alike(served, local), local
    assert_table(output)
    page.await_nothing_left(namespace)


def assert_table(output: str) -> None:
    """A row for one replica and one for two; no request failed, and the percentiles rise."""
    number = r" (\d+(?:\.\d)?) \|"
    rows = re.findall(rf"^\| (1 replica|2 replicas) \|{number * 7}$", output, re.MULTILINE)[-2:]
    assert [row[0] for row in rows] == ["1 replica", "2 replicas"], output
    for _, sent, failed, rate, *times in rows:
        assert int(sent) > 100
        assert int(failed) == 0
        assert int(rate) > 0
        assert [float(each) for each in times] == sorted(float(each) for each in times)
