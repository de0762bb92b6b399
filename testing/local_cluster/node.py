"""The local cluster's one node, as Docker shows it: ports of it that this machine reaches, and processes in it."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from testing.http_probe import answers
from testing.local_cluster import locks
from testing.local_cluster.commands import run
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

NODE_PORTS = {"node-ports-30852": (30852, 30853), "node-ports-30854": (30854, 30855)}
"""By the name of their lock, those of kind-config.yaml for REST and gRPC, but for the first pair: examples take it."""


def name() -> str:
    return f"{os.environ.get('TFS_CLUSTER', 'tfs-operator')}-control-plane"


def address(node_port: int) -> str:
    """127.0.0.1:PORT, where this machine reaches a NodePort that kind-config.yaml maps."""
    return run(["docker", "port", name(), f"{node_port}/tcp"]).strip()


def service(tfmodel: TFModel, rest: int, grpc: int) -> Manifest:
    ports = [
        {"name": "rest", "port": 8501, "targetPort": "rest", "nodePort": rest},
        {"name": "grpc", "port": 8500, "targetPort": "grpc", "nodePort": grpc},
    ]
    spec = {"type": "NodePort", "selector": tfmodel.selector, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"{tfmodel.name}-from-outside"}, "spec": spec}


@contextlib.contextmanager
def service_from_outside(tfmodel: TFModel) -> Iterator[tuple[str, str]]:
    """The REST URL and the gRPC address, on this machine, of a Service before all ready pods of the TFModel.

    Each new connection goes to any of them. As many such Services at a time as the cluster has mapped NodePorts for.
    """
    with locks.one_of(list(NODE_PORTS)) as taken:
        rest, grpc = NODE_PORTS[taken]
        manifest = service(tfmodel, rest, grpc)
        tfmodel.kubectl.apply(manifest)
        url = f"http://{address(rest)}"
        try:
            # kube-proxy writes the rules of both ports at once.
            eventually(lambda: answers(f"{url}/v1/models/{tfmodel.name}"), 90, what=f"an answer at {url}")
            yield url, address(grpc)
        finally:
            tfmodel.kubectl("delete", "service", manifest["metadata"]["name"], "--timeout=90s", seconds=100)
            # Else the next one's clients may reach the pods of this one.
            eventually(lambda: not answers(f"{url}/"), 90, what=f"{url} to answer no more")


@contextlib.contextmanager
def second_name(image: str) -> Iterator[str]:
    """Another reference to an image that the node has: nothing is pulled or copied."""
    repository, _, tag = image.rpartition(":")
    other = f"{repository}:{tag}-again"
    in_store("images", "tag", "--force", full_name(image), full_name(other))
    try:
        yield other
    finally:
        in_store("images", "rm", full_name(other))


def full_name(image: str) -> str:
    """As containerd calls it, with its registry."""
    registry, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if "." in registry or ":" in registry or registry == "localhost" else f"docker.io/{image}"


def in_store(*command: str) -> str:
    """`ctr`, for the images and tasks that the kubelet sees."""
    return inside("ctr", "--namespace", "k8s.io", *command)


@dataclass(frozen=True)
class Container:
    """A running container: its first process, as the node numbers it, and its log file there."""

    id: str
    pid: int
    log: str

    @property
    def log_lines(self) -> int:
        """How many lines it has written until now."""
        return int(inside("wc", "-l", self.log).split()[0])

    @property
    def pid_within(self) -> int:
        """Of the same process, as the container itself numbers it."""
        status = inside("cat", f"/proc/{self.pid}/status")
        return int(next(line.split()[-1] for line in status.splitlines() if line.startswith("NSpid:")))

    def kill(self) -> None:
        """SIGKILL, at once."""
        inside("kill", "-KILL", str(self.pid))

    def terminate(self) -> None:
        """SIGTERM, as the kubelet has it sent: from outside of the container."""
        inside("kill", "-TERM", str(self.pid))

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """SIGSTOP, and SIGCONT: meanwhile connections to it are made, and get no answer."""
        inside("kill", "-STOP", str(self.pid))
        try:
            yield
        finally:
            inside("kill", "-CONT", str(self.pid))

    def kill_at(self, words: str, after_lines: int, seconds: float = 60) -> "subprocess.Popen[bytes]":
        """SIGKILL as soon as the log has a line with `words`, after its first `after_lines` ones.

        Returns at once; the program that waits for the line in the node ends with status 0 when it has killed.
        """
        script = [words, str(self.pid), str(after_lines + 1), self.log, f"{seconds:.0f}"]
        command = ["docker", "exec", name(), "bash", "-c", KILL_AT, "bash", *script]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


# `tail` ends soon after the process does; the status is that of what reads from it.
KILL_AT = """
timeout "$5" tail --pid "$2" --sleep-interval 0.2 --lines "+$3" --follow=name "$4" 2>/dev/null |
  { grep --quiet --max-count 1 --fixed-strings -e "$1" && kill -KILL "$2"; }
"""


def inside(*command: str, seconds: float = 20) -> str:
    return run(["docker", "exec", name(), *command], seconds=seconds)


def container(kubectl: Kubectl, pod: Manifest, container_name: str) -> Container:
    """The running container of that name in the pod."""
    [found] = [each for each in pod["status"]["containerStatuses"] if each["name"] == container_name]
    identity = found["containerID"].removeprefix("containerd://")
    meta = pod["metadata"]
    folder = f"/var/log/pods/{meta['namespace']}_{meta['name']}_{meta['uid']}/{container_name}"
    return Container(identity, pid_of(identity), f"{folder}/{found['restartCount']}.log")


def pid_of(container_id: str) -> int:
    tasks = in_store("tasks", "list").splitlines()
    [pid] = [line.split()[1] for line in tasks if line.startswith(container_id)]
    return int(pid)
