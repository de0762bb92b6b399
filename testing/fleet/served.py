"""A TFModel whose pods really serve: what a user does to it, and what he then sees."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import pretty
from testing.fleet import asking
from testing.fleet.asking import Answers, asked_without_pause
from testing.fleet.fleet import condition, tfmodel
from testing.fleet.model_folder import ModelFolder
from testing.fleet.node import Node
from testing.fleet.node_pod import NodePod
from testing.waiting import DEADLINE_SECONDS, eventually
from tfs_operator.cluster.kinds import RESOURCES

NAME = "mnist"
STEP_SECONDS = DEADLINE_SECONDS
"""Enough for any step of a rollout with a small model, on any machine."""


@dataclass(frozen=True)
class Served:
    """`folder` is where the versions of the only model lie, or of the one that is called like the TFModel."""

    api: Api
    namespace: str
    node: Node
    folder: ModelFolder
    name: str = NAME

    # what a user does

    def edit(self, **spec: Any) -> None:
        """`kubectl patch --type merge`: a None takes a field, or a label, away."""
        self.api.patch("TFModel", self.namespace, self.name, {"spec": spec})

    def rewrite(self, **spec: Any) -> None:
        """Which versions and labels are served, said anew as a whole, as by `kubectl apply`."""
        kept = {key: value for key, value in self.tfmodel()["spec"].items() if not key.startswith("version")}
        change = [{"op": "replace", "path": "/spec", "value": {**kept, **spec}}]
        path = RESOURCES["TFModel"].path(self.namespace, self.name)
        self.api.request("PATCH", path, change, "application/json-patch+json")

    def restart(self, pod: NodePod) -> None:
        """Its process is killed; it must come up at the first start."""
        before = pod.restarts
        pod.kill()
        self.until(lambda: pod.ready and pod.restarts > before)
        assert pod.restarts == before + 1, self.explain()

    def replace(self, pod: NodePod) -> None:
        """It is deleted; the one that takes its place must come up at the first start."""
        self.node.delete(pod)
        self.until(self.are_pods_ready)
        assert self.pods[-1].restarts == 0, self.explain()

    # what a user sees

    def tfmodel(self) -> Manifest:
        live = self.api.get("TFModel", self.namespace, self.name)
        assert live is not None
        return live

    def condition(self, kind: str = "Ready") -> Manifest:
        return condition(self.tfmodel(), kind)

    def model(self, name: str = NAME) -> Manifest:
        """A model's part of the status; empty when there is none yet."""
        models = self.tfmodel().get("status", {}).get("models", [])
        return next((dict(model) for model in models if model["name"] == name), {})

    def rollout(self, model: str = NAME) -> Manifest:
        """The step that the model's rollout is at, its message, and since when."""
        return dict(self.model(model).get("rollout", {}))

    def committed(self, model: str = NAME) -> tuple[Any, dict[str, int]]:
        """With what a pod that restarts comes up: its versions or policy, and its labels."""
        config_map = self.config_map()
        entries = json.loads(config_map["metadata"]["annotations"]["tfs-operator.io/committed"])
        entry = next(entry for entry in entries if entry["name"] == model)
        return entry["serve"], entry.get("labels", {})

    def config_map(self) -> Manifest:
        config_map = self.api.get("ConfigMap", self.namespace, f"{self.name}-config")
        assert config_map is not None
        return config_map

    def events(self, reason: str) -> list[str]:
        """What the events with this reason say."""
        return [event["note"] for event in self._events() if event["reason"] == reason]

    def _events(self) -> list[Manifest]:
        events = [event for event in self.api.list("Event", self.namespace) if event["regarding"]["name"] == self.name]
        return sorted(events, key=lambda event: str(event["metadata"]["creationTimestamp"]))

    def warnings(self) -> list[str]:
        """What the events of type Warning say."""
        return [event["note"] for event in self._events() if event["type"] == "Warning"]

    # what the pods answer

    @property
    def pods(self) -> list[NodePod]:
        return self.node.pods

    def answers(self, label: str, model: str = NAME) -> list[int | None]:
        """Each pod's version for a label."""
        return [asking.label_version(pod.address, model, label) for pod in self.pods if pod.ready]

    def available(self, model: str = NAME) -> list[list[int]]:
        """Each pod's versions that are AVAILABLE."""
        return [asking.available(pod.address, model) for pod in self.pods if pod.ready]

    def heard(self, *labels: str, model: str = NAME) -> AbstractContextManager[list[Answers]]:
        """Asks every pod of now for the labels without a pause, until the end of the block."""
        return asked_without_pause([pod.address for pod in self.pods], model, *labels)

    # waiting

    def until(self, holds: Callable[[], Any], seconds: float = STEP_SECONDS) -> Any:
        """Waits; what the TFModel says is in the error when it was in vain."""
        return eventually(holds, seconds, self.explain)

    def until_done(self, seconds: float = STEP_SECONDS) -> None:
        """Until every replica is ready, the newest spec is fulfilled, and nothing is left to do."""
        self.until(self.is_done, seconds)

    def is_done(self) -> bool:
        live = self.tfmodel()
        ready = condition(live)
        steps = {model.get("rollout", {}).get("step") for model in live.get("status", {}).get("models", [])}
        is_new = ready.get("observedGeneration") == live["metadata"]["generation"]
        return is_new and ready["status"] == "True" and steps == {"Done"} and self._has_its_replicas(live)

    def _has_its_replicas(self, live: Manifest) -> bool:
        return self.are_pods_ready() and live["status"]["readyReplicas"] == len(self.pods)

    def are_pods_ready(self) -> bool:
        """As many as desired, whatever they serve."""
        pods, desired = self.pods, self.tfmodel()["spec"]["replicas"]
        return len(pods) == desired and all(pod.ready for pod in pods)

    def until_step(self, step: str, model: str = NAME, seconds: float = STEP_SECONDS) -> Manifest:
        """The model's rollout, once it is at this step for the newest spec."""
        self.until(lambda: self.is_observed() and self.rollout(model).get("step") == step, seconds)
        return self.rollout(model)

    def until_reason(self, reason: str, kind: str = "Ready", seconds: float = STEP_SECONDS) -> Manifest:
        """The condition, once it has this reason for the newest spec."""
        self.until(lambda: self.is_observed() and self.condition(kind).get("reason") == reason, seconds)
        return self.condition(kind)

    def is_observed(self) -> bool:
        live = self.tfmodel()
        return bool(live.get("status", {}).get("observedGeneration") == live["metadata"]["generation"])

    def explain(self) -> str:
        """The spec, the status, what is committed, and the last words of each pod."""
        live = self.tfmodel()
        pods = {pod.name: (pod.address, pod.ready, pod.restarts, pod.log.read_text()[-1500:]) for pod in self.pods}
        committed = self.config_map()["metadata"]["annotations"]
        return pretty({"spec": live["spec"], "status": live.get("status"), "committed": committed, "pods": pods})


@contextmanager
def serving(
    api: Api, folder: ModelFolder, logs: Path, *, await_done: bool = True, on_claim: bool = False, **spec: Any
) -> Iterator[Served]:
    """A TFModel of two replicas that serves version 1 as stable, in a namespace of its own; at rest, unless it can
    never be. `spec` overrides; None takes a field out. `on_claim`: `folder` lies on the claim `store`,
    and not on the servers' own disk."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    api.create_namespace(namespace)
    rollout = {"bakeSeconds": 0, "trialSeconds": 0, **spec.pop("rollout", {})}
    uri = f"pvc://store/{folder.path.name}" if on_claim else folder.uri
    merged = {"modelUri": uri, "replicas": 2, "rollout": rollout, **spec}
    manifest = tfmodel(namespace, NAME, **merged)
    manifest["spec"] = {key: value for key, value in manifest["spec"].items() if value is not None}
    api.create(manifest)
    with Node(api, namespace, NAME, logs, {"store": folder.path.parent}) as node:
        served = Served(api, namespace, node, folder)
        try:
            if await_done:
                served.until_done()
            yield served
        finally:
            api.delete("TFModel", namespace, NAME)
