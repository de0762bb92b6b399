"""BatchingParameters, from the file that --batching_parameters_file names, and the defaults of what it leaves out.

(servables/tensorflow/bundle_factory_util.cc, tensorflow/core/kernels/batching_util/shared_batch_scheduler.h)
"""

import os
from dataclasses import dataclass
from typing import Any

from model_server.config import BATCHING_PARAMETERS, read_text_proto
from model_server.status import invalid_argument

_WRAPPED = (
    "max_batch_size",
    "batch_timeout_micros",
    "max_enqueued_batches",
    "num_batch_threads",
    "enable_large_batch_splitting",
    "max_execution_batch_size",
)
"""The fields that tell whether they were given."""


@dataclass(frozen=True)
class BatchingParameters:
    """`max_batch_size` counts rows, `max_enqueued_batches` batches that no thread has taken yet."""

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False
    max_execution_batch_size: int | None = None

    @property
    def most_rows(self) -> int:
        """Rows of a batch. Of a negative number the real server makes a huge one."""
        return self.max_batch_size % 2**64

    @property
    def most_batches(self) -> int:
        """Of none, the real server makes one."""
        return max(self.max_enqueued_batches % 2**64, 1)

    def check(self) -> None:
        """Raises StatusError where the real server cannot load a version with these."""
        if self.allowed_batch_sizes and self.allowed_batch_sizes[-1] != self.max_batch_size:
            raise invalid_argument(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{self.allowed_batch_sizes[-1]}; expected {self.max_batch_size}"
            )

    def check_queue(self) -> None:
        """Raises StatusError where the real server cannot make a queue of runs."""
        if not self.most_rows:
            raise invalid_argument("input_batch_size_limit must be positive; was 0")
        if self.batch_timeout_micros < 0:
            raise invalid_argument(f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}")
        if self.enable_large_batch_splitting:
            self._check_splitting()

    def _check_splitting(self) -> None:
        if not self.max_enqueued_batches:
            raise invalid_argument("max_enqueued_batches must be positive; was 0")
        if self.max_execution_batch_size is not None and self.most_rows < self.max_execution_batch_size % 2**64:
            raise invalid_argument(
                "When enable_large_batch_splitting is true, input_batch_size_limit must be greater than or equal to "
                f"max_execution_batch_size.1{self.most_rows}{self.max_execution_batch_size}"
            )

    def round_up(self, size: int) -> int:
        """The smallest allowed size that holds a batch; its own where none does."""
        return next((allowed for allowed in self.allowed_batch_sizes if allowed >= size), size)


def read_batching_parameters(path: str) -> BatchingParameters:
    """Raises StatusError as the real server words it."""
    message: Any = read_text_proto(path, BATCHING_PARAMETERS())
    given = {name: getattr(message, name).value for name in _WRAPPED if message.HasField(name)}
    return BatchingParameters(
        **given,
        allowed_batch_sizes=tuple(message.allowed_batch_sizes),
        pad_variable_length_inputs=message.pad_variable_length_inputs,
    )
