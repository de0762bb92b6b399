"""Pods that answer from a script."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bench.fleet import ModelServer
from testing.api_client import Answer, AsyncApi


@dataclass
class Pods:
    """Stands in for AsyncApi: each pod's label answers, of which the last stays, and its versions' states."""

    canary: Mapping[str, list[int | None]]
    states: Mapping[int, str] = field(default_factory=dict)

    async def get_from_pod(self, namespace: str, pod: str, port: int, path: str) -> Answer:
        assert (namespace, port) == ("bench", 8501)
        if path == "/v1/models/mnist":
            return answer({"model_version_status": [{"version": str(v), "state": s} for v, s in self.states.items()]})
        assert path == "/v1/models/mnist/labels/canary/metadata"
        answers = self.canary[pod]
        version = answers.pop(0) if len(answers) > 1 else answers[0]
        if version is None:
            return Answer(400, b'{"error": "Unrecognized servable version label: canary"}')
        return answer({"model_spec": {"name": "mnist", "version": str(version)}, "metadata": {}})


def answer(document: Any) -> Answer:
    return Answer(200, json.dumps(document).encode())


def fleet(pods: Pods) -> list[ModelServer]:
    return [ModelServer(cast(AsyncApi, pods), "bench", pod, "mnist") for pod in pods.canary]
