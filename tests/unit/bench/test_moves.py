"""The benchmark's measuring, against pods that answer from a script."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from bench.api import Answer, Api
from bench.configmap_moves import another, models_config
from bench.fleet import ModelServer, answers_since, discord, settle
from bench.moves import Move, move
from bench.operator_moves import manifest, unrest, wanted_versions
from bench.server_log import Load
from testing.local_cluster.commands import DeadlineError
from tfs_operator.api.resource import TFModel

ASKED = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@dataclass
class Pods:
    """In place of the Api: each pod's label answers, of which the last stays, and its versions' states."""

    canary: Mapping[str, list[int | None]]
    states: Mapping[int, str] = field(default_factory=dict)

    async def ask_pod(self, pod: str, port: int, path: str) -> Answer:
        assert port == 8501
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
    return [ModelServer(cast(Api, pods), pod, "mnist") for pod in pods.canary]


async def test_each_pod_is_asked_until_it_has_the_version() -> None:
    servers = fleet(Pods({"a": [2], "b": [1, 1, None, 1, 2]}))
    took = await answers_since(servers, "canary", 2, time.monotonic(), seconds=10, interval=0.05)
    assert took["a"] < took["b"]
    assert took["b"] >= 0.2, "four times the interval"


async def test_a_pod_that_never_has_it_is_named_when_time_is_up() -> None:
    servers = fleet(Pods({"a": [2], "b": [1]}))
    with pytest.raises(DeadlineError, match=r"canary → 2 on every pod; it is \{'a': 2, 'b': 1\}"):
        await answers_since(servers, "canary", 2, time.monotonic(), seconds=0.1, interval=0.01)


async def test_a_move_begins_before_the_change_is_sent() -> None:
    sent: list[float] = []

    async def change() -> None:
        sent.append(time.monotonic())

    began = time.monotonic()
    moved = await move(change(), fleet(Pods({"a": [1, 2]})), 2, seconds=10, interval=0.05)
    assert 0.05 <= moved.seconds <= time.monotonic() - began
    assert 0 <= moved.accepted <= moved.seconds
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("canary", "states", "said"),
    [
        ({"a": [2], "b": [2]}, {1: "AVAILABLE", 2: "AVAILABLE", 3: "END"}, ""),
        ({"a": [2], "b": [1]}, {1: "AVAILABLE", 2: "AVAILABLE"}, "pod b answers canary with 1 and not 2"),
        ({"a": [2]}, {1: "UNLOADING", 2: "AVAILABLE"}, "pod a has versions [2] and not [1, 2]"),
        ({"a": [2]}, {1: "AVAILABLE", 2: "AVAILABLE", 3: "AVAILABLE"}, "has versions [1, 2, 3]"),
    ],
)
async def test_what_a_pod_has_otherwise_is_said(
    canary: dict[str, list[int | None]], states: dict[int, str], said: str
) -> None:
    found = await discord(fleet(Pods(canary, states)), {1, 2}, {"canary": 2})
    assert said in found
    assert bool(found) is bool(said)


async def test_what_does_not_settle_is_said() -> None:
    async def problem() -> str:
        return "pod a is loading"

    with pytest.raises(DeadlineError, match="for the world to be at rest: pod a is loading"):
        await settle("the world to be at rest", 0.05, problem)


def load(began: float, seconds: float) -> Load:
    at = ASKED + timedelta(seconds=began)
    return Load(at, at + timedelta(seconds=seconds))


def test_what_is_taken_off_is_the_load_that_ended_last() -> None:
    loads = {"a": load(0.25, 0.75), "b": load(1.0, 0.5), "c": load(0.5, 0.25)}
    moved = Move(3, ASKED, 0.01, {"a": 2.0, "b": 1.75, "c": 1.75}, loads)
    assert (moved.seconds, moved.beside_load, moved.load_began) == (2.0, 1.5, 1.0)
    assert json.loads(json.dumps(moved.as_json()))["loads"]["b"] == {"began": 1.0, "seconds": 0.5}


def tfmodel(*, ready: str = "True", observed: int = 2, step: str = "Done") -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "reason": "Loading", "message": "…", "observedGeneration": observed}
    model = {"name": "mnist", "rollout": {"step": step, "message": "because"}}
    status = {"conditions": [{"type": "Progressing"}, condition], "models": [model]}
    return {"metadata": {"generation": 2}, "status": status}


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (tfmodel(), ""),
        (tfmodel(step="Retire"), "Retire: because"),
        (tfmodel(observed=1), "newest spec"),
        (tfmodel(ready="False"), "Ready is False: Loading: …"),
        ({"metadata": {"generation": 1}}, "newest spec"),
    ],
)
def test_the_operator_is_at_rest_when_its_status_says_so(live: dict[str, Any], said: str) -> None:
    assert said in unrest(live)
    assert bool(unrest(live)) is bool(said)


def test_the_versions_that_are_wanted() -> None:
    assert wanted_versions({"versions": [1, 2], "versionLabels": {"stable": 1}}) == {1, 2}
    assert wanted_versions({"versionLabels": {"stable": 1, "canary": 3}}) == {1, 3}


def test_the_measured_tfmodel_is_valid() -> None:
    assert TFModel.parse(manifest(3)).spec.replicas == 3


@pytest.mark.parametrize("version", [1, 2])
def test_the_polled_file_is_what_the_server_reads(version: int) -> None:
    (config,) = text_format.Parse(
        models_config(version), model_server_config_pb2.ModelServerConfig()
    ).model_config_list.config
    assert dict(config.version_labels) == {"stable": 1, "canary": version}
    assert list(config.model_version_policy.specific.versions) == [1, 2]
    assert (config.name, config.base_path, config.model_platform) == ("mnist", "/models/mnist", "tensorflow")


@pytest.mark.parametrize(
    ("done", "left", "expected"),
    [(0, 0, True), (1, 181, True), (1, 180, False), (3, 500, True), (4, 500, False)],
    ids=["the first", "time enough", "too little time", "the last", "all done"],
)
def test_no_polled_move_begins_that_might_not_end_in_time(done: int, left: float, expected: bool) -> None:
    assert another(done, 4, left) is expected
