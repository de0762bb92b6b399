"""docs/tuning.md says what the API says: every field, its flags, the limits that hold."""

import re

import pytest

from tests.unit.docs.pages import PAGES
from tfs_operator.api.base import ApiModel
from tfs_operator.api.tuning import TYPED_FLAGS, Batching, Grpc, Parallelism, Warmup
from tfs_operator.domain.thread_pools import (
    GRPC_THREADS_PER_CPU,
    LEAST_GRPC_THREADS,
    LEAST_REST_THREADS,
    MOST_GRPC_THREADS,
    MOST_REST_THREADS,
    REST_THREADS_PER_CPU,
    SPARE_GRPC_THREADS,
)

PAGE = " ".join(PAGES["docs/tuning.md"].split())
ROWS = re.findall(r"^\| \[`(\w+)`\]\(#[\w-]+\) \| (.*?) \|", PAGES["docs/tuning.md"], re.MULTILINE)


def test_the_first_table_has_every_field_with_its_flags() -> None:
    shown = {field: set(re.findall(r"`--(\w+)`", flags)) for field, flags in ROWS}
    expected = {field: set(flags) for field, flags in TYPED_FLAGS.items()}
    expected["parallelism"] -= {"tensorflow_session_parallelism"}  # refused beside it, and no flag of its own
    assert shown == expected


@pytest.mark.parametrize("model", [Batching, Warmup, Parallelism, Grpc])
def test_every_field_is_explained(model: type[ApiModel]) -> None:
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert [name for name in names if f"`{name}" not in PAGE] == []


def test_the_numbers_are_those_that_hold() -> None:
    small = LEAST_REST_THREADS // REST_THREADS_PER_CPU
    assert f"`restThreads` is {LEAST_REST_THREADS} with a request below {small} CPUs" in PAGE
    assert f"for two batches, up to {MOST_REST_THREADS}" in PAGE


def test_the_arithmetic_of_grpc_is_the_one_that_holds() -> None:
    assert f"- **{LEAST_GRPC_THREADS}**, whatever the node" in PAGE
    cpus = LEAST_GRPC_THREADS // GRPC_THREADS_PER_CPU + 1
    assert f"- **{GRPC_THREADS_PER_CPU} for each CPU of the CPU request**" in PAGE
    assert f"above {LEAST_GRPC_THREADS} from {cpus} CPUs on" in PAGE
    assert f"`maxBatchSize` + {SPARE_GRPC_THREADS}** with batching" in PAGE
    assert f"and to {MOST_GRPC_THREADS:,} at most" in PAGE
    smallest = (LEAST_GRPC_THREADS - SPARE_GRPC_THREADS) // 2
    largest = (MOST_GRPC_THREADS - SPARE_GRPC_THREADS) // 2
    assert f"With `maxBatchSize: {smallest}` and less that is {LEAST_GRPC_THREADS}" in PAGE
    assert f"from {largest} on {MOST_GRPC_THREADS:,}" in PAGE
