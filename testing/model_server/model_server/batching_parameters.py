"""BatchingParameters, from the file that --batching_parameters_file names, and the defaults of what it leaves out.

(servables/tensorflow/bundle_factory_util.cc, tensorflow/core/kernels/batching_util/shared_batch_scheduler.h)
"""

import os
from dataclasses import dataclass
from typing import Any

from model_server.config import BATCHING_PARAMETERS, read_text_proto
from model_server.status import invalid_argument


@dataclass(frozen=True)
class BatchingParameters:
    """`max_batch_size` counts rows, `max_enqueued_batches` batches that no thread has taken yet."""

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False

    def check(self) -> None:
        """Raises StatusError where the real server cannot load a version with these."""
        if self.allowed_batch_sizes and self.allowed_batch_sizes[-1] != self.max_batch_size:
            raise invalid_argument(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{self.allowed_batch_sizes[-1]}; expected {self.max_batch_size}"
            )
        if self.max_batch_size == 0:
            raise invalid_argument("input_batch_size_limit must be positive; was 0")
        if self.batch_timeout_micros < 0:
            raise invalid_argument(f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}")

    def round_up(self, size: int) -> int:
        """The smallest allowed size that holds a batch; its own where none does."""
        return next((allowed for allowed in self.allowed_batch_sizes if allowed >= size), size)


def read_batching_parameters(path: str) -> BatchingParameters:
    """Raises StatusError as the real server words it."""
    message: Any = read_text_proto(path, BATCHING_PARAMETERS())
    names = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
    numbers = {name: getattr(message, name).value for name in names if message.HasField(name)}
    return BatchingParameters(
        **numbers,
        allowed_batch_sizes=tuple(message.allowed_batch_sizes),
        pad_variable_length_inputs=message.pad_variable_length_inputs,
    )
