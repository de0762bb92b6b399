"""`tfs-operator run` as a process of its own, against a control plane, and what the tests ask of it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from testing.waiting import eventually

READY_SECONDS = 90.0
FLAGS = ("--server-image=example/server:1", "--gpu-server-image=example/server:1-gpu", "--status-poll-seconds=2")
"""What most tests start an operator with."""


@dataclass(frozen=True)
class OperatorProcess:
    """A running operator."""

    url: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one of its HTTP endpoints."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def metric(self, series: str, /, **labels: str) -> float:
        """The value of one series; 0.0 when there is none yet."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        samples = (sample for family in families for sample in family.samples)
        return next((sample.value for sample in samples if (sample.name, sample.labels) == (series, labels)), 0.0)


@contextmanager
def started_operator(kubeconfig: Path, log: Path, port: int, *flags: str) -> Iterator[OperatorProcess]:
    """Starts the operator, and ends it by SIGTERM, which it must heed."""
    command = [sys.executable, "-m", "tfs_operator.cli", "run", f"--kubeconfig={kubeconfig}", f"--http-port={port}"]
    command += ["--log-format=text"]
    with log.open("wb") as output, subprocess.Popen([*command, *flags], stdout=output, stderr=output) as process:
        try:
            yield OperatorProcess(f"http://127.0.0.1:{port}", log, process)
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@contextmanager
def running_operator(kubeconfig: Path, log: Path, port: int, *flags: str) -> Iterator[OperatorProcess]:
    """As `started_operator`, and waits until it is ready."""
    with started_operator(kubeconfig, log, port, *flags) as operator:
        eventually(lambda: operator.get("/readyz")[0] == 200, READY_SECONDS, lambda: log.read_text()[-3000:])
        yield operator


def pretty(value: object) -> str:
    return json.dumps(value, indent=1, default=str)
