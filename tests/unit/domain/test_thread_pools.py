"""Threads from the CPU request, where the user says nothing else."""

from typing import Any

import pytest

from tests.unit.api.specs import URI, parsed
from tfs_operator.domain.thread_pools import ThreadPools, cpu_request, thread_pools


def pools(cpu: Any = None, **server: Any) -> ThreadPools:
    resources = {} if cpu is None else {"resources": {"requests": {"cpu": cpu}}}
    return thread_pools(parsed(modelUri=URI, server={**resources, **server}).server)


@pytest.mark.parametrize(
    ("resources", "cpus"),
    [
        (None, None),
        ({}, None),
        ({"requests": {"memory": "1Gi"}}, None),
        ({"requests": {"cpu": 0}}, None),
        ({"requests": {"cpu": "1m"}}, 1),
        ({"requests": {"cpu": "1000m"}}, 1),
        ({"requests": {"cpu": "1001m"}}, 2),
        ({"requests": {"cpu": 3}}, 3),
        ({"requests": {"cpu": "3.5"}, "limits": {"cpu": 8}}, 4),
        ({"limits": {"cpu": "2500m"}}, 3),
        ({"requests": {"cpu": 0}, "limits": {"cpu": 8}}, None),
    ],
)
def test_the_cpu_request_is_rounded_up_and_a_limit_alone_is_one(resources: Any, cpus: int | None) -> None:
    server = {} if resources is None else {"resources": resources}
    assert cpu_request(parsed(modelUri=URI, server=server).server.resources) == cpus


class TestComputing:
    def test_without_a_request_the_server_decides_but_for_grpc(self) -> None:
        assert pools() == ThreadPools(grpc=256)

    def test_both_pools_are_as_large_as_the_request(self) -> None:
        found = pools("1500m")
        assert (found.intra_op, found.inter_op) == (2, 2)

    def test_what_the_user_says_wins_and_the_rest_follows_the_request(self) -> None:
        found = pools(4, parallelism={"intraOp": 1})
        assert (found.intra_op, found.inter_op) == (1, 4)

    def test_what_the_user_says_needs_no_request(self) -> None:
        assert pools(parallelism={"interOp": 3}) == ThreadPools(inter_op=3, grpc=256)

    @pytest.mark.parametrize("pool", ["session", "intra_op", "inter_op"])
    def test_a_pool_among_the_users_own_flags_leaves_all_to_the_user(self, pool: str) -> None:
        """The server refuses to start when session, intra and inter are all given."""
        found = pools(4, extraArgs=[f"--tensorflow_{pool}_parallelism=2"])
        assert (found.intra_op, found.inter_op, found.rest) == (None, None, 32)


class TestAnswering:
    @pytest.mark.parametrize(("cpu", "threads"), [("100m", 32), (7, 32), ("7001m", None), (8, None), (64, None)])
    def test_a_small_request_gets_more_than_the_server_would_take(self, cpu: Any, threads: int | None) -> None:
        assert pools(cpu).rest == threads

    @pytest.mark.parametrize(
        ("size", "cpu", "threads"),
        [(1, 1, 32), (16, 1, 33), (100, 1, 201), (100, 51, None), (300, 1, 512), (None, 1, 32), (100, None, None)],
    )
    def test_requests_enough_to_fill_two_batches_may_wait(
        self, size: int | None, cpu: Any, threads: int | None
    ) -> None:
        assert pools(cpu, batching={"maxBatchSize": size} if size else {}).rest == threads

    def test_what_the_user_says_wins(self) -> None:
        assert pools(1, parallelism={"restThreads": 9}).rest == 9
        assert pools(1, extraArgs=["--rest_api_num_threads=9"]).rest is None


class TestCalling:
    @pytest.mark.parametrize(
        ("cpu", "threads"), [(None, 256), ("100m", 256), (64, 256), (65, 260), (200, 800), (256, 1024), (300, 1024)]
    )
    def test_there_are_never_few_and_four_for_each_cpu(self, cpu: Any, threads: int) -> None:
        assert pools(cpu).grpc == threads

    @pytest.mark.parametrize("cpu", [None, 2])
    @pytest.mark.parametrize(
        ("size", "threads"), [(None, 256), (1, 256), (96, 256), (97, 258), (480, 1024), (481, 1024), (65_536, 1024)]
    )
    def test_callers_of_two_batches_fit_beside_others(self, cpu: Any, size: int | None, threads: int) -> None:
        assert pools(cpu, batching={"maxBatchSize": size} if size else {}).grpc == threads

    @pytest.mark.parametrize("cpu", [None, 2])
    def test_what_the_user_says_wins(self, cpu: Any) -> None:
        assert pools(cpu, parallelism={"grpcThreads": 9}).grpc == 9
        assert pools(cpu, extraArgs=["--grpc_max_threads=9"]).grpc is None


class TestBatches:
    def test_without_batching_there_are_no_threads_for_them(self) -> None:
        assert pools(4).batch is None

    @pytest.mark.parametrize(
        ("cpu", "batching", "threads"),
        [(4, {}, 4), (None, {}, None), (4, {"numBatchThreads": 2}, 2), (None, {"numBatchThreads": 2}, 2)],
    )
    def test_as_many_run_as_there_are_cpus(self, cpu: Any, batching: Any, threads: int | None) -> None:
        assert pools(cpu, batching=batching).batch == threads
