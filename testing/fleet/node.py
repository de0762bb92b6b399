"""A stand-in for the Deployment's controller, the scheduler and the kubelet, so that this tier has pods that serve.

For one TFModel's Deployment it keeps as many pods as desired, each with a process of the test double on a loopback
address of its own, and says of them and of the Deployment what Kubernetes would say. A pod starts with what the
ConfigMap holds at that moment, and keeps that copy. Left out: time to drain, startup and liveness probes, and slow
back-offs; and, unless `keeps_probing` says otherwise, probes of a pod that is ready.
"""

import itertools
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from testing.api_client import Api, Manifest
from testing.fleet.node_pod import NodePod

TICK_SECONDS = 0.1
LIFE_SECONDS = 900.0
"""Nothing runs for longer, whatever becomes of the tests."""


class Node:
    """Runs from `with` to its end, on a thread of its own; what is asked of a pod takes effect at once."""

    def __init__(
        self, api: Api, namespace: str, name: str, folder: Path, claims: Mapping[str, Path] | None = None
    ) -> None:
        """`folder` takes the pods' logs; `claims` has where claims lie on this machine."""
        self._claims = claims or {}
        self._api = api
        self._namespace = namespace
        self._name = name
        self._folder = folder
        self._pods: list[NodePod] = []
        self._numbers = itertools.count(1)
        self._told: Manifest = {}
        self.is_full = False
        """No more pods are made, as when no node has room."""

        self.keeps_probing = False
        """Pods may stop being ready, by their readiness probe."""

        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"node of {name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(30)
        for pod in self._pods:
            pod.end()
        for pod in self._pods:
            pod.remove()

    @property
    def pods(self) -> list[NodePod]:
        """The pods there are now, the oldest first."""
        return list(self._pods)

    def delete(self, pod: NodePod) -> None:
        """As `kubectl delete pod`; another one takes its place."""
        with self._lock:
            self._remove(pod)

    def evict(self, pod: NodePod, reason: str, message: str) -> None:
        """As a kubelet ends a pod: the object stays, with the kubelet's words, and another pod takes its place."""
        with self._lock:
            self._pods.remove(pod)
            pod.die(reason, message)

    def _run(self) -> None:
        deadline = time.monotonic() + LIFE_SECONDS
        while not self._stopping.wait(TICK_SECONDS) and time.monotonic() < deadline:
            with self._lock:
                self._tick()

    def _tick(self) -> None:
        deployment = self._api.get("Deployment", self._namespace, self._name)
        if deployment is None:
            self._collect_garbage()
            return
        self._scale(deployment["spec"])
        for pod in self._pods:
            pod.keeps_probing = self.keeps_probing
            pod.tick()
        self._tell(deployment)

    def _collect_garbage(self) -> None:
        while self._pods:
            self._remove(self._pods[0])

    def _scale(self, spec: Manifest) -> None:
        """One pod a tick: one more than desired during a replacement (maxSurge 1), and never fewer that are ready."""
        desired, template = spec["replicas"], spec["template"]
        current = [pod for pod in self._pods if pod.template == template]
        old = [pod for pod in self._pods if pod.template != template]
        if len(current) < desired and len(self._pods) < desired + bool(old) and not self.is_full:
            self._pods.append(self._create(template))
        elif len(current) > desired:
            self._remove(min(reversed(current), key=lambda pod: pod.ready))
        elif unready := [pod for pod in old if not pod.ready]:
            self._remove(unready[0])
        elif old and sum(pod.ready for pod in self._pods) > desired:
            self._remove(old[0])

    def _create(self, template: Manifest) -> NodePod:
        name = f"{self._name}-{next(self._numbers)}"
        return NodePod(self._api, self._namespace, name, template, self._folder / name, self._claims)

    def _remove(self, pod: NodePod) -> None:
        self._pods.remove(pod)
        pod.remove()

    def _tell(self, deployment: Manifest) -> None:
        template = deployment["spec"]["template"]
        ready = sum(pod.ready for pod in self._pods)
        status = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": len(self._pods),
            "updatedReplicas": sum(pod.template == template for pod in self._pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        if status != self._told:
            self._api.patch("Deployment", self._namespace, self._name, {"status": status}, "status")
            self._told = status
