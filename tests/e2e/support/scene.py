"""A TFModel that serves the example model under load: what the rollout tests look at, and wait for."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from testing.clients import asking, load
from testing.local_cluster.kubectl import Manifest
from testing.local_cluster.pods import is_ready
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

SERVER = "model-server"
PROTOCOLS = ("REST", "gRPC")
WAIT_SECONDS = 120  # for a rollout, on a machine that is busy
POLL_SECONDS = 0.1
BOUNDS = load.Bounds(count=20_000, seconds=400, connection_seconds=1)
"""The load lasts as long as its test, on any machine."""

SETTLE_SECONDS = 0.5  # some forty requests


@dataclass(frozen=True)
class Scene:
    """`connects` reaches every ready pod of the TFModel. `base` is its spec but for what a test changes."""

    tfmodel: TFModel
    connects: Mapping[str, asking.Connect]
    base: Mapping[str, Any]

    def apply(self, *, replicas: int | None = None, bake: int | None = None, **labels: int) -> None:
        rollout = {**self.base["rollout"], **({} if bake is None else {"bakeSeconds": bake})}
        spec = {**self.base, "rollout": rollout, **({"versionLabels": labels} if labels else {})}
        if replicas is not None:
            spec["replicas"] = replicas
        kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel"}
        self.tfmodel.kubectl.apply({**kind, "metadata": {"name": self.tfmodel.name}, "spec": spec})

    @contextlib.contextmanager
    def under_load(self) -> Iterator[load.Load]:
        """On what `connects` asks for, from half a second and an answer on each protocol before what the test does."""
        with load.steady(self.connects, BOUNDS) as running:
            time.sleep(SETTLE_SECONDS)
            running.await_more(1, WAIT_SECONDS)
            yield running

    def conclude(self, running: load.Load) -> load.Report:
        """After half a second more of it, and an answer on each protocol."""
        running.await_more(1, WAIT_SECONDS)
        time.sleep(SETTLE_SECONDS)
        return running.report()

    def status(self) -> Manifest:
        """Of the one model; empty before the first."""
        models = self.tfmodel.live().get("status", {}).get("models") or [{}]
        return dict(models[0])

    def labels(self) -> dict[str, int]:
        """Those on which the ready pods agree, as soon as a machine that is busy lets them answer."""

        def found() -> dict[str, int]:
            return dict(self.status().get("labels") or {})

        return eventually(found, WAIT_SECONDS, self.tfmodel.live, what="the pods to answer", interval=POLL_SECONDS)

    def loads(self, version: int) -> dict[str, int]:
        """How often each pod's server has loaded a version, as it says in its log."""
        line = f"Successfully loaded servable version {{name: {self.tfmodel.name} version: {version}}}"
        names = [pod["metadata"]["name"] for pod in self.tfmodel.pods()]
        return {name: self.tfmodel.kubectl("logs", name, "--container", SERVER).count(line) for name in names}

    def step_line(self, step: str) -> str:
        """What the operator logs when it begins the step."""
        name, namespace = self.tfmodel.name, self.tfmodel.kubectl.namespace
        return f'"namespace": "{namespace}", "name": "{name}", "message": "model {name}: {step}:'

    def await_label(self, label: str, version: int) -> float:
        """The time when the status had said so; every ready pod answers it so by then."""
        path = f"--for=jsonpath={{.status.models[0].labels.{label}}}={version}"
        self._wait(path, f"tfmodel/{self.tfmodel.name}")
        return time.monotonic()

    def answer_of(self, pod: Manifest, label: str) -> int:
        """The version that one pod answers for a label."""
        meta = pod["metadata"]
        proxy = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}:8501/proxy"
        path = f"{proxy}/v1/models/{self.tfmodel.name}/labels/{label}/metadata"
        return int(json.loads(self.tfmodel.kubectl("get", "--raw", path))["model_spec"]["version"])

    def await_answer(self, pod: Manifest, label: str, version: int) -> None:
        def answers() -> bool:
            return self.answer_of(pod, label) == version

        name = pod["metadata"]["name"]
        eventually(
            answers, WAIT_SECONDS, what=f"{name} to answer {label} with version {version}", interval=POLL_SECONDS
        )

    def await_commit(self, label: str, version: int) -> None:
        """Until a pod that restarts would come up with this label."""
        line = f'key: "{label}" value: {version} '

        def committed() -> bool:
            config = self.tfmodel.kubectl.get("configmap", f"{self.tfmodel.name}-config") or {"data": {}}
            return line in config["data"].get("models.config", "")

        eventually(committed, WAIT_SECONDS, what=f"the ConfigMap to have {line}", interval=POLL_SECONDS)

    def await_loading(self, version: int) -> None:
        def loading() -> bool:
            rows = {row["version"]: row["state"] for row in self.status().get("versions", [])}
            return rows.get(version) in ("START", "LOADING")

        what = f"version {version} to be loading"
        eventually(loading, WAIT_SECONDS, self.status, what=what, interval=POLL_SECONDS)

    def await_end(self, *, replicas: int | None = None, seconds: float = WAIT_SECONDS, **labels: int) -> float:
        """The time when exactly the labelled versions were served by all replicas, and the TFModel was Ready."""
        pods = replicas or self.base["replicas"]
        served = {(version, "AVAILABLE", pods) for version in labels.values()}

        def ended() -> bool:
            status = self.status()
            rows = {(r["version"], r["state"], r["availableReplicas"]) for r in alive(status)}
            fits = status.get("labels") == labels and rows == served and len(self.tfmodel.pods()) == pods
            return fits and self.tfmodel.condition("Ready").get("status") == "True"

        what = f"{labels} and nothing else on {pods} pods"
        eventually(ended, seconds, self.tfmodel.live, what=what, interval=POLL_SECONDS)
        return time.monotonic()

    def replace_a_pod(self) -> None:
        """Deletes one, and waits until the one in its place is ready; the spec need not be fulfilled."""
        gone, *others = self.tfmodel.pods()
        self.tfmodel.kubectl("delete", "pod", gone["metadata"]["name"], "--wait=false")

        def replaced() -> bool:
            pods = [pod for pod in self.tfmodel.pods() if pod["metadata"]["uid"] != gone["metadata"]["uid"]]
            return len(pods) == len(others) + 1 and all(map(is_ready, pods))

        eventually(replaced, WAIT_SECONDS, what="another pod to be ready", interval=POLL_SECONDS)
        self.await_gone(gone["metadata"]["name"])

    def await_gone(self, pod: str) -> None:
        """Until its server is stopped, so that the load shows whether that lost anything."""
        self._wait("--for=delete", f"pod/{pod}")

    def _wait(self, condition: str, resource: str) -> None:
        self.tfmodel.kubectl("wait", condition, resource, f"--timeout={WAIT_SECONDS}s", seconds=WAIT_SECONDS + 10)


def alive(status: Manifest) -> list[Manifest]:
    """The rows of versions; servers go on telling of one that failed, long after it was withdrawn."""
    return [row for row in status.get("versions", []) if row["state"] != "END"]


def assert_all_answered(report: load.Report) -> None:
    assert report.failures == [], str(report)


def assert_answered(report: load.Report, version: int, *, since: float = 0, until: float = float("inf")) -> None:
    """By this version alone, on both protocols, in this time."""
    seen = {protocol: report.versions(protocol, since, until) for protocol in PROTOCOLS}
    assert seen == {protocol: {version} for protocol in PROTOCOLS}
