"""The same label moved without an operator: a ConfigMap as a file, which the servers read again every 30 seconds."""

import asyncio
import random
import time
from dataclasses import dataclass

from bench.fleet import Fleet, ModelServer, mismatch, wait_until_none
from bench.moves import LABEL, Move, move
from testing.api_client import AsyncApi
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.narrate import Step

NAME = "mnist-polled"
MODEL = "mnist"
VERSIONS = (1, 2)
FILE = "models.config"
POLL_SECONDS = 30
READY_SECONDS = 120
MOVE_SECONDS = 150
"""A kubelet as it comes renews a mounted ConfigMap within 60 to 90 s; then comes the server's own poll."""
ASK_EVERY = 0.25


def models_config(version: int) -> str:
    labels = f'version_labels {{ key: "stable" value: 1 }} version_labels {{ key: "{LABEL}" value: {version} }}'
    return f"""model_config_list {{
  config {{
    name: "{MODEL}" base_path: "/models/{MODEL}" model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
    {labels}
  }}
}}
"""


def config_map() -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME},
        "data": {FILE: models_config(VERSIONS[0])},
    }


def container(image: str) -> Manifest:
    return {
        "name": "model-server",
        "image": image,
        "command": ["tensorflow_model_server"],
        "args": [
            "--port=8500",
            "--rest_api_port=8501",
            f"--model_config_file=/etc/models/{FILE}",
            f"--model_config_file_poll_wait_seconds={POLL_SECONDS}",
            "--allow_version_labels_for_unavailable_models=true",
        ],
        "readinessProbe": {"httpGet": {"path": f"/v1/models/{MODEL}/metadata", "port": 8501}, "periodSeconds": 2},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/models", "readOnly": True},
            {"name": "models", "mountPath": "/models", "readOnly": True},
        ],
    }


def deployment(image: str, replicas: int) -> Manifest:
    labels = {"app.kubernetes.io/name": NAME}
    pod = {
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container(image)],
        "volumes": [
            {"name": "config", "configMap": {"name": NAME}},
            {"name": "models", "persistentVolumeClaim": {"claimName": "models", "readOnly": True}},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def another(done: int, count: int, seconds_left: float) -> bool:
    """Whether to begin a move more: at least one is tried, and no further one that might not end in time."""
    return done < count and (done == 0 or seconds_left > POLL_SECONDS + MOVE_SECONDS)


@dataclass(frozen=True)
class ConfigMapMoves:
    """The pods of a Deployment without an operator, whose servers read a mounted ConfigMap again now and then."""

    api: AsyncApi
    namespace: str
    fleet: Fleet

    @classmethod
    def start(cls, api: AsyncApi, kubectl: Kubectl, image: str, replicas: int) -> "ConfigMapMoves":
        for each in (config_map(), deployment(image, replicas)):
            kubectl.apply(each)
        waiting = ["rollout", "status", f"deployment/{NAME}", f"--timeout={READY_SECONDS}s"]
        kubectl(*waiting, seconds=READY_SECONDS + 10)
        pods = kubectl.find("pods", {"app.kubernetes.io/name": NAME})
        servers = (ModelServer(api, kubectl.namespace, pod["metadata"]["name"], MODEL) for pod in pods)
        return cls(api, kubectl.namespace, tuple(servers))

    async def label_moves(self, count: int, until: float, step: Step) -> list[Move]:
        """Fewer than `count` when time is short; see `another`."""
        await wait_until_none(f"the pods of {NAME}", READY_SECONDS, self._unlike_the_first)
        step.detail = "waiting for the kubelet to renew the file, and for the servers to read it"
        moves: list[Move] = []
        while another(len(moves), count, until - time.monotonic()):
            moves.append(await self._move(VERSIONS[1 - len(moves) % 2]))
            step.say(f"{LABEL} → {moves[-1].version} on every pod in {moves[-1].seconds:.0f} s")
        return moves

    async def _unlike_the_first(self) -> str:
        return await mismatch(self.fleet, set(VERSIONS), {"stable": 1, LABEL: VERSIONS[0]})

    async def _move(self, version: int) -> Move:
        """After a pause: the move before ended when a pod had just read its file, and that would count against it."""
        await asyncio.sleep(random.uniform(0, POLL_SECONDS))
        change = self.api.patch("ConfigMap", self.namespace, NAME, {"data": {FILE: models_config(version)}})
        return await move(change, self.fleet, version, seconds=MOVE_SECONDS, interval=ASK_EVERY)
