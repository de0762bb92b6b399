"""The operator's process, ended by SIGKILL at a line of its log."""

import contextlib
import subprocess
from collections.abc import Iterator

from testing.local_cluster import node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.pods import is_ready
from testing.waiting import eventually

CONTAINER = "operator"
SELECTOR = {"app.kubernetes.io/name": "tfs-operator"}
LEASE = "tfs-operator"
REPLICAS = 2
KILL_SECONDS = 120


def fresh(operator: Kubectl) -> Manifest:
    """The pod that acts, of operators none of which was restarted yet: the kubelet restarts a container at once for the
    first time only, and then waits, longer each time."""
    for pod in operator.find("pods", SELECTOR):
        if has_restarted(pod):
            operator("delete", "pod", pod["metadata"]["name"], "--timeout=120s", seconds=130)
    return eventually(lambda: leader(operator), 120, what="a fresh operator to lead", interval=0.2)


def leader(operator: Kubectl) -> Manifest | None:
    """The pod that holds the Lease, once all are ready, so that another one can take over."""
    pods = operator.find("pods", SELECTOR)
    lease = operator.get("lease", LEASE)
    if lease is None or len(pods) < REPLICAS or not all(is_ready(pod) and not has_restarted(pod) for pod in pods):
        return None
    holder = str(lease["spec"].get("holderIdentity", "")).rpartition("_")[0]
    return next((pod for pod in pods if pod["metadata"]["name"] == holder), None)


def has_restarted(pod: Manifest) -> bool:
    return any(status["restartCount"] for status in pod["status"].get("containerStatuses", []))


@contextlib.contextmanager
def killed_at(operator: Kubectl, pod: Manifest, words: str) -> Iterator[None]:
    """The operator is killed when it logs a line with `words`, which what is done in here must lead to."""
    container = node.container(operator, pod, CONTAINER)
    with container.kill_at(words, container.log_lines, KILL_SECONDS) as killer:
        try:
            yield
            status = killer.wait(KILL_SECONDS + 5)
        except subprocess.TimeoutExpired:
            killer.kill()
            raise
    assert status == 0, f"the operator did not log `{words}` within {KILL_SECONDS} s"
    assert_was_killed(operator, pod, words)


def assert_was_killed(operator: Kubectl, pod: Manifest, words: str) -> None:
    """By SIGKILL, before the rollout was done, and restarted by the kubelet."""
    name = pod["metadata"]["name"]

    def restarted() -> Manifest | None:
        [status] = (operator.get("pod", name) or {"status": {"containerStatuses": [{}]}})["status"]["containerStatuses"]
        return status if status.get("restartCount") and "running" in status["state"] else None

    last = eventually(restarted, 120, what="the operator to be restarted", interval=0.2)["lastState"]["terminated"]
    assert last["exitCode"] == 128 + 9, last
    assert ": Done:" not in operator("logs", name, "--previous").rpartition(words)[2], "it came too late"
