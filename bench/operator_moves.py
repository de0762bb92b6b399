"""Labels moved by the operator: what is measured of a TFModel."""

import asyncio
import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.fleet import Fleet, ModelServer, mismatch, wait_until_none
from bench.moves import LABEL, Move, move
from bench.server_log import load_of
from testing.api_client import AsyncApi
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.narrate import Step
from testing.local_cluster.tfmodel import TFModel

NAME = "mnist"
LOADED = (1, 2)
READY_SECONDS = 120
MOVE_SECONDS = 60
ASK_EVERY = 0.01
ASK_LOADING_EVERY = 0.05
"""While servers load, on the same cores, a query of every pod each 10 ms would delay what is measured."""
FILE_SYSTEM_POLL_SECONDS = 1.0


def manifest(namespace: str, replicas: int) -> Manifest:
    """Nothing stays loaded for a rollback, so that each rollout ends at once and the next one can begin at rest."""
    return {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            "modelUri": f"pvc://models/{NAME}",
            "versions": list(LOADED),
            "versionLabels": {"stable": LOADED[0], LABEL: LOADED[0]},
            "replicas": replicas,
            "rollout": {"bakeSeconds": 0, "drainSeconds": 1, "trialSeconds": 0},
        },
    }


def pending(tfmodel: Manifest) -> str:
    """Describes what the operator has still to do or to report, by the object; "" when it is done."""
    generation, status = tfmodel["metadata"]["generation"], tfmodel.get("status", {})
    ready = next((c for c in status.get("conditions", []) if c["type"] == "Ready"), None)
    if ready is None or ready["observedGeneration"] != generation:
        return "the status is not of the newest spec"
    if ready["status"] != "True":
        return f"Ready is {ready['status']}: {ready['reason']}: {ready['message']}"
    rollouts = [model["rollout"] for model in status["models"]]
    moving = [f"{rollout['step']}: {rollout['message']}" for rollout in rollouts if rollout["step"] != "Done"]
    return ", ".join(moving)


def aspired_versions(spec: Manifest) -> set[int]:
    return set(spec.get("versions") or spec["versionLabels"].values())


@dataclass(frozen=True)
class OperatorMoves:
    """A TFModel and its pods, which stay the same throughout."""

    api: AsyncApi
    kubectl: Kubectl
    fleet: Fleet

    @classmethod
    async def start(cls, api: AsyncApi, kubectl: Kubectl, replicas: int) -> "OperatorMoves":
        await api.create(manifest(kubectl.namespace, replicas))
        TFModel(kubectl, NAME).wait("Ready", seconds=READY_SECONDS)
        pods = [pod["metadata"]["name"] for pod in TFModel(kubectl, NAME).pods()]
        return cls(api, kubectl, tuple(ModelServer(api, kubectl.namespace, pod, NAME) for pod in pods))

    async def label_moves(self, count: int) -> list[Move]:
        """To a version that is loaded, there and back again."""
        versions = [LOADED[1 - n % 2] for n in range(count)]
        return [await self._move({"versionLabels": {LABEL: version}}, version) for version in versions]

    async def new_versions(self, versions: Sequence[int], step: Step, trial_seconds: int = 0) -> list[Move]:
        """To one version after the other that no pod has ever loaded; the one before it is unloaded each time.
        `trial_seconds`: for how long one pod has each first."""
        moves = []
        for version in versions:
            rollout = {"trialSeconds": trial_seconds}
            spec = {"versions": None, "versionLabels": {LABEL: version}, "rollout": rollout}
            moves.append(await self._move(spec, version, ASK_LOADING_EVERY))
            step.detail = f"{LABEL} → {version} in {moves[-1].seconds:.2f} s; waiting until all is at rest again"
        await self._rest()
        logs = {server.pod: self.kubectl("logs", server.pod, "--timestamps") for server in self.fleet}
        return [
            dataclasses.replace(each, loads={pod: load_of(log, NAME, each.version) for pod, log in logs.items()})
            for each in moves
        ]

    async def _move(self, spec: Manifest, version: int, ask_every: float = ASK_EVERY) -> Move:
        """From rest, and after a pause by which each is met at another moment of the server's poll for versions."""
        await self._rest()
        await asyncio.sleep(random.uniform(0, FILE_SYSTEM_POLL_SECONDS))
        change = self.api.patch("TFModel", self.kubectl.namespace, NAME, {"spec": spec})
        return await move(change, self.fleet, version, seconds=MOVE_SECONDS, interval=ask_every)

    async def _rest(self) -> None:
        """Until the operator says it is done, and every pod has exactly what the spec says."""

        async def problem() -> str:
            live = await self.api.get("TFModel", self.kubectl.namespace, NAME)
            spec = live["spec"]
            return pending(live) or await mismatch(self.fleet, aspired_versions(spec), spec["versionLabels"])

        await wait_until_none(f"TFModel {NAME} to be at rest", MOVE_SECONDS, problem)
