"""--grpc_max_threads: how many calls are answered at once, section 4 of docs/tf-serving.md.

Callers that wait in a batch which is never full occupy the threads: nothing here depends on how fast anything is.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from testing.conformance.models import config_list, model_config
from testing.waiting import eventually

THREADS = 8
SURE = THREADS - 2
"""So many callers lose nothing. One thread waits for calls, and one may not have ended yet."""
MOST = THREADS - 1
CALLERS = 12
REFUSED = (grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")

Start = Callable[..., Any]
Call = Callable[[], Any]


@pytest.fixture
def batching(start: Any, library: Any, tmp_path: Path) -> Start:
    """Starts a server of the model `scale` with eight threads, whose batches wait a minute for so many rows."""

    def started(rows: int) -> Any:
        base_path = library.publish(tmp_path / "scale", 1)
        (tmp_path / "batching.config").write_text(
            f"max_batch_size {{ value: {rows} }} batch_timeout_micros {{ value: 60000000 }}"
        )
        server = start(
            "--model_name=scale",
            f"--model_base_path={base_path}",
            "--enable_batching=true",
            f"--batching_parameters_file={tmp_path}/batching.config",
            f"--grpc_max_threads={THREADS}",
        )
        return server.until_ready()

    return started


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS) as threads:
        yield threads


def predict(server: Any) -> Call:
    return lambda: server.grpc.predict("scale", x=np.float32([1.0]))


def refusal(call: Call) -> tuple[grpc.StatusCode, str] | None:
    """Code and words of a call's refusal; None if it was answered."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return None


def ended(calls: list[Future[Any]]) -> list[Any]:
    return [call.result() for call in calls if call.done()]


def occupy(server: Any, pool: ThreadPoolExecutor) -> list[Future[Any]]:
    """Sends twelve calls, and returns those that wait in the batch once all the others were refused."""
    calls = [pool.submit(refusal, predict(server)) for _ in range(CALLERS)]
    eventually(lambda: len(ended(calls)) >= CALLERS - MOST)
    eventually(lambda: refusal(lambda: server.grpc.status("scale")) == REFUSED)
    assert set(ended(calls)) == {REFUSED}
    return [call for call in calls if not call.done()]


def fill(server: Any, rows: int) -> None:
    """Lets a batch run, by REST, whose threads are others."""
    assert server.rest.predict("scale", *range(rows)) == list(range(rows))


def test_two_callers_fewer_than_threads_are_all_answered(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(rows=SURE)
    calls = [pool.submit(refusal, predict(server)) for _ in range(SURE)]
    assert [call.result() for call in calls] == [None] * SURE


def test_calls_beyond_the_threads_are_refused_at_once_and_the_others_answered(
    batching: Start, pool: ThreadPoolExecutor
) -> None:
    server = batching(rows=100)
    waiting = occupy(server, pool)
    assert SURE <= len(waiting) <= MOST
    fill(server, 100 - len(waiting))
    assert [call.result() for call in waiting] == [None] * len(waiting)
    eventually(lambda: refusal(lambda: server.grpc.status("scale")) is None)


def test_every_method_needs_a_thread_and_rest_has_its_own(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(rows=100)
    waiting = occupy(server, pool)
    config = config_list(model_config("scale", "/models/scale"))
    for call in (lambda: server.grpc.reload(config), lambda: server.grpc.status("absent"), predict(server)):
        assert refusal(call) == REFUSED
    assert server.rest.states("scale") == {1: "AVAILABLE"}
    fill(server, 100 - len(waiting))
    assert [call.result() for call in waiting] == [None] * len(waiting)


def test_reloads_that_wait_for_ever_occupy_a_thread_each(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "scale", 1)
    models = [model_config("scale", base_path)]
    (tmp_path / "models.config").write_text(config_list(*models))
    server = start(f"--model_config_file={tmp_path}/models.config", f"--grpc_max_threads={THREADS}").until_ready()
    bad = config_list(*models, model_config("absent", tmp_path / "absent"))
    answers = [refusal(lambda: server.grpc.reload(bad, seconds=1)) for _ in range(THREADS)]
    assert {answer[0] for answer in answers[:SURE] if answer} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    assert answers[-1] == REFUSED
    assert refusal(predict(server)) == REFUSED
    assert server.rest.predict("scale", 2.0) == [2.0]


def test_with_one_thread_no_call_is_answered(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "scale", 1)
    server = start("--model_name=scale", f"--model_base_path={base_path}", "--grpc_max_threads=1").until_ready()
    assert refusal(lambda: server.grpc.status("scale")) == REFUSED
    assert server.rest.predict("scale", 2.0) == [2.0]


def test_without_a_thread_the_server_aborts(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "scale", 1)
    server = start(f"--model_base_path={base_path}", "--grpc_max_threads=0")
    assert server.until_exit() in (-6, 128 + 6)
    assert "No thread quota available to even create the minimum required polling threads" in server.log
