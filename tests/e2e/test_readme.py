"""examples/mnist/README.md, run as a user would: every command, in order, in one shell."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from hack.playground import diagnose
from hack.playground.commands import ROOT
from hack.playground.kubectl import Kubectl
from hack.playground.model import EXAMPLE

SECONDS = 280


def commands() -> str:
    readme = (EXAMPLE / "README.md").read_text()
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL))


@pytest.mark.timeout(SECONDS + 60)
def test_every_command_of_the_readme_works(kubeconfig: Path, namespace: Kubectl) -> None:
    shell = subprocess.run(
        ["bash", "-c", f"set -euo pipefail -m\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands()}"],
        cwd=ROOT,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    print(shell.stdout)
    assert shell.returncode == 0, diagnose.excerpt(namespace)
    right = [int(number) for number in re.findall(r"^accuracy +(\d+) of 20$", shell.stdout, re.MULTILINE)]
    assert len(right) == 3
    assert min(right) >= 17
    assert namespace.find("pods,deployments") == []
