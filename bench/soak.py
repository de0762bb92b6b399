"""`make soak`: half an hour of TFModels and children that are created, edited, deleted and rolled out without a pause,
against a real API server, and whether the operator's memory, files and tasks stay flat meanwhile.

Prints a table and writes every sample to build/soak.json. The status is 1 when something grew, or when in the end the
children are not as the specs say. Model servers are stand-ins without models. `--minutes` is how long it takes.
"""

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.stand_in import stand_ins
from testing.api_client import Api, Refused
from testing.control_plane.control_plane import OPERATOR, TESTER, ControlPlane, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.churning import Churn
from testing.fleet.model_servers import make_pod, set_deployment_complete
from testing.local_cluster.commands import ROOT
from testing.loopback import free_ports
from testing.waiting import eventually

MIB = 1024 * 1024
NAMESPACES = ("soak-a", "soak-b")
SAMPLE_SECONDS = 5.0
ADDRESSES = [f"127.77.0.{number}" for number in range(1, 9)]
MAX_LIVING = 30
"""TFModels of each namespace."""
COLLECT_EVERY = 20
SERVED = 4
"""TFModels of each namespace that have pods, whose labels move all the time."""
FLAGS = ("--server-image=example/server:1", "--gpu-server-image=example/server:1-gpu", "--status-poll-seconds=5")
MAX_GROWTH = {"memory": 4 * MIB, "files": 4.0, "tasks": 30.0}
"""Over the second half, by its regression line: what is allowed to allocators and to chance."""
MAX_HELD = 60.0
"""The same for any dictionary inside, but those that remember what is deleted, which are bounded."""
BOUNDED = {"Cache._tombstones", "EventRecorder._seen"}


class Soak:
    """One run."""

    def __init__(self, plane: ControlPlane, minutes: float) -> None:
        self._api = Api(plane.kubeconfig(TESTER))
        self._ends = time.monotonic() + minutes * 60
        self._churns = [Churn(self._api, namespace, random.Random(7)) for namespace in NAMESPACES]
        self._numbers = itertools.count(1)
        self.samples: list[dict[str, float]] = []
        self.changes = 0

    def run(self, pid: int) -> None:
        began = sampled = time.monotonic()
        for churn in self._churns:
            churn.create(10)
            for number in range(SERVED):
                self._serve(churn, f"served{number}", ADDRESSES[self._churns.index(churn) * SERVED + number])
        while time.monotonic() < self._ends:
            self._change()
            if time.monotonic() - sampled >= SAMPLE_SECONDS:
                sampled = time.monotonic()
                self.samples.append({"seconds": sampled - began, **usage(pid)})
            time.sleep(0.05)

    def _change(self) -> None:
        churn = random.choice(self._churns)
        self.changes += 1
        try:
            if random.random() < 0.2:
                self._roll(churn, f"served{random.randrange(SERVED)}")
            elif random.random() < 0.4 and len(churn.names()) < MAX_LIVING:
                churn.create()
            else:
                churn.step()
            if self.changes % COLLECT_EVERY == 0:
                churn.collect()
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise

    def _serve(self, churn: Churn, name: str, address: str) -> None:
        spec = {"modelUri": f"file:///models/{name}", "versionLabels": {"stable": 1}, "rollout": {"bakeSeconds": 0}}
        manifest = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "spec": {**spec, "replicas": 1}}
        manifest["metadata"] = {"name": name, "namespace": churn.namespace}
        live = self._api.create(manifest)
        eventually(lambda: self._api.get("Deployment", churn.namespace, name), 30)
        make_pod(self._api, live, f"{name}-{next(self._numbers)}", address)
        set_deployment_complete(self._api, churn.namespace, name)

    def _roll(self, churn: Churn, name: str) -> None:
        """A label moves; now and then its pod is replaced by another one of the same address."""
        live = self._api.get("TFModel", churn.namespace, name)
        if live is None:
            pods = [pod for pod in self._api.list("Pod", churn.namespace) if pod["metadata"]["name"].startswith(name)]
            for pod in pods:
                self._remove(churn, pod["metadata"]["name"])
            churn.collect()
            number = int(name.removeprefix("served"))
            self._serve(churn, name, ADDRESSES[self._churns.index(churn) * SERVED + number])
            return
        self._api.patch(
            "TFModel", churn.namespace, name, {"spec": {"versionLabels": {"stable": random.randint(1, 50)}}}
        )

    def _remove(self, churn: Churn, pod: str) -> None:
        path = f"/api/v1/namespaces/{churn.namespace}/pods/{pod}"
        self._api.request("DELETE", path, {"gracePeriodSeconds": 0})

    def wrong(self) -> list[str]:
        """What is not as the specs say, of the TFModels without pods; those with pods commit step by step."""
        return [each for churn in self._churns for each in churn.wrong() if "served" not in each]


