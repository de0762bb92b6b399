"""What an administrator does to running servers, and when it is over."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator

from testing.local_cluster import node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

KILLED = 128 + 9
GONE_SECONDS = 180


def uids(pods: list[Manifest]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}


def await_replaced(tfmodel: TFModel, before: list[Manifest]) -> None:
    """Until none of these pods is there any more, however long they drained, and the TFModel is Ready without them."""
    await_gone(tfmodel, before)
    tfmodel.wait("Ready")
    assert not uids(tfmodel.pods()) & uids(before)


def await_gone(tfmodel: TFModel, pods: list[Manifest]) -> None:
    def left() -> set[str]:
        return uids(tfmodel.kubectl.find("pods", tfmodel.selector)) & uids(pods)

    eventually(lambda: not left(), GONE_SECONDS, left, what="the pods from before to be gone")


@contextlib.contextmanager
def last_status(kubectl: Kubectl, pod: str) -> Iterator[list[str]]:
    """What a pod's container ended with: its exit code, as the last thing that the watch tells before the pod is gone.
    To be read after the block, in which the pod has to go."""
    path = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}{'\\n'}"
    command = [*kubectl.command, "get", "pod", pod, "--watch", "--output", path]
    said: list[str] = []
    with tempfile.TemporaryFile() as output, subprocess.Popen(command, stdout=output, stderr=output) as watch:
        try:
            yield said
        finally:
            watch.terminate()
            watch.wait()
            output.seek(0)
            said.extend(line for line in output.read().decode().splitlines() if line)


@contextlib.contextmanager
def drain(kubectl: Kubectl, tfmodel: TFModel, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    """`kubectl drain` of the node, but only of the TFModel's pods; the node takes pods again after the block, if not
    before."""
    selector = f"--pod-selector=app.kubernetes.io/instance={tfmodel.name}"
    options = [selector, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={seconds:.0f}s"]
    command = [*kubectl.command, "drain", node.name(), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as draining:
        try:
            yield draining
        finally:
            draining.terminate()
            kubectl("uncordon", node.name())
