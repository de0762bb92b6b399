"""`make bench-drain`, once the cluster and the images are there: what is lost when a pod goes, by kind of client.

Serves one model with two replicas, keeps every client asking as fast as it is answered, and deletes one pod after the
other. Prints Markdown, and writes it to build/bench-drain.md. Ends within ten minutes, and leaves nothing behind.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.machine import machine
from bench.report import filled
from testing.clients import asking, digits, load
from testing.local_cluster import chart, disturbing, model, node
from testing.local_cluster.commands import ROOT, CommandError
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.narrate import Narrator, Step
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import DeadlineError, eventually

NAMESPACE, NAME = "tfs-bench", "drained"
DELETIONS = 10
DRAIN_SECONDS = 5
BUSY = load.Bounds(rate=400, count=400_000, seconds=400, at_once=2, per_connection=10)
BUSY_AND_KEPT = load.Bounds(rate=400, count=400_000, seconds=400, at_once=2, per_connection=400_000)
FOR_EVER = ["--grpc_channel_arguments=grpc.max_connection_age_ms=2147483647"]
RETRY_UNAVAILABLE = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


@dataclass(frozen=True)
class Round:
    """One setting of the server, and the clients that are measured with it."""

    title: str
    extra_args: list[str]
    renewed: Mapping[str, asking.Connect]
    kept: Mapping[str, asking.Connect]


@dataclass(frozen=True)
class Row:
    client: str
    server: str
    requests: int
    lost: int
    slowest: float


def rounds(url: str, address: str, question: asking.Question) -> list[Round]:
    return [
        Round(
            "as the operator runs it",
            [],
            {"REST, 10 requests a connection": asking.by_rest(url, question)},
            {
                "REST, a connection kept": asking.by_kept_rest(url, question, retries=False),
                "REST, a connection kept, broken ones tried again": asking.by_kept_rest(url, question),
                "gRPC, a channel kept": asking.by_grpc(address, question),
            },
        ),
        Round(
            "gRPC connections without an age",
            FOR_EVER,
            {},
            {
                "gRPC, a channel kept": asking.by_grpc(address, question),
                "gRPC, a channel kept, UNAVAILABLE tried again": asking.by_grpc(address, question, RETRY_UNAVAILABLE),
            },
        ),
    ]


def apply(tfmodel: TFModel, extra_args: list[str]) -> None:
    spec = {
        "modelUri": f"pvc://models/{NAME}",
        "versionLabels": {"stable": 1},
        "replicas": 2,
        "rollout": {"drainSeconds": DRAIN_SECONDS},
        "server": {"extraArgs": extra_args},
    }
    kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": NAME}}
    tfmodel.kubectl.apply({**kind, "spec": spec})
    tfmodel.wait("Ready")
    eventually(lambda: len(all_pods(tfmodel)) == 2, 60, what="old pods to be gone")


def all_pods(tfmodel: TFModel) -> list[str]:
    return [pod["metadata"]["name"] for pod in tfmodel.kubectl.find("pods", tfmodel.selector)]


def delete_pods(tfmodel: TFModel, step: Step) -> Iterator[float]:
    """The seconds from each deletion until the pod was gone."""
    for number in range(DELETIONS):
        pod = tfmodel.pods()[number % 2]
        began = time.monotonic()
        tfmodel.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false")
        disturbing.await_gone(tfmodel, [pod])
        yield time.monotonic() - began
        tfmodel.wait("Ready")
        step.detail = f"{number + 1} of {DELETIONS} pods have gone"


def measure(tfmodel: TFModel, each: Round, step: Step) -> tuple[list[Row], list[float]]:
    apply(tfmodel, each.extra_args)
    with load.steady(each.renewed, BUSY) as one, load.steady(each.kept, BUSY_AND_KEPT) as other:
        gone = list(delete_pods(tfmodel, step))
        reports = [running.report() for running in (one, other) if running.connects]
    answers = [answer for report in reports for answer in report.answers]
    rows = []
    for client in (*each.renewed, *each.kept):
        own = [answer for answer in answers if answer.protocol == client]
        lost = sum(bool(answer.failure) for answer in own)
        rows.append(Row(client, each.title, len(own), lost, max(answer.done - answer.sent for answer in own)))
    return rows, gone


def markdown(rows: list[Row], gone: list[float], on: object) -> str:
    words = (
        f"Measured by `make bench-drain` on {date.today()}: {on}. Each row: two connections that ask as fast as they "
        f"are answered, while {DELETIONS} pods are deleted, one after the other, with `drainSeconds: {DRAIN_SECONDS}`. "
        f"A pod was gone after {statistics.median(gone):.1f} s (median)."
    )
    lines = [
        filled(words),
        "",
        "| client | server | requests | lost | slowest answer |",
        "|---|---|---|---|---|",
        *(f"| {r.client} | {r.server} | {r.requests:,} | {r.lost} | {r.slowest:.2f} s |" for r in rows),
    ]
    return "\n".join(lines) + "\n"


@contextmanager
def served(kubectl: Kubectl) -> Iterator[tuple[TFModel, asking.Question]]:
    trained = model.trained(data="digits")
    kubectl.make_namespace(NAMESPACE, chart.RESTRICTED)
    try:
        model.start_loader(kubectl)
        model.publish(kubectl, trained.folder, NAME, 1)
        question = digits.question(NAME, "stable", {1: trained})
        tfmodel = TFModel(kubectl, NAME)
        apply(tfmodel, [])
        yield tfmodel, question
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--timeout=60s", seconds=70)


def run(narrator: Narrator, kubectl: Kubectl) -> str:
    on = machine(kubectl, chart.images())
    with narrator.step("Installing the operator: helm upgrade --install, from charts/tfs-operator"):
        chart.install(kubectl)
    rows: list[Row] = []
    gone: list[float] = []
    with served(kubectl) as (tfmodel, question), node.service_from_outside(tfmodel) as (url, address):
        for each in rounds(url, address, question):
            with narrator.step(f"Deleting {DELETIONS} pods: {each.title}") as step:
                measured, seconds = measure(tfmodel, each, step)
                rows.extend(measured)
                gone.extend(seconds)
    return markdown(rows, gone, on)


def main() -> int:
    try:
        kubectl = Kubectl(Path(os.environ["TFS_KUBECONFIG"]), NAMESPACE)
        text = run(Narrator(steps=3), kubectl)
    except (CommandError, DeadlineError, load.LoadEndedError, KeyError, OSError) as error:
        print(f"\nmake bench-drain failed: {error}", file=sys.stderr)
        return 1
    (ROOT / "build" / "bench-drain.md").write_text(text)
    print(f"\n{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
