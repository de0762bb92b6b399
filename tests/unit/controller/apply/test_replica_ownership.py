"""Which requests hand a Deployment's replicas over. What they lead to is asked of a real API server in
tests/integration/test_autoscaling.py."""

from typing import Any

import pytest

from tfs_operator.controller.apply.replica_ownership import after_create, before_apply
from tfs_operator.render.replicas import FIRST_REPLICAS_ANNOTATION

Manifest = dict[str, Any]


class Client:
    """Notes down what another field manager than the operator's applies."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    async def apply_as(self, manager: str, manifest: Manifest) -> Manifest:
        assert manager == "tfs-operator-replicas"
        assert manifest["spec"].keys() == {"replicas"}
        assert manifest["metadata"] == {"name": "mnist", "namespace": "default", "uid": "d"}
        self.counts.append(manifest["spec"]["replicas"])
        return manifest


def deployment(replicas: int | None = 1, first: int | None = None, generation: int = 1) -> Manifest:
    annotations = {} if first is None else {FIRST_REPLICAS_ANNOTATION: str(first)}
    metadata = {"name": "mnist", "namespace": "default", "uid": "d", "generation": generation}
    spec = {} if replicas is None else {"replicas": replicas}
    return {"kind": "Deployment", "metadata": {**metadata, "annotations": annotations}, "spec": spec}


@pytest.mark.parametrize(
    ("live", "desired", "counts"),
    [
        (deployment(5), deployment(None, first=2), [5]),
        (deployment(0), deployment(None, first=2), [0]),
        (deployment(5, first=2), deployment(None, first=2), []),
        (deployment(5, first=2), deployment(None, first=3), []),
        (deployment(5, first=2), deployment(3), []),
        (deployment(5), deployment(3), []),
        (None, deployment(None, first=2), []),
    ],
    ids=["on", "on at zero", "stays on", "another minimum", "off", "stays off", "not there yet"],
)
async def test_the_count_is_owned_by_somebody_else_before_the_operator_lets_go(
    live: Manifest | None, desired: Manifest, counts: list[int]
) -> None:
    client = Client()
    await before_apply(client, live, desired)  # type: ignore[arg-type]  # a client for this alone
    assert client.counts == counts


@pytest.mark.parametrize(
    ("created", "counts"),
    [
        (deployment(1, first=3), [3]),
        (deployment(1, first=1), []),
        (deployment(1), []),
        (deployment(7), []),
        (deployment(7, first=3), []),
        (deployment(1, first=3, generation=2), []),
    ],
    ids=["new", "begins with one", "not autoscaled", "not autoscaled, of seven", "was there", "was there, and changed"],
)
async def test_a_new_one_begins_with_its_first_count_and_no_other_is_touched(
    created: Manifest, counts: list[int]
) -> None:
    client = Client()
    await after_create(client, created)  # type: ignore[arg-type]  # as above
    assert client.counts == counts


async def test_other_kinds_have_no_replicas() -> None:
    client = Client()
    service: Manifest = {"kind": "Service", "metadata": {"name": "mnist", "generation": 1}, "spec": {}}
    await before_apply(client, service, service)  # type: ignore[arg-type]  # as above
    assert await after_create(client, service) is service  # type: ignore[arg-type]  # as above
    assert client.counts == []
