"""Kinds that a cluster may not know: found out at the start, missed, and looked for."""

import asyncio
import logging

import pytest

from tfs_operator.cluster.errors import Transient
from tfs_operator.controller.informer.optional_kinds import OptionalKinds
from tfs_operator.controller.kinds import OPTIONAL_KINDS, WATCHED_KINDS

SECONDS = 0.01


class Cluster:
    """Says each of its answers in turn, the last one for ever; None is no answer."""

    def __init__(self, *answers: bool | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def serves(self, kind: str) -> bool:
        assert kind in OPTIONAL_KINDS
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            raise Transient("no answer")
        return answer


def made(*answers: bool | None) -> tuple[OptionalKinds, Cluster]:
    cluster = Cluster(*answers)
    return OptionalKinds(cluster, SECONDS), cluster  # type: ignore[arg-type]  # a client that is only asked this


async def ends(kinds: OptionalKinds, within: float = 30.0) -> bool:
    try:
        async with asyncio.timeout(within):
            await kinds.until_they_change()
    except TimeoutError:
        return False
    return True


async def test_what_the_cluster_knows_is_watched_and_no_more() -> None:
    assert await made(True)[0].discover() == list(WATCHED_KINDS)
    assert await made(False)[0].discover() == [kind for kind in WATCHED_KINDS if kind not in OPTIONAL_KINDS]


async def test_an_api_server_that_does_not_answer_is_waited_for() -> None:
    assert await made(None, None, True)[0].discover() == list(WATCHED_KINDS)


@pytest.mark.parametrize("there", [True, False])
async def test_every_other_kind_is_known(there: bool) -> None:
    kinds, _ = made(there)
    await kinds.discover()
    assert kinds.unknown == (frozenset() if there else {"ScaledObject"})


async def test_nobody_looks_for_what_nobody_misses() -> None:
    kinds, cluster = made(False, True)
    await kinds.discover()
    assert not await ends(kinds, within=0.3)
    assert cluster.asked == 1


@pytest.mark.parametrize("answers", [(False, True), (False, False, True), (False, None, True)])
async def test_what_is_missed_is_looked_for_until_it_is_there(
    answers: tuple[bool | None, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    kinds, _ = made(*answers)
    await kinds.discover()
    kinds.look_for(["Deployment", "ScaledObject"])
    assert await ends(kinds)
    assert [record.getMessage() for record in caplog.records] == [
        "the cluster knows the kind ScaledObject now: ending, to start again and see it so"
    ]


async def test_one_that_is_missed_while_nobody_looks_is_looked_for_at_once() -> None:
    kinds, _ = made(False, True)
    await kinds.discover()
    looking = asyncio.create_task(kinds.until_they_change())
    await asyncio.sleep(0)
    kinds.look_for(["ScaledObject"])
    async with asyncio.timeout(30):
        await looking


async def test_one_that_goes_ends_it_too() -> None:
    kinds, _ = made(True, True, False)
    await kinds.discover()
    assert await ends(kinds)


@pytest.mark.parametrize("moment", [(False,), (None,)])
async def test_one_moment_of_not_knowing_is_an_api_server_that_starts(moment: tuple[bool | None]) -> None:
    kinds, _ = made(True, *moment, True)
    await kinds.discover()
    assert not await ends(kinds, within=0.3)
