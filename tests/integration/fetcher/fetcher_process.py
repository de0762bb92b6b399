"""`tfs-operator fetch` as a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.stores.s3 import S3Server
from testing.waiting import eventually
from tfs_operator.domain.fetch_protocol import FetchOrder, FetchPlan, FetchReport, ModelOrder, ModelSource, VersionSet


@dataclass(frozen=True)
class FetcherProcess:
    """A running fetcher."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        """Where it listens: it has taken a free port."""
        found = eventually(lambda: re.search(r"listening on port (\d+)", self.text()), explain=self.text)
        return f"http://127.0.0.1:{found[1]}"

    def text(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        return self.request("GET", path)

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, data=body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def report(self) -> FetchReport:
        return FetchReport.model_validate_json(self.get("/v1/fetch")[1])

    def order(self, order: FetchOrder) -> FetchReport:
        status, body = self.request("PUT", "/v1/fetch", order.model_dump_json().encode())
        assert status == 200, body
        return FetchReport.model_validate_json(body)

    def until_ready(self, seconds: float = 90.0) -> None:
        eventually(lambda: self.get("/ready")[0] == 200, seconds, self.text)

    def kill(self) -> None:
        """As the kernel does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def terminate(self) -> int:
        """As the kubelet does; the exit status."""
        self.process.terminate()
        return self.process.wait(60)


@dataclass(frozen=True)
class Pod:
    """What a pod's fetcher is started with."""

    folder: Path
    """Of the pod's own files."""

    root: Path
    """Mount of the fetched models."""

    store: S3Server
    plan: FetchPlan
    flags: tuple[str, ...] = ()
    secret: Mapping[str, str] | None = None
    """The credentials; None: those of the store's owner."""

    within: tuple[str, ...] = ()
    """A command that runs the fetcher's, whose words follow."""

    def command(self) -> list[str]:
        self.folder.mkdir(exist_ok=True)
        plan, secret = self.folder / "fetch.json", self.folder / "secret"
        plan.write_text(self.plan.model_dump_json())
        _write_secret(secret, self.secret or self.store.secret)
        flags = [f"--plan={plan}", f"--root={self.root}", f"--credentials={secret}", "--secret-name=models"]
        where = [f"--endpoint={self.store.url}", f"--region={self.store.region}", "--port=0", "--host=127.0.0.1"]
        return [*self.within, sys.executable, "-m", "tfs_operator.cli", "fetch", *flags, *where, *self.flags]

    @contextmanager
    def running(self) -> Iterator[FetcherProcess]:
        log = self.folder / "fetcher.log"
        self.folder.mkdir(exist_ok=True)
        with log.open("wb") as output, subprocess.Popen(self.command(), stdout=output, stderr=output) as process:
            try:
                yield FetcherProcess(process, log)
            finally:
                process.kill()

    def run_until_ready(self, seconds: float = 60.0) -> str:
        """Runs it until everything is there that the model server starts with; what it logged."""
        with self.running() as fetcher:
            fetcher.until_ready(seconds)
            assert fetcher.terminate() == 0, fetcher.text()
            return fetcher.text()


def plan(root: Path, uri: str, start: VersionSet, hold: VersionSet | None = None, *, poll: float = 1.0) -> FetchPlan:
    """One model named `m`, at ROOT/m."""
    source = ModelSource(name="m", uri=uri, base_path=str(root / "m"))
    return FetchPlan(sources=(source,), order=order(start, hold, poll=poll))


def order(
    start: VersionSet, hold: VersionSet | None = None, *, unfit: tuple[int, ...] = (), poll: float = 1.0
) -> FetchOrder:
    ordered = ModelOrder(start=start, hold=hold or VersionSet(), unfit=unfit)
    return FetchOrder(models={"m": ordered}, poll_interval_seconds=poll)


def _write_secret(folder: Path, secret: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for key, value in secret.items():
        (folder / key).write_text(value)


def pretty(report: FetchReport) -> str:
    shown: Any = json.loads(report.model_dump_json())
    return json.dumps(shown, indent=1)
