"""`make bench-label-moves`: where the time goes when a label moves to a new version, without a cluster.

A kube-apiserver and an etcd on 127.0.0.1, the operator as a process, and three processes of the test double for pods,
whose polls for versions are at moments of their own. Every time is read from the servers' logs, so that nothing asks
them meanwhile but the operator. Prints a table and writes every move to build/bench-label-moves.json; some two minutes.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bench.label_moves_report import Result, as_json, markdown
from bench.logged_move import LoggedMove, logged_move
from bench.machine import cores_text
from bench.usage import OthersCpu, children_of, cpu_seconds
from hack.half_plus_two import saved_model
from testing.api_client import Api
from testing.control_plane.control_plane import OPERATOR, TESTER, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import OperatorProcess, running_operator
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving
from testing.local_cluster.commands import ROOT
from testing.loopback import free_ports
from testing.waiting import DeadlineError

REPLICAS, ROUNDS, MOVES = 3, 4, 8
RESERVE_SECONDS = 0.25
"""As long as a version stays START on a real server of a busy machine, in the median of 49 loads of
tensorflow/serving 9d981c5; by the source it waits for no more than the poll and a tick of 0.1 s."""
POLL_SECONDS = 1.0
FLAGS = ("--server-image=example/server:1", "--gpu-server-image=example/server:1-gpu")
LABEL = "canary"


@contextmanager
def served_model(folder: Path, replicas: int, reserve_seconds: float) -> Iterator[tuple[Served, OperatorProcess]]:
    """A TFModel at rest, with the operator that drives it."""
    export = folder / "export"
    export.mkdir()
    (export / "saved_model.pb").write_bytes(saved_model())
    models = ModelFolder(folder / "models", export)
    models.publish(1)
    env = [{"name": "TFS_DOUBLE_RESERVE_SECONDS", "value": str(reserve_seconds)}]
    with running_control_plane(folder) as plane:
        api = Api(plane.kubeconfig(TESTER))
        install_crd(api)
        log = folder / "operator.log"
        with running_operator(plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *FLAGS) as operator:
            spec: dict[str, Any] = {"replicas": replicas, "server": {"env": env}, "rollout": {"drainSeconds": 1}}
            with serving(api, models, folder / "pods", **spec) as served:
                yield served, operator


def desynchronise(served: Served) -> None:
    """Starts each server at another moment of a second, from which its polls are counted."""
    for pod in served.pods:
        time.sleep(random.uniform(0, POLL_SECONDS))
        served.restart(pod)
    served.until_done()


def move(served: Served, version: int) -> LoggedMove:
    """Moves the label to a version that no server has loaded, from rest; waits until all is at rest again."""
    served.folder.publish(version)
    time.sleep(random.uniform(0, POLL_SECONDS))
    patched = datetime.now()  # the servers' logs have the local time
    served.edit(versionLabels={LABEL: version})
    served.until_done()
    return logged_move({pod.name: pod.log.read_text() for pod in served.pods}, NAME, version, patched)


def measure(served: Served, operator: OperatorProcess, options: argparse.Namespace) -> Result:
    found, cpu, began = list[LoggedMove](), 0.0, time.monotonic()
    others = OthersCpu([os.getpid(), *_below(os.getpid())])
    for _ in range(options.rounds):
        desynchronise(served)
        before = cpu_seconds(operator.process.pid)
        for _ in range(options.moves):
            found.append(move(served, 2 + len(found)))
            print(f"  {found[-1]}", flush=True)
        cpu += cpu_seconds(operator.process.pid) - before
    return Result(
        day=date.today(),
        machine=cores_text(),
        replicas=options.replicas,
        reserve_seconds=options.reserve_seconds,
        moves=found,
        cpu=cpu / len(found),
        others=others.seconds() / (time.monotonic() - began),
    )


def _below(pid: int) -> list[int]:
    """All processes that descend from it."""
    own = children_of(pid)
    return own + [each for child in own for each in _below(child)]


def main() -> int:
    parser = argparse.ArgumentParser(description="where the time goes when a label moves to a new version")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="each with other polls (default: %(default)s)")
    parser.add_argument("--moves", type=int, default=MOVES, help="of a round (default: %(default)s)")
    parser.add_argument("--replicas", type=int, default=REPLICAS, help="(default: %(default)s)")
    parser.add_argument("--reserve-seconds", type=float, default=RESERVE_SECONDS, help="(default: %(default)s)")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench-label-moves.json", metavar="FILE")
    options = parser.parse_args()
    options.json.parent.mkdir(exist_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bench-label-moves-", dir=ROOT / "build") as folder,
            served_model(Path(folder), options.replicas, options.reserve_seconds) as (served, operator),
        ):
            result = measure(served, operator, options)
    except (DeadlineError, LookupError, OSError, subprocess.SubprocessError) as error:
        print(f"\nmake bench-label-moves failed: {error}", file=sys.stderr)
        return 1
    options.json.write_text(json.dumps(as_json(result), indent=1) + "\n")
    print(f"\n{markdown(result)}\nEvery move is in {options.json}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
