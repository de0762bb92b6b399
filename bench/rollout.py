"""`make bench-rollout`, once the cluster and the images are there: how long a label takes to move.

Serves one model with three replicas and measures moves by the operator, to versions that are loaded and to new
ones, and beside them the same move by a ConfigMap that the servers poll. Prints Markdown, and writes it with every
single time to build/bench-rollout.md and build/bench-rollout.json. Ends within twelve minutes. The status is 0 also
when a target is missed, which it says; other work on the machine counts against the operator.
"""

import asyncio
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

from bench.configmap_moves import ConfigMapMoves
from bench.machine import Machine, machine
from bench.operator_moves import OperatorMoves
from bench.report import Result, as_json, markdown, verdict
from testing.api_client import ApiError, AsyncApi
from testing.local_cluster import chart, diagnose, model
from testing.local_cluster.commands import ROOT, CommandError
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.narrate import Narrator
from testing.waiting import DeadlineError

NAMESPACE = "tfs-bench"
MODEL = "mnist"
REPLICAS = 3
LABEL_MOVES = 20
NEW_VERSIONS = range(3, 13)
TRIED_VERSIONS = range(13, 18)
TRIAL_SECONDS = 3
"""The default of rollout.trialSeconds."""

POLLED_MOVES = 4
RUN_SECONDS = 630
GONE_SECONDS = 60

# All versions are the same model; a label shows which of them answers.
COPY = 'set -eu; cd "$1"; shift; for v in "$@"; do cp -r 1 ".tmp-$v"; mv ".tmp-$v" "$v"; done'


def cluster() -> Kubectl:
    kubeconfig = os.environ.get("TFS_KUBECONFIG")
    if not kubeconfig or not Path(kubeconfig).exists():
        raise CommandError("there is no cluster: `make bench-rollout` makes one and then runs this program")
    kubectl = Kubectl(Path(kubeconfig), NAMESPACE)
    kubectl("get", "--raw", "/readyz", seconds=20)
    return kubectl


def remove(kubectl: Kubectl) -> None:
    waiting = ["--ignore-not-found", f"--timeout={GONE_SECONDS}s"]
    kubectl("delete", "namespace", NAMESPACE, *waiting, seconds=GONE_SECONDS + 10)


def publish(kubectl: Kubectl) -> None:
    trained = model.trained(data="digits")
    kubectl.make_namespace(NAMESPACE, chart.RESTRICTED)
    model.start_loader(kubectl)
    model.publish(kubectl, trained.folder, MODEL, 1)
    copies = [str(version) for version in (2, *NEW_VERSIONS, *TRIED_VERSIONS)]
    kubectl("exec", model.LOADER, "--", "sh", "-c", COPY, "sh", f"/models/{MODEL}", *copies)


async def measure(narrator: Narrator, kubectl: Kubectl, on: Machine, until: float) -> Result:
    async with AsyncApi(kubectl.config()) as api, asyncio.timeout_at(until):
        with narrator.step(f"Starting {REPLICAS} replicas by a TFModel, and {REPLICAS} that poll a ConfigMap"):
            by_operator = await OperatorMoves.start(api, kubectl, REPLICAS)
            by_configmap = ConfigMapMoves.start(api, kubectl, chart.images().server, REPLICAS)
        with narrator.step(f"Moving a label to a loaded version, {LABEL_MOVES} times") as step:
            label_moves = await by_operator.label_moves(LABEL_MOVES)
            step.say(" ".join(f"{move.seconds:.2f}" for move in label_moves) + " s")
        with narrator.step(f"Moving a label to a new version, {len(NEW_VERSIONS)} times") as step:
            new_versions = await by_operator.new_versions(NEW_VERSIONS, step)
            step.say(" ".join(f"{move.seconds:.2f}" for move in new_versions) + " s, with the load")
        with narrator.step(
            f"The same {len(TRIED_VERSIONS)} times, each tried on one pod for {TRIAL_SECONDS} s"
        ) as step:
            tried = await by_operator.new_versions(TRIED_VERSIONS, step, TRIAL_SECONDS)
            step.say(" ".join(f"{move.seconds:.2f}" for move in tried) + " s")
        with narrator.step(f"Moving a label by ConfigMap, up to {POLLED_MOVES} times; a minute or two each") as step:
            polled_moves = await by_configmap.label_moves(POLLED_MOVES, until, step)
    return Result(date.today(), on, REPLICAS, label_moves, new_versions, tried, polled_moves)


def run(narrator: Narrator, kubectl: Kubectl) -> Result:
    on = machine(kubectl, chart.images())
    until = time.monotonic() + RUN_SECONDS
    with narrator.step("Installing the operator: helm upgrade --install, from charts/tfs-operator"):
        chart.install(kubectl)
    with narrator.step("Publishing examples/mnist under many version numbers"):
        remove(kubectl)
        publish(kubectl)
    return asyncio.run(measure(narrator, kubectl, on, until))


def tell(result: Result) -> None:
    text = markdown(result)
    (ROOT / "build" / "bench-rollout.md").write_text(text)
    (ROOT / "build" / "bench-rollout.json").write_text(json.dumps(as_json(result), indent=1) + "\n")
    print(f"\n{text}\nEvery single time is in build/bench-rollout.json.")
    for series in result.missed:
        print(f"\n*** TARGET MISSED: {series.title}: longest {series.longest:.2f} s, {verdict(series)} ***")


def measured(narrator: Narrator, kubectl: Kubectl) -> Result:
    """Whatever happens, the namespace goes."""
    try:
        return run(narrator, kubectl)
    except Exception:
        print(f"\nWhat the cluster shows:\n\n{diagnose.excerpt(kubectl)}", file=sys.stderr)
        raise
    finally:
        with narrator.step(f"Deleting namespace {NAMESPACE}"):
            remove(kubectl)


def main() -> int:
    try:
        tell(measured(Narrator(steps=8), cluster()))
    except (CommandError, DeadlineError, ApiError, LookupError, TimeoutError, OSError) as error:
        print(f"\nmake bench-rollout failed: {str(error) or f'not done within {RUN_SECONDS} s'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake bench-rollout: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
