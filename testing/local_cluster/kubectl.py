"""kubectl, bound to one kubeconfig and one namespace."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from testing.local_cluster.commands import ROOT, CommandError, run
from testing.waiting import eventually

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Kubectl:
    kubeconfig: Path
    namespace: str = "default"

    def within(self, namespace: str) -> "Kubectl":
        return replace(self, namespace=namespace)

    @property
    def command(self) -> list[str]:
        return ["kubectl", "--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace]

    def __call__(self, *args: str, stdin: str | bytes | None = None, seconds: float = 60) -> str:
        return run([*self.command, *args], stdin=stdin, seconds=seconds)

    def config(self) -> Manifest:
        """Returns the kubeconfig with its certificates in it, for another client of the same API server."""
        return dict(json.loads(self("config", "view", "--raw", "--minify", "--output", "json")))

    def get(self, kind: str, name: str) -> Manifest | None:
        found = self("get", kind, name, "--ignore-not-found", "--output", "json")
        return json.loads(found) if found.strip() else None

    def find(self, kinds: str, labels: Mapping[str, str] | None = None) -> list[Manifest]:
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        found: Manifest = json.loads(self("get", kinds, "--selector", selector, "--output", "json"))
        return list(found["items"])

    def apply(self, manifest: Manifest | Path) -> str:
        """Standard output, such as `tfmodel.tfs-operator.io/mnist created`."""
        if isinstance(manifest, Path):
            return self("apply", "--filename", str(manifest))
        return self("apply", "--filename", "-", stdin=json.dumps(manifest))

    def make_namespace(self, name: str, labels: Mapping[str, str]) -> "Kubectl":
        meta = {"name": name, "labels": dict(labels)}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        return self.within(name)

    @contextlib.contextmanager
    def forward(self, target: str, *ports: int) -> Iterator[list[str]]:
        """`kubectl port-forward` from free ports: yields 127.0.0.1:PORT for each of `ports`, in order."""
        command = [*self.command, "port-forward", "--address", "127.0.0.1", target, *(f":{p}" for p in ports)]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT
            ) as process,
        ):

            def output() -> str:
                return os.pread(said.fileno(), 65536, 0).decode(errors="replace")

            def addresses() -> list[str] | None:
                if process.poll() is not None:
                    raise CommandError(f"`{' '.join(command)}` ended\n{output()}")
                local = re.findall(r"^Forwarding from (127\.0\.0\.1:\d+) ->", output(), re.MULTILINE)
                return local if len(local) == len(ports) else None

            try:
                yield eventually(addresses, 120, output, what=f"port-forward to {target}")
            finally:
                process.terminate()
