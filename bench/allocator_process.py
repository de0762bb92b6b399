"""The process that `make bench-memory` measures: TensorFlow's C library, many threads, models that come and go.

It is as near to the real server as Python lets it be: SavedModels are loaded and run by the loader and session of the
real server, loads on four threads as the operator starts it, requests on 32, and an old version is closed on a thread
of its own once its last request is done. Requests come from the process itself: no HTTP and no gRPC. It wants
TF_ENABLE_ONEDNN_OPTS=0: with oneDNN the wheel keeps tensors in a pool of its own, whatever the allocator is, and a real
server was seen to give memory back.

`python -m bench.allocator_process FOLDER SWAPS SECONDS RATE` prints one line of JSON.
"""

import itertools
import json
import struct
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.allocator_model import INPUT, OUTPUT, ROWS, TABLES
from bench.series import percentile
from model_server.host_tensor import HostTensor
from model_server.protos import config_pb2, types_pb2
from model_server.session import Session, tensors
from model_server.tensors import write

THREADS = 32
"""That answer requests: as many as the operator gives REST."""
LOAD_THREADS = 4
ROWS_A_REQUEST, ROWS_A_LARGE_ONE = 16, 256
"""The tensors on the way of a large request have up to 3 MiB, those of an ordinary one 0.2."""
WARM_SECONDS = 1.0
MIB = 2**20


class Model:
    """The version that requests use now. `swap` puts another one in its place and closes the old one."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._loads = itertools.cycle([ThreadPoolExecutor(1) for _ in range(LOAD_THREADS)])
        self._unloads = ThreadPoolExecutor(1)
        self._lock = threading.Condition()
        self._users: dict[Session, int] = {}
        self._now = self._loaded()

    def swap(self) -> None:
        """Holds both versions in memory for a moment, as a server does."""
        new = self._loaded()
        with self._lock:
            old, self._now = self._now, new
        self._unloads.submit(self._close, old).result()

    @contextmanager
    def held(self) -> Iterator[Session]:
        """The version stays open until the end of the block."""
        with self._lock:
            session = self._now
            self._users[session] = self._users.get(session, 0) + 1
        try:
            yield session
        finally:
            with self._lock:
                self._users[session] -= 1
                self._lock.notify_all()

    def _loaded(self) -> Session:
        """On the next thread: a pool of Python's would take the same one each time, the real server's does not."""
        return next(self._loads).submit(Session, self._folder, ["serve"], config_pb2.ConfigProto()).result()

    def _close(self, session: Session) -> None:
        with self._lock:
            self._lock.wait_for(lambda: not self._users.get(session))
            self._users.pop(session, None)
        session.close()


class Client:
    """Sends requests of so many rows on many threads. `rate` is of all of them a second; None: as fast as they are
    answered."""

    def __init__(self, model: Model, rows: int) -> None:
        self._model = model
        count = rows * TABLES
        numbers = struct.pack(f"{count}q", *(number * 7919 % ROWS for number in range(count)))
        self._request = HostTensor(types_pb2.DT_INT64, (rows, TABLES), numbers)

    @contextmanager
    def running(self, rate: float | None) -> Iterator[list[float]]:
        """Yields the milliseconds of each request, complete after the block."""
        over, took = threading.Event(), list[float]()
        threads = [threading.Thread(target=self._run, args=(lane, rate, over, took)) for lane in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield took
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _run(self, lane: int, rate: float | None, over: threading.Event, took: list[float]) -> None:
        """A request that is due counts from then: what waits for a slow one waits, too."""
        pause = THREADS / rate if rate else 0.0
        due = time.monotonic() + pause * lane / THREADS
        while not over.wait(max(0.0, due - time.monotonic()) if rate else 0.0):
            began = due if rate else time.monotonic()
            self._ask()
            took.append((time.monotonic() - began) * 1000)
            due += pause

    def _ask(self) -> None:
        with self._model.held() as session:
            signature = session.meta_graph.signature_def["serving_default"]
            names, fetches = [signature.inputs[INPUT].name], [signature.outputs[OUTPUT].name]
            with tensors([write(self._request)]) as inputs:
                outputs = session.run_tensors(names, inputs, fetches, 0)
        with tensors(outputs):
            pass


def private_memory() -> float:
    """MiB that this process has written; not what it has mapped of libraries and only read."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:")) / 1024


def measured(folder: Path, swaps: int, seconds: float, rate: float) -> dict[str, object]:
    """MiB before the first swap, after each, and at the end; the seconds of each swap; milliseconds of requests at
    `rate`, also during the swaps; requests a second of all threads at once, and what each costs, also of large ones."""
    model = Model(folder)
    client, large = Client(model, ROWS_A_REQUEST), Client(model, ROWS_A_LARGE_ONE)
    with client.running(rate):
        time.sleep(WARM_SECONDS)
    memory, swap_seconds = [private_memory()], list[float]()
    with client.running(rate) as during:
        for _ in range(swaps):
            began = time.monotonic()
            model.swap()
            swap_seconds.append(time.monotonic() - began)
            memory.append(private_memory())
    with client.running(rate) as paced:
        time.sleep(seconds)
    ordinary, larger = saturated(client, seconds), saturated(large, seconds)
    return {
        "memory": memory,
        "rested": private_memory(),
        "swap_seconds": swap_seconds,
        "swapping_p99": percentile(during, 99),
        "p50": percentile(paced, 50),
        "p99": percentile(paced, 99),
        "rate": ordinary[0],
        "cpu_ms": ordinary[1],
        "large_rate": larger[0],
        "large_cpu_ms": larger[1],
    }


def saturated(client: Client, seconds: float) -> tuple[float, float]:
    """Requests a second, and milliseconds of CPU time each: the latter tells also on a machine that is not at rest."""
    cpu, began = time.process_time(), time.monotonic()
    with client.running(None) as took:
        time.sleep(seconds)
    passed = time.monotonic() - began
    return len(took) / passed, (time.process_time() - cpu) * 1000 / len(took)


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))))
