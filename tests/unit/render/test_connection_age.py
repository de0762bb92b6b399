"""gRPC connections are renewed while a pod drains: as flags of the server."""

from typing import Any

import pytest

from tests.unit.render.rendering import container, rendered, tfmodel
from tfs_operator.api.placement import Rollout
from tfs_operator.render.connection_age import connection_age_ms
from tfs_operator.render.probes import grace_period

GRPC_JITTER = 1.1


def channel_arguments(**spec: Any) -> list[str]:
    return [
        flag for flag in container(rendered(tfmodel(**spec)))["args"] if flag.startswith("--grpc_channel_arguments")
    ]


@pytest.mark.parametrize(
    ("rollout", "age"),
    [({}, 7500), ({"drainSeconds": 1}, 500), ({"drainSeconds": 5}, 2500), ({"drainSeconds": 3600}, 1_800_000)],
)
def test_it_is_half_of_the_drain(rollout: dict[str, Any], age: int) -> None:
    assert channel_arguments(rollout=rollout) == [f"--grpc_channel_arguments=grpc.max_connection_age_ms={age}"]


def test_without_a_drain_a_connection_lasts() -> None:
    assert channel_arguments(rollout={"drainSeconds": 0}) == []


def test_channel_arguments_of_the_user_are_the_only_ones() -> None:
    """The server takes the last of several such flags, and what the first has said is lost."""
    chosen = "--grpc_channel_arguments=grpc.max_connection_age_ms=60000,grpc.keepalive_time_ms=1000"
    assert channel_arguments(server={"extraArgs": [chosen]}) == [chosen]


@pytest.mark.parametrize("drain", [1, 2, 5, 15, 60, 3600])
def test_the_oldest_connection_is_renewed_well_before_the_server_is_killed(drain: int) -> None:
    rollout = Rollout(drainSeconds=drain)
    age = connection_age_ms(rollout)
    assert age is not None
    assert age * GRPC_JITTER / 1000 <= 0.55 * drain
    assert grace_period(rollout) > drain


@pytest.mark.parametrize(
    ("grpc", "rollout", "arguments"),
    [
        ({}, {}, "max_connection_age_ms=7500"),
        ({"maxConnectionAgeSeconds": 90}, {}, "max_connection_age_ms=90000"),
        ({"maxConnectionAgeSeconds": 90}, {"drainSeconds": 0}, "max_connection_age_ms=90000"),
        (
            {"maxConnectionAgeSeconds": 90, "maxConnectionAgeGraceSeconds": 1},
            {},
            "max_connection_age_ms=90000,grpc.max_connection_age_grace_ms=1000",
        ),
        (
            {"maxConnectionAgeGraceSeconds": 20},
            {"drainSeconds": 4},
            "max_connection_age_ms=2000,grpc.max_connection_age_grace_ms=20000",
        ),
    ],
)
def test_the_user_may_choose_another(grpc: dict[str, Any], rollout: dict[str, Any], arguments: str) -> None:
    found = channel_arguments(server={"grpc": grpc}, rollout=rollout)
    assert found == [f"--grpc_channel_arguments=grpc.{arguments}"]
