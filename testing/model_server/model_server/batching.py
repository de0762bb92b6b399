"""A session whose runs wait for one another, and are one run of the graph.

(batching/batching_session.cc, batching/batching_util.cc, servables/tensorflow/bundle_factory_util.cc)
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_server import crash, log, metrics
from model_server.batch_scheduler import BatchScheduler, Queue
from model_server.batch_tensors import batch_size, merged, split_outputs
from model_server.batching_parameters import BatchingParameters, read_batching_parameters
from model_server.host_tensor import HostTensor, read
from model_server.session import Feed, Session, parsed, tensors
from model_server.status import Code, StatusError
from model_server.tensors import as_proto, write

Signature = tuple[frozenset[str], frozenset[str]]
"""Names of inputs and of outputs. Runs of the same signature can be one batch."""


@dataclass
class Task:
    """One run: what it asks, and, once `done`, its answer. `timeout_ms` 0 has no end."""

    inputs: dict[str, HostTensor]
    size: int
    timeout_ms: int
    outputs: dict[str, HostTensor] = field(default_factory=dict)
    error: StatusError | None = None
    enqueued: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def deadline(self) -> float:
        return self.enqueued + self.timeout_ms / 1000 if self.timeout_ms else float("inf")


class BatchingSession:
    """In place of a Session. `run` waits until its batch has run."""

    def __init__(self, session: Session, parameters: BatchingParameters, scheduler: BatchScheduler) -> None:
        self.meta_graph = session.meta_graph
        self._session = session
        self._parameters = parameters
        self._scheduler = scheduler
        self._queues: dict[Signature, Queue[Task]] = {}
        self._lock = threading.Lock()

    def run(
        self, feeds: Sequence[Feed], fetches: Sequence[str], *, timeout_ms: int = 0, as_content: bool = False
    ) -> list[Any]:
        """As Session.run; a batch that fails fails for each of its requests."""
        with tensors(parsed(alias, proto) for alias, _, proto in feeds) as held:
            inputs = {name: read(tensor) for (_, name, _), tensor in zip(feeds, held, strict=True)}
        task = Task(inputs, batch_size(inputs), timeout_ms)
        self._queue((frozenset(inputs), frozenset(fetches))).schedule(task)
        task.done.wait()
        if task.error is not None:
            raise StatusError(task.error.status.code, task.error.status.message)
        return [as_proto(task.outputs[name], as_content=as_content) for name in fetches]

    def close(self) -> None:
        for queue in self._queues.values():
            self._scheduler.remove_queue(queue)
        self._session.close()

    def _queue(self, signature: Signature) -> Queue[Task]:
        with self._lock:
            if signature not in self._queues:
                self._queues[signature] = self._scheduler.add_queue(
                    self._parameters, lambda batch: self._process(sorted(signature[1]), batch)
                )
            return self._queues[signature]

    def _process(self, fetches: Sequence[str], batch: Sequence[Task]) -> None:
        try:
            self._answer(fetches, batch)
        except StatusError as error:
            for task in batch:
                task.error = error
        finally:
            for task in batch:
                task.done.set()

    def _answer(self, fetches: Sequence[str], batch: Sequence[Task]) -> None:
        timeout_ms = _remaining_ms(batch)
        rows = self._parameters.round_up(sum(task.size for task in batch))
        inputs = merged([task.inputs for task in batch], rows, pad_lengths=self._parameters.pad_variable_length_inputs)
        with tensors(map(write, inputs.values())) as held:
            answered = self._session.run_tensors(list(inputs), held, fetches, timeout_ms)
        metrics.BATCHES.add()
        with tensors(answered) as held:
            outputs = dict(zip(fetches, map(read, held), strict=True))
        answers = split_outputs(outputs, [task.size for task in batch], rows)
        for task, answer in zip(batch, answers, strict=True):
            task.outputs = answer


@dataclass(frozen=True)
class Batcher:
    """What --enable_batching makes of each version's session. `per_model`: by a file in the version's folder."""

    parameters: BatchingParameters
    scheduler: BatchScheduler
    per_model: bool = False

    def wrap(self, session: Session, folder: str) -> Session | BatchingSession:
        """Raises StatusError for parameters with which the real server loads no version, or dies with it."""
        parameters = self.parameters
        if self.per_model:
            path = Path(folder, "batching_params.pbtxt")
            if not path.exists():
                return session
            parameters = read_batching_parameters(str(path))
        log.info("servables/tensorflow/bundle_factory_util.cc", "Wrapping session to perform batch processing")
        parameters.check()
        if session.meta_graph.signature_def:
            _make_sure_of_queues(parameters)
        return BatchingSession(session, parameters, self.scheduler)


def _make_sure_of_queues(parameters: BatchingParameters) -> None:
    """The real server makes a queue for each signature, and goes on with a session that it has not got if it cannot."""
    try:
        parameters.check_queue()
    except StatusError:
        crash.segfault()


def _remaining_ms(batch: Sequence[Task]) -> int:
    """The longest time that one of them has left; raises StatusError when none has any. 0 for no end."""
    now = time.monotonic()
    for task in batch:
        metrics.QUEUING_LATENCY.observe((now - task.enqueued) * 1e6, "")
    deadline = max(task.deadline for task in batch)
    if deadline <= now:
        raise StatusError(Code.RESOURCE_EXHAUSTED, "Run() timeout exceeded while waiting in batching queue")
    return 0 if deadline == float("inf") else max(int((deadline - now) * 1000), 1)
