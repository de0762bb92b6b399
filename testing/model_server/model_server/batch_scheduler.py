"""Queues of requests that become batches, and the threads that run them, shared by all models.

(tensorflow/core/kernels/batching_util/shared_batch_scheduler.h)
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from model_server.batching_parameters import BatchingParameters
from model_server.status import Code, StatusError, invalid_argument

_NEVER = float("inf")


class Sized(Protocol):
    """A task: `size` is its rows."""

    @property
    def size(self) -> int: ...


Task = TypeVar("Task", bound=Sized)


@dataclass
class Batch(Generic[Task]):
    """Tasks that run together."""

    tasks: list[Task] = field(default_factory=list)
    size: int = 0
    opened: float = 0.0

    def add(self, task: Task) -> None:
        if not self.tasks:
            self.opened = time.monotonic()
        self.tasks.append(task)
        self.size += task.size


class Queue(Generic[Task]):
    """Tasks of one kind. The last batch is open for more of them, those before it wait for a thread."""

    def __init__(
        self, parameters: BatchingParameters, process: Callable[[list[Task]], None], changed: threading.Condition
    ) -> None:
        self.process = process
        self._most_rows = parameters.most_rows
        self._most_batches = parameters.most_batches
        self._timeout = parameters.batch_timeout_micros / 1e6
        self._batches: deque[Batch[Task]] = deque([Batch()])
        self._changed = changed

    def schedule(self, task: Task) -> None:
        """Takes a task that `process` will get, on another thread; raises StatusError when it cannot."""
        with self._changed:
            self._check_capacity(task.size)
            if self._batches[-1].size + task.size > self._most_rows:
                self._batches.append(Batch())
            self._batches[-1].add(task)
            self._changed.notify()

    def take(self, now: float) -> Batch[Task] | None:
        """A batch that is full, or whose time has come; called with the lock held."""
        if len(self._batches) == 1 and self.due <= now:
            self._batches.append(Batch())
        return self._batches.popleft() if len(self._batches) > 1 else None

    @property
    def due(self) -> float:
        """When the first batch can run."""
        first = self._batches[0]
        if len(self._batches) > 1 or first.size >= self._most_rows:
            return 0.0
        return first.opened + self._timeout if first.size else _NEVER

    def _check_capacity(self, size: int) -> None:
        """Loose, as in the real server: a task that still fits into the open batch is always taken."""
        if size > self._most_rows:
            raise invalid_argument(f"Task size {size} is larger than maximum input batch size {self._most_rows}")
        enqueued = len(self._batches)
        if self._batches[-1].size + size > self._most_rows and enqueued >= self._most_batches:
            raise StatusError(
                Code.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted is full; currently "
                f"{enqueued} batches enqueued and max_enqueued_batches is {self._most_batches}",
            )


class BatchScheduler:
    """Threads that take batches from all queues in turn."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._changed = threading.Condition()
        self._queues: deque[Queue[Any]] = deque()

    def start(self) -> None:
        """Raises StatusError for a bad number of threads."""
        if self._threads < 1:
            raise invalid_argument(f"num_batch_threads must be positive; was {self._threads}")
        for index in range(self._threads):
            threading.Thread(target=self._run, name=f"batch_threads_{index}", daemon=True).start()

    def add_queue(self, parameters: BatchingParameters, process: Callable[[list[Task]], None]) -> Queue[Task]:
        """Raises StatusError for parameters of which there can be no queue."""
        parameters.check_queue()
        queue = Queue(parameters, process, self._changed)
        with self._changed:
            self._queues.append(queue)
        return queue

    def remove_queue(self, queue: Queue[Task]) -> None:
        """After its last task."""
        with self._changed:
            self._queues.remove(queue)

    def _run(self) -> None:
        while True:
            queue, batch = self._next()
            queue.process(batch.tasks)

    def _next(self) -> tuple[Queue[Any], Batch[Any]]:
        with self._changed:
            while True:
                found = self._due_batch()
                due = min((queue.due for queue in self._queues), default=_NEVER)
                if found is not None:
                    if due < _NEVER:
                        # Whoever is woken looks after the rest, while this thread is busy.
                        self._changed.notify()
                    return found
                self._changed.wait(None if due == _NEVER else max(due - time.monotonic(), 0))

    def _due_batch(self) -> tuple[Queue[Any], Batch[Any]] | None:
        now = time.monotonic()
        for _ in range(len(self._queues)):
            queue = self._queues[0]
            self._queues.rotate(-1)
            if (batch := queue.take(now)) is not None:
                return queue, batch
        return None
