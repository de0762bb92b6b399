"""docs/rollouts.md and docs/models.md, run as a user would: every command, in order, in one shell."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hack.playground import diagnose, model
from hack.playground.commands import ROOT
from hack.playground.kubectl import Kubectl
from tests.e2e.support import bucket

SECONDS = 200


@pytest.fixture
def published(claim: Kubectl, version_1: model.Trained, version_2: model.Trained, damaged: Path) -> Kubectl:
    """Versions 1 and 2, and a version 3 that cannot be loaded."""
    for version, folder in enumerate((version_1.folder, version_2.folder, damaged), start=1):
        model.publish(claim, folder, "mnist", version)
    return claim


def commands(text: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def run(page: str, kubeconfig: Path, namespace: Kubectl, environment: Mapping[str, str] | None = None) -> str:
    """What the page's commands print."""
    shell = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{commands((ROOT / 'docs' / page).read_text())}"],
        cwd=ROOT,
        env={**os.environ, "KUBECONFIG": str(kubeconfig), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    print(shell.stdout)
    assert shell.returncode == 0, diagnose.excerpt(namespace)
    return shell.stdout


@pytest.mark.timeout(SECONDS + 60)
def test_every_command_of_the_page_on_rollouts_works(kubeconfig: Path, published: Kubectl) -> None:
    said = run("rollouts.md", kubeconfig, published)
    assert said.count("condition met") == 6
    assert re.search(r"^mnist +True +Serving +1,2 +1 +2 +3 ", said, re.MULTILINE), "the canary"
    assert re.search(r"^Bake: version 1: kept until ", said, re.MULTILINE), "the promotion"
    assert re.search(r"^mnist +False +VersionFailed +1,2 +1 +3 ", said, re.MULTILINE), "the bad version"
    assert re.search(r"stable 1 → 2 on 3/3 pods in \d+\.\d+ s$", said, re.MULTILINE), "the history"
    assert re.search(r"Warning +VersionFailed .*version 3 .*; labels stay: stable → 1$", said, re.MULTILINE)


@pytest.fixture
def uploading(namespace: Kubectl, version_1: model.Trained, version_2: model.Trained) -> Iterator[dict[str, str]]:
    """What the page on models takes for granted: a bucket, and two SavedModels."""
    with bucket.running(namespace) as made:
        address = str(made.store.config["endpoint"])
        yield {"S3_URL": address, "V1": str(version_1.folder), "V2": str(version_2.folder), **bucket.SECRET}


@pytest.mark.timeout(SECONDS + 120)
def test_every_command_of_the_page_on_models_works(
    kubeconfig: Path, namespace: Kubectl, uploading: dict[str, str]
) -> None:
    said = run("models.md", kubeconfig, namespace, uploading)
    assert said.count("condition met") == 5
    rows = re.findall(r"^digits +(\w+) +(\w+) +([0-9,]+) ", said, re.MULTILINE)
    assert rows[:3] == [("True", "Serving", "1"), ("True", "Serving", "1"), ("True", "Serving", "2")]
    assert rows[3][2].startswith("1"), "the rollback"
    assert re.search(r"s3://models/digits: version 2: it has no saved_model\.pb yet", said), "half an upload"
    assert re.search(r"version 2: in place", said), "the fetcher's log"
