"""docs/rollouts.md, run as a user would: every command, in order, in one shell."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from hack.playground import diagnose, model
from hack.playground.commands import ROOT
from hack.playground.kubectl import Kubectl

SECONDS = 200


@pytest.fixture
def published(claim: Kubectl, version_1: model.Trained, version_2: model.Trained, damaged: Path) -> Kubectl:
    """Versions 1 and 2, and a version 3 that cannot be loaded."""
    for version, folder in enumerate((version_1.folder, version_2.folder, damaged), start=1):
        model.publish(claim, folder, "mnist", version)
    return claim


def commands(text: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.mark.timeout(SECONDS + 60)
def test_every_command_of_the_page_on_rollouts_works(kubeconfig: Path, published: Kubectl) -> None:
    shell = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{commands((ROOT / 'docs' / 'rollouts.md').read_text())}"],
        cwd=ROOT,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    print(shell.stdout)
    assert shell.returncode == 0, diagnose.excerpt(published)
    assert shell.stdout.count("condition met") == 6
    assert re.search(r"^mnist +True +Serving +1,2 +1 +2 +3 ", shell.stdout, re.MULTILINE), "the canary"
    assert re.search(r"^Bake: version 1: kept until ", shell.stdout, re.MULTILINE), "the promotion"
    assert re.search(r"^mnist +False +VersionFailed +1,2 +1 +3 ", shell.stdout, re.MULTILINE), "the bad version"
    assert re.search(r"stable 1 → 2 on 3/3 pods in \d+\.\d+ s$", shell.stdout, re.MULTILINE), "the history"
    assert re.search(r"Warning +VersionFailed .*version 3 .*; labels stay: stable → 1$", shell.stdout, re.MULTILINE)
