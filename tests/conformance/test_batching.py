"""Batching: --enable_batching and the parameters in its file, section 1 of docs/tf-serving.md.

A batch that waits for one more row, for up to a minute, is what most tests look at: nothing in them depends on how fast
anything is.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from testing.conformance.models import MONITORING, config_list, model_config
from testing.waiting import eventually

PAGE = "/monitoring/prometheus/metrics"
SESSION = ":tensorflow:serving:batching_session:"
PATIENT = "batch_timeout_micros { value: 60000000 } num_batch_threads { value: 1 }"
FULL = (
    "The batch scheduling queue to which this task was submitted is full; currently 1 batches enqueued and "
    "max_enqueued_batches is 1"
)
SHAPES = (
    "' from different tasks have different shapes and padding is turned off. Set pad_variable_length_inputs to true, "
    "or ensure that all tensors with the same name have equal dimensions starting with the first dim."
)

Start = Callable[..., Any]


def value(server: Any, series: str) -> float:
    """A series of the batching session, 0 if it is not there."""
    for line in server.rest.get(PAGE).text.splitlines():
        name, _, number = line.rpartition(" ")
        if name == SESSION + series:
            return float(number)
    return 0.0


def file(folder: Path, text: str) -> str:
    path = folder / "batching.config"
    path.write_text(text)
    return f"--batching_parameters_file={path}"


@pytest.fixture
def batching(start: Any, library: Any, tmp_path: Path) -> Start:
    """Starts a server of the models `scale` and `various` that batches by these parameters."""

    def started(parameters: str, *flags: str) -> Any:
        scale, various = library.publish(tmp_path / "scale", 1), library.publish(tmp_path / "v", 1, model="various")
        models = config_list(model_config("scale", scale), model_config("various", various))
        (tmp_path / "models.config").write_text(models)
        (tmp_path / "monitoring.config").write_text(MONITORING)
        server = start(
            f"--model_config_file={tmp_path}/models.config",
            f"--monitoring_config_file={tmp_path}/monitoring.config",
            "--enable_batching=true",
            file(tmp_path, parameters),
            *flags,
        )
        return server.until_ready()

    return started


class Callers:
    """Requests under way, each on a thread of its own."""

    def __init__(self, server: Any, pool: ThreadPoolExecutor) -> None:
        self._server, self._pool = server, pool

    def ask(self, model: str, signature: str = "", **inputs: Any) -> "Future[dict[str, Any]]":
        return self._pool.submit(self._server.grpc.predict, model, signature, **inputs)

    def scale(self, *rows: float) -> "Future[dict[str, Any]]":
        return self.ask("scale", x=np.float32(rows))

    def until_waiting(self, requests: int) -> None:
        """Until so many have reached the queue, of all since the server's start."""
        eventually(lambda: value(self._server, "input_batch_size_count{}") >= requests)


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_requests_of_several_callers_are_one_run(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(f"max_batch_size {{ value: 4 }} {PATIENT}")
    callers = Callers(server, pool)
    answers = [callers.scale(number) for number in (1.0, 2.0, 3.0, 4.0)]
    assert [answer.result()["y"] for answer in answers] == [[1.0], [2.0], [3.0], [4.0]]
    assert value(server, "wrapped_run_count{}") == 1
    assert value(server, "processed_batch_size_sum{}") == 4
    assert "Wrapping session to perform batch processing" in server.log


def test_rest_and_grpc_meet_in_one_batch(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(f"max_batch_size {{ value: 3 }} {PATIENT}")
    by_grpc = Callers(server, pool).scale(1.0, 2.0)
    assert server.rest.predict("scale", 3.0) == [3.0]
    assert by_grpc.result()["y"] == [1.0, 2.0]
    assert value(server, "wrapped_run_count{}") == 1


def test_a_request_alone_waits_for_the_timeout_and_not_for_ever(batching: Start) -> None:
    server = batching("max_batch_size { value: 4 } batch_timeout_micros { value: 500000 }")
    began = time.monotonic()
    assert server.rest.predict("scale", 5.0) == [5.0]
    assert time.monotonic() - began >= 0.5


def test_without_a_timeout_a_request_alone_runs_at_once(start: Any, library: Any, tmp_path: Path) -> None:
    """The defaults: 1,000 rows, and no waiting."""
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--enable_batching", "--model_name=m", f"--model_base_path={base_path}").until_ready()
    assert server.rest.predict("m", *range(1000)) == [float(number) for number in range(1000)]
    reply = server.rest.post("/v1/models/m:predict", {"instances": [1.0] * 1001})
    assert (reply.status, reply.error) == (400, "Task size 1001 is larger than maximum input batch size 1000")


def test_a_batch_is_filled_up_to_an_allowed_size(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching("max_batch_size { value: 8 } allowed_batch_sizes: 4 allowed_batch_sizes: 8")
    assert server.rest.predict("scale", 1.0, 2.0, 3.0) == [1.0, 2.0, 3.0]
    assert value(server, 'padding_size_sum{execution_batch_size="4"}') == 1
    assert server.rest.predict("scale", *range(5)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert value(server, 'padding_size_sum{execution_batch_size="8"}') == 3
    assert value(server, "processed_batch_size_sum{}") == 12


def test_strings_and_several_tensors_are_cut_apart_again(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(f"max_batch_size {{ value: 3 }} {PATIENT}")
    callers = Callers(server, pool)
    long = b"a text that is too long to lie within its own descriptor"
    echoes = [callers.ask("various", "echo", text=[b"x", long]), callers.ask("various", "echo", text=[b"z"])]
    assert [echo.result()["echo"] for echo in echoes] == [[b"x", long], [b"z"]]
    pairs = [
        callers.ask("various", "pair", a=np.int64(numbers), b=np.int64([1] * len(numbers))) for numbers in ([5], [6, 7])
    ]
    assert [pair.result() for pair in pairs] == [
        {"difference": [4], "sum": [6]},
        {"difference": [5, 6], "sum": [7, 8]},
    ]
    assert value(server, "wrapped_run_count{}") == 2


def test_signatures_and_models_have_batches_of_their_own(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(f"max_batch_size {{ value: 2 }} {PATIENT}")
    callers = Callers(server, pool)
    first = [callers.scale(1.0), callers.ask("various", "inverse", x=np.float32([2.0]))]
    callers.until_waiting(2)
    assert value(server, "wrapped_run_count{}") == 0
    second = [callers.ask("various", "inverse", x=np.float32([4.0])), callers.scale(3.0)]
    answers = [answer.result() for answer in first + second]
    assert answers == [{"y": [1.0]}, {"inverse": [0.5]}, {"inverse": [0.25]}, {"y": [3.0]}]


def test_a_request_larger_than_a_batch_is_refused(batching: Start) -> None:
    server = batching("max_batch_size { value: 2 }")
    with pytest.raises(grpc.RpcError) as refusal:
        server.grpc.predict("scale", x=np.float32([1, 2, 3]))
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.value.details() == "Task size 3 is larger than maximum input batch size 2"


def test_a_full_queue_answers_unavailable(batching: Start, pool: ThreadPoolExecutor) -> None:
    server = batching(f"max_batch_size {{ value: 2 }} max_enqueued_batches {{ value: 1 }} {PATIENT}")
    callers = Callers(server, pool)
    waiting = callers.scale(1.0)
    callers.until_waiting(1)
    with pytest.raises(grpc.RpcError) as refusal:
        server.grpc.predict("scale", x=np.float32([1, 2]))
    assert (refusal.value.code(), refusal.value.details()) == (grpc.StatusCode.UNAVAILABLE, FULL)
    reply = server.rest.post("/v1/models/scale:predict", {"instances": [1.0, 2.0]})
    assert (reply.status, reply.error) == (503, FULL)
    assert server.rest.predict("scale", 2.0) == [2.0], "one more row still fits"
    assert waiting.result()["y"] == [1.0]


def test_other_shapes_spoil_a_batch(batching: Start, pool: ThreadPoolExecutor) -> None:
    callers = Callers(batching(f"max_batch_size {{ value: 2 }} {PATIENT}"), pool)
    for answer in [callers.ask("various", rows=np.float32([row])) for row in ([1, 2], [1])]:
        error = answer.exception()
        assert isinstance(error, grpc.RpcError)
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert (error.details() or "").endswith(SHAPES)


def test_shorter_inputs_can_be_padded_with_their_own_first_value(batching: Start, pool: ThreadPoolExecutor) -> None:
    callers = Callers(batching(f"max_batch_size {{ value: 2 }} pad_variable_length_inputs: true {PATIENT}"), pool)
    answers = [callers.ask("various", rows=np.float32([row])) for row in ([1, 2], [3])]
    assert [answer.result()["product"] for answer in answers] == [[[21.0]], [[33.0]]]


def test_inputs_must_have_rows_and_as_many_each(batching: Start) -> None:
    server = batching("max_batch_size { value: 2 }")
    refused = [
        ("pair", {"a": np.int64([1, 2]), "b": np.int64([1])}, "must have equal 0th-dimension size"),
        ("", {"rows": np.float32(1)}, "must have at least one dimension"),
    ]
    for signature, inputs, words in refused:
        with pytest.raises(grpc.RpcError) as refusal:
            server.grpc.predict("various", signature, **inputs)
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.value.details() == f"Batching Run() input tensors {words}"


def test_an_output_without_rows_cannot_be_batched(batching: Start) -> None:
    server = batching("max_batch_size { value: 2 }")
    with pytest.raises(grpc.RpcError) as refusal:
        server.grpc.predict("various", "total", x=np.float32([1, 2]))
    assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.value.details() == "Batched output tensor has 0 dimensions"


def test_time_in_the_queue_counts_against_the_request(batching: Start) -> None:
    parameters = "max_batch_size { value: 2 } batch_timeout_micros { value: 600000 }"
    server = batching(parameters, "--rest_api_timeout_in_ms=100")
    reply = server.rest.post("/v1/models/scale:predict", {"instances": [1.0]})
    assert (reply.status, reply.error) == (429, "Run() timeout exceeded while waiting in batching queue")


def test_a_version_with_parameters_of_its_own(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    (base_path / "1" / "batching_params.pbtxt").write_text("max_batch_size { value: 3 }")
    flags = (
        "--enable_batching",
        "--enable_per_model_batching_parameters",
        file(tmp_path, "max_batch_size { value: 1 }"),
    )
    server = start(*flags, "--model_name=m", f"--model_base_path={base_path}").until_ready()
    assert server.rest.predict("m", 1.0, 2.0, 3.0) == [1.0, 2.0, 3.0]
    reply = server.rest.post("/v1/models/m:predict", {"instances": [1.0] * 4})
    assert reply.error == "Task size 4 is larger than maximum input batch size 3"


def test_parameters_in_a_versions_folder_are_not_read_without_the_flag(
    start: Any, library: Any, tmp_path: Path
) -> None:
    """These would end the server."""
    base_path = library.publish(tmp_path / "m", 1)
    (base_path / "1" / "batching_params.pbtxt").write_text("max_batch_size { value: 0 }")
    server = start("--enable_batching", "--model_name=m", f"--model_base_path={base_path}").until_ready()
    assert server.rest.predict("m", 1.0, 2.0, 3.0) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("max_batch_size { value: 4 } allowed_batch_sizes: 3", "Last entry in allowed_batch_sizes must match "
         "max_batch_size; last entry was 3; expected 4"),
        ("allowed_batch_sizes: 8", "last entry was 8; expected 1000"),
    ],
)  # fmt: skip
def test_parameters_with_which_no_version_loads(
    start: Any, library: Any, tmp_path: Path, parameters: str, words: str
) -> None:
    model = ("--model_name=m", f"--model_base_path={library.publish(tmp_path / 'm', 1)}", "--max_num_load_retries=0")
    server = start("--enable_batching=true", file(tmp_path, parameters), *model)
    assert server.until_exit() == 255
    assert f"INVALID_ARGUMENT: {words}" in server.log or words in server.log


@pytest.mark.own_process
@pytest.mark.parametrize(
    "parameters",
    [
        "max_batch_size { value: 0 }",
        "batch_timeout_micros { value: -1 }",
        "max_enqueued_batches { value: 0 } enable_large_batch_splitting { value: true }",
    ],
)
def test_parameters_with_which_the_first_load_ends_the_process(
    start: Any, library: Any, tmp_path: Path, parameters: str
) -> None:
    model = ("--model_name=m", f"--model_base_path={library.publish(tmp_path / 'm', 1)}")
    server = start("--enable_batching=true", file(tmp_path, parameters), *model)
    assert server.until_exit() == -signal.SIGSEGV
    assert "Wrapping session to perform batch processing" in server.log


@pytest.mark.own_process
def test_such_parameters_of_one_version_end_the_process_that_was_serving_another(
    start: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    flags = ("--enable_batching=true", "--enable_per_model_batching_parameters")
    server = start(*flags, "--model_name=m", f"--model_base_path={base_path}").until_ready()
    unfinished = library.publish(base_path, 2, name=".2") / ".2"
    (unfinished / "batching_params.pbtxt").write_text("max_batch_size { value: 0 }")
    unfinished.rename(base_path / "2")
    assert server.until_exit() == -signal.SIGSEGV


def test_a_negative_batch_size_is_a_huge_one(start: Any, library: Any, tmp_path: Path) -> None:
    model = ("--model_name=m", f"--model_base_path={library.publish(tmp_path / 'm', 1)}")
    server = start("--enable_batching=true", file(tmp_path, "max_batch_size { value: -1 }"), *model).until_ready()
    assert server.rest.predict("m", *[1.0] * 2000) == [1.0] * 2000


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("num_batch_threads { value: 0 }", "INVALID_ARGUMENT: num_batch_threads must be positive; was 0"),
        ("max_batch_size: 4", "INVALID_ARGUMENT: Invalid protobuf file: '{}'"),
        ("no_such_field: 1", "INVALID_ARGUMENT: Invalid protobuf file: '{}'"),
        ("", "INVALID_ARGUMENT: {}; Invalid argument"),
    ],
)
def test_a_file_with_which_no_server_starts(start: Any, tmp_path: Path, parameters: str, words: str) -> None:
    flag = file(tmp_path, parameters)
    server = start("--enable_batching=true", flag, f"--model_base_path={tmp_path}/m")
    assert server.until_exit() == 255
    path = flag.partition("=")[2]
    assert server.log.splitlines()[-1] == f"Failed to start server. Error: {words.format(path)}"


def test_a_missing_file_is_fatal(start: Any, tmp_path: Path) -> None:
    flags = ("--enable_batching=true", f"--batching_parameters_file={tmp_path}/absent")
    server = start(*flags, f"--model_base_path={tmp_path}/m")
    assert server.until_exit() == 255
    assert f"NOT_FOUND: {tmp_path}/absent; No such file or directory" in server.log


def test_a_version_that_is_swapped_answers_every_request(batching: Start, library: Any, tmp_path: Path) -> None:
    """Unloading waits for the batches under way, and nothing is left waiting in a queue that is gone."""
    server = batching("max_batch_size { value: 8 } batch_timeout_micros { value: 1000 }")
    with ThreadPoolExecutor(4) as pool:
        ending = time.monotonic() + 30

        def ask() -> set[float]:
            answers: set[float] = set()
            while 2.0 not in answers and time.monotonic() < ending:
                answers.update(server.rest.predict("scale", 1.0))
            return answers

        asking = [pool.submit(ask) for _ in range(4)]
        library.publish(tmp_path / "scale", 2)
        assert [answer.result() for answer in asking] == [{1.0, 2.0}] * 4
    eventually(lambda: server.rest.states("scale") == {2: "AVAILABLE", 1: "END"})
