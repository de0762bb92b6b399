"""A page of commands, such as an example's README: run as a user would, every command, in order, in one shell."""

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from testing.local_cluster import diagnose, locks
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl
from testing.waiting import eventually

FORWARDED = re.compile(r"port-forward \S+((?: [0-9]+)+)")
EMPTY_SECONDS = 180


def commands(page: Path) -> str:
    """The blocks marked `sh`; those marked `text` are their output, `console` ones are not run."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))


def run(
    page: Path, kubeconfig: Path, namespace: Kubectl, seconds: float, environment: Mapping[str, str] | None = None
) -> str:
    """What the commands printed. The first that fails ends the test, and so do `seconds`; what they have left running
    in the background is ended. `environment` is what the page takes for granted."""
    with its_ports(commands(page)):
        shell = subprocess.run(
            ["bash", "-c", f"set -euo pipefail -m\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands(page)}"],
            cwd=ROOT,
            env={**os.environ, "KUBECONFIG": str(kubeconfig), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
    print(shell.stdout)
    assert shell.returncode == 0, diagnose.excerpt(namespace)
    return shell.stdout


@contextlib.contextmanager
def its_ports(commands: str) -> Iterator[None]:
    """Within the block no other page has the ports that `kubectl port-forward` takes in these commands."""
    ports = {port for taken in FORWARDED.findall(commands) for port in taken.split()}
    with contextlib.ExitStack() as stack:
        for port in sorted(ports):
            stack.enter_context(locks.held(f"port-{port}"))
        yield


def await_nothing_left(namespace: Kubectl) -> None:
    """Servers drain for some seconds after `kubectl delete`."""

    def left() -> list[str]:
        found = namespace.find("tfmodels,deployments,services,pods,persistentvolumeclaims,secrets")
        return [f"{each['kind']} {each['metadata']['name']}" for each in found]

    eventually(lambda: not left(), EMPTY_SECONDS, left, what="the namespace to be empty")


def predictions(output: str) -> list[list[Any]]:
    """Those that the model server answered, in order."""
    return [answer["predictions"] for answer in objects(output) if "predictions" in answer]


def objects(output: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in it that begin at the start of a line, or where another one ends."""
    decoder, end = json.JSONDecoder(), 0
    for begin in re.finditer(r"(?:^|(?<=\}))\{", output, re.MULTILINE):
        if begin.start() >= end:
            found, end = decoder.raw_decode(output, begin.start())
            yield found
