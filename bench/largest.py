"""`make bench-largest`: the operator's memory with as many of the largest TFModels as are asked for.

A kube-apiserver and an etcd on 127.0.0.1 for each case, and the operator as a process with the flags of the chart.
`refused`: TFModels as large as the API server takes, of which the operator reads none. `read`: the largest that it
reads, in `server.env`, so that the Deployment has them too. Some ten minutes; at most half an hour.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.scale_models import FLAGS, NAMESPACE, tfmodel
from bench.usage import memory, peak_memory
from testing.api_client import Api, ApiError, Manifest
from testing.control_plane.control_plane import OPERATOR, TESTER, ControlPlane, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import OperatorProcess, running_operator
from testing.local_cluster.commands import ROOT
from testing.loopback import free_ports

MEBIBYTE = 2**20
VALUE = 32_000
CASES = {"none": (0, 0), "usual": (1, 20), "refused": (40, VALUE), "read": (4, VALUE)}
"""By name, how many variables `server.env` has, and of what length each."""
CASE_SECONDS = 900.0
QUIET_SECONDS = 10.0


def tfmodels(case: str, count: int) -> Iterator[Manifest]:
    variables, length = CASES[case]
    env = [{"name": f"A{number}", "value": "x" * length} for number in range(variables)]
    for number in range(count if case != "none" else 0):
        yield tfmodel(f"model-{number:04}", server={"env": env})


def until_quiet(operator: OperatorProcess) -> None:
    """Until no TFModel was looked at for ten seconds, but for those that are looked at now and then. Raises
    TimeoutError."""
    until, before = time.monotonic() + CASE_SECONDS, -1.0
    while time.monotonic() < until:
        seen = operator.metric("workqueue_adds_total", name="tfmodel")
        if operator.get("/readyz")[0] == 200 and seen == before:
            return
        before = seen
        time.sleep(QUIET_SECONDS)
    raise TimeoutError(f"the operator is not quiet after {CASE_SECONDS:.0f} s")


def started(plane: ControlPlane, stack: ExitStack) -> OperatorProcess:
    flags = ("--status-poll-seconds=3600", *FLAGS)
    log = plane.folder / "operator.log"
    return stack.enter_context(running_operator(plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *flags))


def measured(case: str, count: int) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory(prefix="bench-largest-", dir=ROOT / "build") as folder, ExitStack() as stack:
        plane = stack.enter_context(running_control_plane(Path(folder)))
        api = Api(plane.kubeconfig(TESTER))
        install_crd(api)
        api.create_namespace(NAMESPACE)
        with ExitStack() as first:
            operator = started(plane, first)
            for manifest in tfmodels(case, count):
                api.create(manifest)
            until_quiet(operator)
            created, held = peak_memory(operator.process.pid), memory(operator.process.pid)
        operator = started(plane, stack)
        until_quiet(operator)
        figures = (created, held, peak_memory(operator.process.pid))
    return (
        f"| {case} | {count if CASES[case][0] else 0:,} | "
        + " | ".join(f"{each / MEBIBYTE:.0f}" for each in figures)
        + " |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="the operator's memory with the largest TFModels")
    parser.add_argument("--count", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--cases", default=",".join(CASES), help="(default: %(default)s)")
    options = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    print("| TFModels | number | MiB at most while they were made | MiB then | MiB at most after a restart |")
    print("|---|---|---|---|---|", flush=True)
    try:
        for case in options.cases.split(","):
            print(measured(case, options.count), flush=True)
    except (ApiError, OSError, TimeoutError) as error:
        print(f"make bench-largest failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
