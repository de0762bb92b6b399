"""Finds what keeps a pod from being ready, by a chain of named checks, from the most telling to the least."""

from collections.abc import Iterator

from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.pods.deaths import exit_words, is_out_of_memory, telling_lines
from tfs_operator.domain.pods.manifest import (
    SERVER_CONTAINER,
    condition,
    container_statuses,
    died_serving,
    failed_exit,
    memory_limit,
)
from tfs_operator.domain.scheduling import explained
from tfs_operator.domain.tls import CONTAINER_NAME as TLS_CONTAINER

_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_CREATE_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_MESSAGE_LIMIT = 1024
_SERVER_IMAGE = "correct server.image, or name a Secret of its registry in server.imagePullSecrets"
_OUR_IMAGE = "it is the operator's own image; if it needs a Secret, name that in server.imagePullSecrets"
_MORE_MEMORY = "raise server.resources.limits.memory: while a version moves, two are in memory"


def problems(pod: Manifest, gpus: int) -> Iterator[Problem]:
    """Yields what keeps the pod from being ready, the most telling first. `gpus`: as many as each pod asks for."""
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    ours, containers = status.get("initContainerStatuses") or [], container_statuses(status)
    for container in containers:
        yield from _image_problem(name, container, _OUR_IMAGE if container in ours else _SERVER_IMAGE)
        yield from _create_problem(name, container)
    for container in sorted(containers, key=_is_a_companion):
        yield from _exit_problem(pod, container)
    yield from _schedule_problem(name, status, gpus)


def _is_a_companion(container: Manifest) -> bool:
    """Tells whether it is the fetcher, or a container that a webhook has added."""
    return container.get("name") not in (TLS_CONTAINER, SERVER_CONTAINER)


def _waiting(container: Manifest) -> Manifest:
    waiting: Manifest = (container.get("state") or {}).get("waiting") or {}
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


def _exit_problem(pod: Manifest, container: Manifest) -> Iterator[Problem]:
    """A container that has ended and is not ready again; its last words come from its log's end."""
    name, ended = pod["metadata"]["name"], failed_exit(container)
    if ended is None:
        return
    if container.get("name") == TLS_CONTAINER:
        yield Problem(Reason.TLS_NOT_USABLE, f"pod {name}: {telling_lines(str(ended.get('message') or ''))}")
    elif container.get("name") == SERVER_CONTAINER:
        yield Problem(Reason.MODEL_SERVER_FAILED, f"pod {name}: the model server {_server_exit(pod, container, ended)}")
    else:
        words = exit_words(ended, memory_limit(pod, str(container.get("name"))))
        yield Problem(Reason.CONTAINER_FAILED, f"pod {name}: container {container.get('name')} {words}")


def _server_exit(pod: Manifest, container: Manifest, ended: Manifest) -> str:
    when = " while it served" if died_serving(pod.get("status") or {}, container) else ""
    words = exit_words(ended, memory_limit(pod, SERVER_CONTAINER), when)
    return f"{words}; {_MORE_MEMORY}" if is_out_of_memory(ended) else words


def _schedule_problem(name: str, status: Manifest, gpus: int) -> Iterator[Problem]:
    scheduled = condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        words = scheduled.get("message") or scheduled.get("reason", "")
        yield Problem(Reason.UNSCHEDULABLE, f"pod {name}: {explained(words, gpus)}")
