"""gRPC's threads, which predictions and the operator's reloads share: enough by default, and what is said when not.

The server batches, and a batch waits for more rows than come: so each caller occupies a thread for a known time, and
all of them do at once, however fast the machine is.
"""

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api
from testing.clients import load
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.calling import Call, connecting, is_without_a_thread
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving

Batching = Callable[..., AbstractContextManager[Served]]
A_MINUTE, HALF_A_SECOND = 60_000_000, 500_000
NEVER_FULL = 96


@pytest.fixture
def batching(api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path) -> Batching:
    """Serves versions 1 and 2 on one pod that keeps batches waiting; version 1 is stable."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1, 2)

    @contextmanager
    def served(rows: int, micros: int, **server: Any) -> Iterator[Served]:
        batching = {"maxBatchSize": rows, "batchTimeoutMicros": micros}
        with serving(api, folder, tmp_path / "pods", replicas=1, server={"batching": batching, **server}) as found:
            yield found

    return served


def callers(count: int) -> load.Bounds:
    """Each asks again as soon as it was answered, so that as many calls are always under way."""
    return load.Bounds(rate=10_000, count=100_000, seconds=300, at_once=count, per_connection=100_000)


def stable(served: Served) -> Callable[[], Call]:
    return connecting(served.pods[0].address, NAME, "stable")


def predict_by_rest(served: Served) -> Any:
    url = f"http://{served.pods[0].address}:8501/v1/models/{NAME}/labels/stable:predict"
    with urllib.request.urlopen(url, json.dumps({"instances": [1.0]}).encode(), timeout=90) as answer:
        return json.load(answer)["predictions"]


def warnings(operator: OperatorProcess, served: Served) -> list[str]:
    return [line for line in operator.lines() if " WARNING " in line and f"{served.namespace}/{NAME}" in line]


def test_a_server_without_a_free_thread_is_said_to_be_busy_and_reloaded_once_it_has_one(
    batching: Batching, operator: OperatorProcess
) -> None:
    """With three threads one call is answered at a time: the one that waits for a second row, for a minute at most."""
    with batching(2, A_MINUTE, parallelism={"grpcThreads": 3}) as served:
        with load.steady({"gRPC": stable(served)}, callers(1)) as running:
            served.until(lambda: is_without_a_thread(served.pods[0].address, NAME))
            served.edit(versionLabels={"stable": 2})
            ready = served.until_reason("ModelServerBusy")
            labels = served.until_reason("ModelServerBusy", "LabelsApplied")
            served.until(lambda: is_without_a_thread(served.pods[0].address, NAME))
            running.over.set()  # the call that is under way is the last
            assert predict_by_rest(served) == [2.0]
            assert served.events("VersionNotFound") == []
            report = running.report()
        assert report.failures == [], str(report)
        assert report.versions("gRPC") == {1}
        served.until_done()
        assert served.answers("stable") == [2]
        assert ready["message"] == labels["message"]
        assert "RESOURCE_EXHAUSTED: Server Threadpool Exhausted" in ready["message"]
        assert "raise server.parallelism.grpcThreads, or run more replicas" in ready["message"]
        [warning] = warnings(operator, served)
        assert ready["message"] in warning


@pytest.mark.parametrize("count", [4, 16, 64])
def test_no_call_is_lost_while_labels_move(batching: Batching, count: int) -> None:
    with batching(NEVER_FULL, HALF_A_SECOND) as served:
        with load.steady({"gRPC": stable(served)}, callers(count)) as running:
            for version in (2, 1, 2):
                running.await_more(count)
                served.edit(versionLabels={"stable": version})
                served.until_done()
            report = running.report()
        assert report.failures == [], str(report)
        assert report.at_once() == count
        assert report.versions("gRPC") == {1, 2}
