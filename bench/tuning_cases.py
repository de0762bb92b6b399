"""What `make bench-tuning` compares, and how each of it is measured."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc

from bench.boston import grpc_request
from bench.series import percentile
from bench.tuned_server import ADDRESS, MODEL, TunedServer, tuned_server
from bench.tuning_figures import Calls, FirstRequests, Load

CPUS = "2"
REQUESTS, LOAD_SECONDS = 2000, 8.0
BATCHES = ":tensorflow:serving:batching_session:wrapped_run_count{}"
CALLERS, CALL_SECONDS, CALL_PAUSE = 4, 10.0, 0.005
PATH = "/tensorflow.serving.PredictionService/Predict"
RETRY_POLICY = (
    '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.05s", "maxBackoff": "1s",'
    ' "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}'
)


@dataclass(frozen=True)
class LoadCase:
    """`server` is `spec.server`, besides a CPU request of 2."""

    title: str
    clients: int
    server: Mapping[str, Any]


def _batching(timeout_micros: int, **more: Any) -> Mapping[str, Any]:
    return {"batching": {"maxBatchSize": 32, "batchTimeoutMicros": timeout_micros}, **more}


LOADS = [
    LoadCase(f"{title}, {clients} client{'s' if clients > 1 else ''}", clients, server)
    for clients in (1, 8, 32)
    for title, server in (
        ("no batching", {}),
        ("batching, `batchTimeoutMicros: 0`", _batching(0)),
        ("batching, `batchTimeoutMicros: 2000`", _batching(2000)),
    )
] + [LoadCase("the same, `restThreads: 8`, 32 clients", 32, _batching(2000, parallelism={"restThreads": 8}))]

POOLS = [
    LoadCase(
        f"`intraOp: {threads}`, `interOp: {threads}`, 8 clients",
        8,
        {"parallelism": {"intraOp": threads, "interOp": threads}},
    )
    for threads in (1, 2, 16)
]


def measure_load(case: LoadCase, base_path: Path, bodies: Sequence[str], folder: Path, program: ModuleType) -> Load:
    """A server of its own, a tenth of the load to warm up, then the load."""
    resources = {"resources": {"requests": {"cpu": CPUS}}}
    with tuned_server(base_path, {**resources, **case.server}, folder) as server:

        def run(count: int) -> Any:
            return program.load(server.url, MODEL, bodies, count=count, seconds=LOAD_SECONDS, clients=case.clients)

        run(REQUESTS // 10)
        cpu, batches = server.cpu_seconds, server.metric(BATCHES)
        result = run(REQUESTS)
        if not result.milliseconds:
            raise http.client.HTTPException(f"no request was answered: {result.failures[:1]}")
        answered = len(result.milliseconds)
        batches = server.metric(BATCHES) - batches
        return Load(
            rate=answered / result.seconds,
            p50=result.percentile(50),
            p95=result.percentile(95),
            p99=result.percentile(99),
            failed=len(result.failures),
            cpu_ms=1000 * (server.cpu_seconds - cpu) / answered,
            batch=answered / batches if batches else 1.0,
        )


def measure_first(base_path: Path, bodies: Sequence[str], folder: Path) -> FirstRequests:
    with tuned_server(base_path, {"resources": {"requests": {"cpu": CPUS}}}, folder) as server:
        connection = http.client.HTTPConnection(ADDRESS, server.rest_port, timeout=10)
        took = [_ask(connection, body) for body in bodies[:10]]
        connection.close()
        return FirstRequests(took[0], took[9], server.start_seconds)


def _ask(connection: http.client.HTTPConnection, body: str) -> float:
    began = time.monotonic()
    connection.request("POST", f"/v1/models/{MODEL}:predict", body)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise http.client.HTTPException(f"the model server answers {answer.status}")
    return 1000 * (time.monotonic() - began)


class Retries(Enum):
    """Channel options: what a client tries again. As it comes, gRPC repeats, once and unseen, what it knows that no
    server has begun."""

    NONE = (("grpc.enable_retries", 0),)
    AS_IT_COMES = ()
    UNAVAILABLE = (("grpc.service_config", RETRY_POLICY),)


@dataclass(frozen=True)
class AgeCase:
    title: str
    grpc: Mapping[str, Any]
    retries: Retries = Retries.AS_IT_COMES


SECOND = {"maxConnectionAgeSeconds": 1}
AGES = [
    AgeCase("`maxConnectionAgeSeconds: 86400`, as good as none", {"maxConnectionAgeSeconds": 86_400}),
    AgeCase("the default, half of `drainSeconds`: 7.5 s", {}),
    AgeCase("`maxConnectionAgeSeconds: 1`", SECOND),
    AgeCase("1, a retry policy for UNAVAILABLE", SECOND, Retries.UNAVAILABLE),
    AgeCase("1, gRPC's own retries switched off", SECOND, Retries.NONE),
]


def measure_calls(case: AgeCase, base_path: Path, bodies: Sequence[str], folder: Path) -> Calls:
    """Callers with a channel each, one call after the other."""
    spec = {"resources": {"requests": {"cpu": CPUS}}, "grpc": dict(case.grpc)}
    callers = [_Caller(bodies[number % len(bodies)]) for number in range(CALLERS)]
    with tuned_server(base_path, spec, folder) as server:
        threads = [threading.Thread(target=caller.run, args=(server, case.retries)) for caller in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    took = [each for caller in callers for each in caller.milliseconds]
    codes = sum((caller.codes for caller in callers), Counter[str]())
    return Calls(
        calls=len(took) + codes.total(),
        connections=sum(caller.connections for caller in callers),
        codes=dict(codes),
        p50=percentile(took, 50),
        p99=percentile(took, 99),
        slowest=max(took),
    )


class _Caller:
    """One client, as a program with one channel is."""

    def __init__(self, body: str) -> None:
        self._request = grpc_request(body)
        self._states: list[grpc.ChannelConnectivity] = []
        self.milliseconds: list[float] = []
        self.codes: Counter[str] = Counter()

    @property
    def connections(self) -> int:
        return self._states.count(grpc.ChannelConnectivity.READY)

    def run(self, server: TunedServer, retries: Retries) -> None:
        with _channel(server, retries) as channel:
            channel.subscribe(self._states.append)
            predict: Any = channel.unary_unary(PATH)
            ending = time.monotonic() + CALL_SECONDS
            while time.monotonic() < ending:
                self._call(predict)
                time.sleep(CALL_PAUSE)

    def _call(self, predict: Any) -> None:
        began = time.monotonic()
        try:
            predict(self._request, timeout=10)
        except grpc.RpcError as error:
            self.codes[error.code().name] += 1
        else:
            self.milliseconds.append(1000 * (time.monotonic() - began))


@contextmanager
def _channel(server: TunedServer, retries: Retries) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"{ADDRESS}:{server.grpc_port}", options=retries.value) as channel:
        yield channel
