"""Flags that tune the server, section 1 of docs/tf-serving.md: warmup, thread pools, GPU memory, gRPC's arguments."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from testing.conformance.models import MONITORING
from testing.waiting import eventually

RUNS = ":tensorflow:serving:batching_session:wrapped_run_count{}"


def model(base_path: Path) -> tuple[str, str]:
    return "--model_name=m", f"--model_base_path={base_path}"


def runs(server: Any) -> float:
    """Runs of all graphs of a server that batches, which counts them."""
    lines = server.rest.get("/monitoring/prometheus/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(RUNS)), 0.0)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), 3),
        (("--enable_model_warmup=true", "--num_request_iterations_for_warmup=0"), 3),
        (("--num_request_iterations_for_warmup=4",), 12),
        (("--enable_model_warmup=false", "--num_request_iterations_for_warmup=4"), 0),
    ],
)
def test_each_warmup_request_is_replayed_as_often_as_asked(
    start: Any, library: Any, tmp_path: Path, flags: tuple[str, ...], expected: int
) -> None:
    base_path = library.publish_with_warmup(tmp_path / "m", [1.0], records=3)
    (tmp_path / "monitoring.config").write_text(MONITORING)
    counting = ("--enable_batching", f"--monitoring_config_file={tmp_path}/monitoring.config")
    assert runs(start(*model(base_path), *counting, *flags).until_ready()) == expected


def test_without_warmup_a_bad_record_hurts_nobody(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish_with_warmup(tmp_path / "m", [1.0], signature="absent")
    server = start(*model(base_path), "--enable_model_warmup=false").until_ready()
    assert server.rest.predict("m", 2.0) == [2.0]


@pytest.mark.parametrize(("records", "loads"), [(1000, True), (1001, False)])
def test_a_thousand_warmup_requests_are_the_most(
    start: Any, library: Any, tmp_path: Path, records: int, loads: bool
) -> None:
    base_path = library.publish_with_warmup(tmp_path / "m", [1.0], records=records)
    server = start(*model(base_path), "--max_num_load_retries=0")
    if loads:
        server.until_ready()
        assert "Number of warmup records read: 1000" in server.log
    else:
        assert server.until_exit() == 255
        assert "INVALID_ARGUMENT: Number of warmup records exceeds the maximum (1000) at " in server.log


def threads(server: Any) -> Counter[str]:
    """How many have which name. TensorFlow names those that run operations; those that an operation is spread over
    keep the process's."""
    return Counter(path.read_text().strip() for path in Path(f"/proc/{server.process.pid}/task").glob("*/comm"))


@pytest.mark.own_process
def test_thread_pools_are_as_large_as_the_flags_say(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    small, large = (
        start(
            *model(base_path),
            f"--tensorflow_intra_op_parallelism={intra}",
            f"--tensorflow_inter_op_parallelism={inter}",
        )
        for intra, inter in ((1, 2), (6, 5))
    )
    for server in (small, large):
        server.until_ready()
    assert (threads(small)["tf_Compute"], threads(large)["tf_Compute"]) == (2, 5)
    own = Path(f"/proc/{small.process.pid}/comm").read_text().strip()
    # A thread that has just answered may still be there.
    eventually(lambda: threads(large)[own] - threads(small)[own] == 6 - 1)


def test_three_sizes_for_two_pools_are_fatal(start: Any, tmp_path: Path) -> None:
    names = ("session", "intra_op", "inter_op")
    server = start(*model(tmp_path), *(f"--tensorflow_{name}_parallelism=2" for name in names))
    assert server.until_exit() == 255
    assert "You cannot configure all." in server.log.splitlines()[-1]


def test_a_fraction_of_gpu_memory_is_taken(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start(*model(base_path), "--per_process_gpu_memory_fraction=0.5").until_ready()
    assert server.rest.predict("m", 2.0) == [2.0]


def test_a_fraction_that_is_no_number_makes_the_server_exit(start: Any) -> None:
    server = start("--per_process_gpu_memory_fraction=half", "--model_base_path=/models/m")
    assert server.until_exit() == 255
    assert "Couldn't interpret value half for flag per_process_gpu_memory_fraction." in server.log


class Connections:
    """How often a channel has had to connect."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._states: list[grpc.ChannelConnectivity] = []
        channel.subscribe(self._states.append)

    @property
    def count(self) -> int:
        return self._states.count(grpc.ChannelConnectivity.READY)


def test_old_connections_are_closed_without_losing_a_call(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    age = "--grpc_channel_arguments=grpc.max_connection_age_ms=300,grpc.max_connection_age_grace_ms=20000"
    server = start(*model(base_path), age).until_ready()
    connections = Connections(server.grpc.channel)
    ending = time.monotonic() + 30
    while connections.count < 3 and time.monotonic() < ending:
        assert server.grpc.predict("m", x=np.float32([2.0])) == {"y": [2.0]}
    assert connections.count >= 3
