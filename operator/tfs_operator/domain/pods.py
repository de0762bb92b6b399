"""Reads one pod's status: whether it can be queried, and if it is not ready, why not.

A pod's trouble is found by a chain of named checks, from the most telling to the least.
Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.scheduling import explained, parse_fit_error
from tfs_operator.domain.times import epoch
from tfs_operator.domain.tls import CONTAINER_NAME as TLS_CONTAINER
from tfs_operator.domain.tls import Certificate, served

_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_CREATE_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_MESSAGE_LIMIT = 1024
_SERVER_IMAGE = "correct server.image, or name a Secret of its registry in server.imagePullSecrets"
_OUR_IMAGE = "it is the operator's own image; if it needs a Secret, name that in server.imagePullSecrets"


@dataclass(frozen=True)
class PodFacts:
    """`address` is empty until the pod has one; `incarnation` changes whenever its server is a new process."""

    name: str
    address: str
    ready: bool
    terminating: bool
    models_digest: str
    incarnation: str
    problem: Problem | None
    ready_at: float = 0.0
    """Since when `ready` is what it is, in seconds since the epoch."""

    certificate: Certificate | None = None
    """What its server presents on the gRPC port; None: it speaks no TLS."""

    no_gpu_since: float = 0.0
    """Since when it waits for a node with a free GPU, in seconds since the epoch; 0.0 when it does not."""

    died_serving: bool = False
    """Its server has ended with an error after it had been ready, and is not ready again. What it loads at its start is
    not to blame: memory, a node, or a client's request that kills it (docs/security.md)."""

    @property
    def crashed(self) -> bool:
        """Its server has ended with an error before it was ready."""
        failed = self.problem is not None and self.problem.reason == Reason.MODEL_SERVER_FAILED
        return failed and not self.died_serving


def facts(pod: Manifest, digest_annotation: str, gpus: int = 0) -> PodFacts:
    """Returns the facts of one pod. `gpus`: as many as each pod asks for."""
    metadata, status = pod["metadata"], pod.get("status", {})
    return PodFacts(
        name=metadata["name"],
        address=status.get("podIP", ""),
        ready=_condition(status, "Ready").get("status") == "True",
        terminating=metadata.get("deletionTimestamp") is not None,
        models_digest=metadata.get("annotations", {}).get(digest_annotation, ""),
        incarnation=f"{metadata.get('uid', '')}/{_restarts(status)}",
        problem=next(_problems(metadata["name"], status, gpus), None),
        ready_at=epoch(_condition(status, "Ready").get("lastTransitionTime")),
        certificate=served(status),
        no_gpu_since=_no_gpu_since(status),
        died_serving=any(_died_serving(status, container) for container in status.get("containerStatuses", [])),
    )


def _condition(status: Manifest, kind: str) -> Manifest:
    conditions: list[Manifest] = status.get("conditions", [])
    return next((condition for condition in conditions if condition.get("type") == kind), {})


def _containers(status: Manifest) -> list[Manifest]:
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def _restarts(status: Manifest) -> int:
    return sum(int(container.get("restartCount", 0)) for container in _containers(status))


def _problems(name: str, status: Manifest, gpus: int) -> Iterator[Problem]:
    ours = status.get("initContainerStatuses", [])
    for container in _containers(status):
        yield from _image_problem(name, container, _OUR_IMAGE if container in ours else _SERVER_IMAGE)
        yield from _create_problem(name, container)
        yield from _exit_problem(name, status, container)
    yield from _schedule_problem(name, status, gpus)


def _waiting(container: Manifest) -> Manifest:
    waiting: Manifest = container.get("state", {}).get("waiting") or {}
    return waiting


def _image_problem(name: str, container: Manifest, advice: str) -> Iterator[Problem]:
    waiting = _waiting(container)
    if waiting.get("reason") in _IMAGE_REASONS:
        words = waiting.get("message") or waiting["reason"]
        image = container.get("image", "")
        yield Problem(Reason.IMAGE_NOT_PULLED, f"pod {name}: image {image}: {words[:_MESSAGE_LIMIT]}: {advice}")


def _create_problem(name: str, container: Manifest) -> Iterator[Problem]:
    waiting = _waiting(container)
    if waiting.get("reason") in _CREATE_REASONS:
        words = waiting.get("message") or waiting["reason"]
        yield Problem(Reason.CONTAINER_NOT_STARTED, f"pod {name}: {words}")


def _exit_problem(name: str, status: Manifest, container: Manifest) -> Iterator[Problem]:
    """A server that has ended and is not ready again; its last words come from its log's end."""
    ended = _failed_exit(container)
    if ended is None:
        return
    if container.get("name") == TLS_CONTAINER:
        yield Problem(Reason.TLS_NOT_USABLE, f"pod {name}: {telling_lines(str(ended.get('message', '')))}")
    else:
        when = " while it served" if _died_serving(status, container) else ""
        yield Problem(Reason.MODEL_SERVER_FAILED, f"pod {name}: {_last_words(ended, when)}")


def _failed_exit(container: Manifest) -> Manifest | None:
    """How the last process of a container ended, if by an error and the container is not ready again."""
    ended: Manifest = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated")
    return ended if ended and ended.get("exitCode", 0) and not container.get("ready") else None


def _died_serving(status: Manifest, container: Manifest) -> bool:
    """Tells whether the pod was ready after the process that ended had started: it stopped being ready since. A pod
    that never was ready, or stopped being so when an earlier process ended, has had that status for longer."""
    ended, ready = _failed_exit(container), _condition(status, "Ready")
    started = epoch(ended.get("startedAt")) if ended else 0.0
    return started > 0 and ready.get("status") == "False" and epoch(ready.get("lastTransitionTime")) > started


def _last_words(ended: Manifest, when: str) -> str:
    code = int(ended["exitCode"])
    how = "was killed (out of memory)" if ended.get("reason") == "OOMKilled" else f"ended with exit code {code}"
    words = telling_lines(str(ended.get("message", "")))
    return f"the model server {how}{when}" + (f": {words}" if words else "")


def telling_lines(log: str) -> str:
    """The last error lines of a server's log, without their time and source prefix; else its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if _is_error(line)]
    chosen = errors[-2:] or lines[-1:]
    return "; ".join(dict.fromkeys(map(_without_prefix, chosen)))[-_MESSAGE_LIMIT:]


def _is_error(line: str) -> bool:
    return ": E " in line or ": F " in line or line.startswith(("E0", "E1", "F0", "F1")) or "Failed" in line


def _without_prefix(line: str) -> str:
    """Drops TensorFlow's `2026-11-21 06:30:00.0: E dir/file.cc:75] `."""
    head, bracket, rest = line.partition("] ")
    return rest if bracket and " " in head and ".cc:" in head else line


def _schedule_problem(name: str, status: Manifest, gpus: int) -> Iterator[Problem]:
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        words = scheduled.get("message") or scheduled.get("reason", "")
        yield Problem(Reason.UNSCHEDULABLE, f"pod {name}: {explained(words, gpus)}")


def _no_gpu_since(status: Manifest) -> float:
    scheduled = _condition(status, "PodScheduled")
    found = parse_fit_error(str(scheduled.get("message", ""))) if scheduled.get("status") == "False" else None
    return epoch(scheduled.get("lastTransitionTime")) if found and found.lacks_gpu else 0.0