def usage(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return {"memory": memory, "files": files, "cpu": (int(ticks[11]) + int(ticks[12])) / 100}


def growth(seconds: Sequence[float], values: Sequence[float]) -> float:
    """Over the second half, by its regression line."""
    half = len(values) // 2
    line = statistics.linear_regression(seconds[half:], values[half:])
    return float(line.slope * (seconds[-1] - seconds[half]))


def judged(samples: Sequence[dict[str, float]], inside: Sequence[dict[str, int]]) -> list[dict[str, Any]]:
    """One row a thing that is measured."""
    seconds = [sample["seconds"] for sample in samples]
    rows = [_row(name, seconds, [sample[name] for sample in samples], MAX_GROWTH[name]) for name in ("memory", "files")]
    moments = [float(number) for number in range(len(inside))]
    for name in sorted({name for each in inside for name in each}):
        limit = MAX_GROWTH.get(name, MAX_HELD)
        rows.append(_row(name, moments, [float(each.get(name, 0)) for each in inside], limit))
    return rows


def _row(name: str, seconds: Sequence[float], values: Sequence[float], limit: float) -> dict[str, Any]:
    grown = growth(seconds, values)
    flat = name in BOUNDED or grown <= limit
    return {
        "what": name,
        "first": values[0],
        "half": values[len(values) // 2],
        "last": values[-1],
        "growth": grown,
        "flat": flat,
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| what | at the start | half-way | at the end | growth in the second half | flat |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        unit, suffix = (MIB, " MiB") if row["what"] == "memory" else (1, "")
        figures = [f"{row[name] / unit:.1f}{suffix}" for name in ("first", "half", "last", "growth")]
        if row["what"] in ("memory", "files", "tasks") or max(row["last"], row["half"]) > 0 or not row["flat"]:
            lines.append(f"| {row['what']} | {' | '.join(figures)} | {'yes' if row['flat'] else '**no**'} |")
    return "\n".join(lines)


def operated(stack: ExitStack, plane: ControlPlane, inside: Path, log: Path) -> OperatorProcess:
    """The operator, once it is ready."""
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "bench.instrumented", str(inside), "run", *FLAGS]
    command += [f"--kubeconfig={plane.kubeconfig(OPERATOR)}", f"--http-port={port}"]
    output = stack.enter_context(log.open("wb"))
    process = stack.enter_context(subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT))
    stack.callback(process.terminate)
    operator = OperatorProcess(f"http://127.0.0.1:{port}", log, process)
    eventually(lambda: operator.get("/readyz")[0] == 200, 60, operator.lines)
    return operator


def prepared(stack: ExitStack, folder: Path) -> ControlPlane:
    """An API server with the CRD and the namespaces, and model servers."""
    plane = stack.enter_context(running_control_plane(folder))
    api = Api(plane.kubeconfig(TESTER))
    install_crd(api)
    for namespace in NAMESPACES:
        api.create_namespace(namespace)
    stack.enter_context(stand_ins(ADDRESSES))
    return plane


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plane = prepared(stack, folder)
        operator = operated(stack, plane, folder / "inside.jsonl", build / "soak-operator.log")
        soak = Soak(plane, options.minutes)
        soak.run(operator.process.pid)
        eventually(lambda: not soak.wrong(), 60, soak.wrong)
        inside = [json.loads(line) for line in (folder / "inside.jsonl").read_text().splitlines()]
        tracebacks = sum("Traceback" in line for line in operator.lines())
    rows = judged(soak.samples, inside)
    (build / "soak.json").write_text(json.dumps({"rows": rows, "samples": soak.samples, "inside": inside}))
    cpu = soak.samples[-1]["cpu"]
    print(f"{options.minutes:g} minutes, {soak.changes} changes, {cpu:.0f} s of CPU, {tracebacks} tracebacks\n")
    print(table(rows))
    return 0 if all(row["flat"] for row in rows) and not tracebacks else 1


if __name__ == "__main__":
    sys.exit(main())
