"""Which pods are told what, how often, and what becomes of a server that is slow or says no."""

import asyncio
import logging
import math
from dataclasses import dataclass, field, replace

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.pods.reload import Reloader
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.tls import Certificate
from tfs_operator.planning import Reloaded, ReloadOrder
from tfs_operator.serving.errors import ModelServerBusy, ModelServerUnreachable, ReloadRefused, ServingError

KEY, OTHER = "mnist", "other"
REPEAT = 10.0
ONE = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1,)), {"stable": 1}),))
TWO = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1, 2)), {"stable": 1}),))
REFUSAL = ReloadRefused("FAILED_PRECONDITION", "version 1 is not available")


@dataclass
class Servers:
    """Take configurations, or fail as they are told; a server that is held answers only once it is let go."""

    failure: ServingError | None = None
    told: list[tuple[str, ModelServerConfig]] = field(default_factory=list)
    certificates: list[Certificate | None] = field(default_factory=list)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    cancelled: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def hold(self, pod: PodFacts) -> asyncio.Event:
        return self.held.setdefault(pod.address, asyncio.Event())

    async def reload(
        self,
        host: str,
        port: int,
        config: ModelServerConfig,
        deadline_seconds: float,
        certificate: Certificate | None = None,
    ) -> None:
        assert (port, deadline_seconds > 0) == (8500, True)
        self.told.append((host, config))
        self.certificates.append(certificate)
        try:
            if host in self.held:
                await self.held[host].wait()
        except asyncio.CancelledError:
            self.cancelled.put_nowait(host)
            raise
        if self.failure:
            raise self.failure


@dataclass
class World:
    """The reloaders of two TFModels, their servers, their clock, and which of them woke."""

    servers: Servers
    now: float = 1000.0
    permit: float = math.inf
    woken: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.reloaders = {key: self.reloader(key) for key in (KEY, OTHER)}

    def reloader(self, key: str) -> Reloader:
        return Reloader(
            self.servers,  # type: ignore[arg-type]  # a client that only notes down
            lambda: self.woken.put_nowait(key),
            REPEAT,
            patience_seconds=0.02,
            clock=lambda: self.now,
            permit=lambda: self.permit,
        )

    async def reload(
        self, *pods: PodFacts, config: ModelServerConfig = ONE, shown: bool = True, key: str = KEY
    ) -> Reloaded:
        return await self.reloaders[key].reload(pods, [ReloadOrder(pod, config, shown) for pod in pods])

    async def next_woken(self) -> str:
        async with asyncio.timeout(60):
            return await self.woken.get()


def pod(name: str = "a", incarnation: str = "u/0") -> PodFacts:
    return PodFacts(name, f"10.0.0.{ord(name)}", True, False, "digest", incarnation, None)


def made(failure: ServingError | None = None) -> World:
    return World(Servers(failure))


async def test_each_pod_is_told_in_the_way_that_it_listens() -> None:
    """While TLS is switched on or off by a rolling update, some pods speak it and some do not."""
    world, certificate = made(), Certificate("ab" * 32, "mnist.shop.svc", 0.0, 1.0)
    await world.reload(pod("a"), replace(pod("b"), certificate=certificate))
    assert sorted(zip((host for host, _ in world.servers.told), world.servers.certificates, strict=True)) == [
        ("10.0.0.97", None),
        ("10.0.0.98", certificate),
    ]


class TestRepetition:
    async def test_a_pod_that_shows_it_is_told_once(self) -> None:
        world = made()
        first, second = await world.reload(pod()), await world.reload(pod())
        world.now += 2 * REPEAT
        third = await world.reload(pod())
        assert [config for _, config in world.servers.told] == [ONE]
        assert first == Reloaded(sent=1, settled=False, problem=None)
        assert second == third == Reloaded(sent=0, settled=True, problem=None)

    async def test_a_pod_that_does_not_show_it_is_told_again_after_a_while(self) -> None:
        """Somebody else may have told it otherwise."""
        world = made()
        await world.reload(pod(), shown=False)
        world.now += REPEAT - 1
        assert await world.reload(pod(), shown=False) == Reloaded(sent=0, settled=False, problem=None)
        world.now += 1
        assert (await world.reload(pod(), shown=False)).sent == 1
        assert len(world.servers.told) == 2

    @pytest.mark.parametrize(
        ("again", "config"),
        [(pod(incarnation="u/1"), ONE), (pod(), TWO)],
        ids=["a new process", "another configuration"],
    )
    async def test_what_is_new_is_told_at_once(self, again: PodFacts, config: ModelServerConfig) -> None:
        world = made()
        await world.reload(pod())
        await world.reload(again, config=config)
        assert [told for _, told in world.servers.told] == [ONE, config]

    async def test_only_pods_with_an_order_are_told(self) -> None:
        world = made()
        reloaded = await world.reloaders[KEY].reload([pod("a"), pod("b")], [ReloadOrder(pod("b"), ONE, shown=True)])
        assert reloaded.sent == 1
        assert world.servers.told == [(pod("b").address, ONE)]


class TestRefusals:
    async def test_it_is_a_problem_until_the_server_takes_it(self) -> None:
        world = made(REFUSAL)
        problem = (await world.reload(pod())).problem
        assert problem is not None
        assert problem.reason == Reason.RELOAD_REFUSED
        assert problem.message == ("pod a refused its configuration: FAILED_PRECONDITION: version 1 is not available")
        assert (await world.reload(pod())).problem == problem
        world.servers.failure = None
        world.now += 1
        assert (await world.reload(pod())).problem is None

    async def test_a_server_that_cannot_be_reached_is_a_problem(self) -> None:
        problem = (await made(ModelServerUnreachable("10.0.0.1", 8500, "timed out")).reload(pod())).problem
        assert problem is not None
        assert problem.reason == Reason.MODEL_SERVER_UNREACHABLE
        assert problem.message == "pod a took no configuration: 10.0.0.1:8500: timed out"

    async def test_one_that_cannot_be_reached_and_is_not_ready_is_none(self) -> None:
        """It may be gone by now, and the pod's status says why."""
        world = made(ModelServerUnreachable("10.0.0.1", 8500, "timed out"))
        assert (await world.reload(replace(pod(), ready=False))).problem is None
        world.servers.failure = REFUSAL
        world.now += REPEAT
        assert (await world.reload(replace(pod(), ready=False))).problem is not None

    async def test_a_server_without_a_free_thread_is_a_problem_that_names_pool_and_field(self) -> None:
        world = made(ModelServerBusy("RESOURCE_EXHAUSTED: Server Threadpool Exhausted"))
        problem = (await world.reload(pod())).problem
        assert problem is not None
        assert problem.reason == Reason.MODEL_SERVER_BUSY
        assert problem.message == (
            "pod a took no configuration: RESOURCE_EXHAUSTED: Server Threadpool Exhausted; its gRPC threads "
            "(--grpc_max_threads) are all in use, and clients lose requests too: raise server.parallelism.grpcThreads, "
            "or run more replicas"
        )
        world.servers.failure = None
        world.now += 1
        assert (await world.reload(pod())).problem is None

    @pytest.mark.parametrize("shown", [True, False])
    async def test_it_is_tried_again_after_1_2_4_seconds_and_at_most_every_so_often(self, shown: bool) -> None:
        world = made(REFUSAL)
        await world.reload(pod(), shown=shown)
        for tries, pause in enumerate([1, 2, 4, 8, REPEAT, REPEAT], start=1):
            world.now += pause - 0.01
            await world.reload(pod(), shown=shown)
            assert len(world.servers.told) == tries
            world.now += 0.01
            await world.reload(pod(), shown=shown)
            assert len(world.servers.told) == tries + 1

    async def test_another_configuration_begins_the_back_off_anew(self) -> None:
        world = made(REFUSAL)
        for pause in (0, 1, 2):
            world.now += pause
            await world.reload(pod())
        await world.reload(pod(), config=TWO)
        world.now += 1
        assert (await world.reload(pod(), config=TWO)).sent == 1

    async def test_it_is_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        world = made(REFUSAL)
        with caplog.at_level(logging.WARNING):
            for pause in (0, 1, 2):
                world.now += pause
                await world.reload(pod())
        [record] = caplog.records
        assert record.getMessage() == (
            "pod a refused its configuration: FAILED_PRECONDITION: version 1 is not available; "
            "trying again with back-off"
        )


class TestSinceWhenAServerHasHeard:
    BUSY = ModelServerBusy("RESOURCE_EXHAUSTED: Server Threadpool Exhausted")

    async def test_of_one_that_was_sent_nothing_nothing_is_known(self) -> None:
        assert made().reloaders[KEY].heard_for() == {}

    async def test_it_is_since_it_first_took_it_whatever_it_is_sent_again(self) -> None:
        world = made()
        for _ in range(3):
            await world.reload(pod(), shown=False)
            world.now += REPEAT
        assert world.reloaders[KEY].heard_for() == {"a": 3 * REPEAT}
        await world.reload(pod(), config=TWO)
        assert world.reloaders[KEY].heard_for() == {"a": 0.0}

    async def test_a_busy_one_has_heard_nothing_until_it_takes_it(self) -> None:
        world = made(self.BUSY)
        await world.reload(pod())
        world.now += 600
        assert world.reloaders[KEY].heard_for() == {"a": 0.0}
        world.servers.failure = None
        await world.reload(pod())
        world.now += 1
        assert world.reloaders[KEY].heard_for() == {"a": 1.0}

    async def test_while_a_call_is_under_way_it_has_heard_nothing(self) -> None:
        world = made()
        gate = world.servers.hold(pod())
        await world.reload(pod())
        world.now += 5
        assert world.reloaders[KEY].heard_for() == {"a": 0.0}
        gate.set()
        await world.next_woken()
        assert world.reloaders[KEY].heard_for() == {"a": 0.0}
        world.now += 5
        assert world.reloaders[KEY].heard_for() == {"a": 5.0}

    @pytest.mark.parametrize("failure", [REFUSAL, ModelServerUnreachable("10.0.0.1", 8500, "timed out")])
    async def test_of_one_that_failed_otherwise_nothing_is_known(self, failure: ServingError) -> None:
        world = made(failure)
        await world.reload(pod())
        assert world.reloaders[KEY].heard_for() == {}

    async def test_of_a_pod_that_is_gone_nothing_is_known(self) -> None:
        world = made()
        await world.reload(pod("a"), pod("b"))
        await world.reload(pod("b"))
        assert list(world.reloaders[KEY].heard_for()) == ["b"]


class TestSlowServers:
    async def test_a_late_reload_goes_on_and_wakes_when_it_has_ended(self) -> None:
        world = made()
        gate = world.servers.hold(pod())
        assert await world.reload(pod()) == Reloaded(sent=1, settled=False, problem=None)
        assert world.woken.empty()
        gate.set()
        assert await world.next_woken() == KEY
        assert await world.reload(pod()) == Reloaded(sent=0, settled=True, problem=None)
        assert len(world.servers.told) == 1

    async def test_one_reload_at_a_time_goes_to_a_server(self) -> None:
        """The newest configuration is told once the one before it has ended."""
        world = made()
        gate = world.servers.hold(pod())
        await world.reload(pod())
        assert await world.reload(pod(), config=TWO) == Reloaded(sent=0, settled=False, problem=None)
        assert [config for _, config in world.servers.told] == [ONE]
        gate.set()
        await world.next_woken()
        await world.reload(pod(), config=TWO)
        assert [config for _, config in world.servers.told] == [ONE, TWO]

    async def test_it_holds_up_no_other(self) -> None:
        world = made()
        world.servers.hold(pod("a"))
        await world.reload(pod("a"), pod("b"))
        async with asyncio.timeout(60):
            await world.reload(pod("a"), pod("b"), config=TWO)
        assert (pod("b").address, TWO) in world.servers.told

    async def test_what_a_late_reload_was_refused_is_a_problem(self) -> None:
        world = made(REFUSAL)
        gate = world.servers.hold(pod())
        assert (await world.reload(pod())).problem is None
        gate.set()
        await world.next_woken()
        assert (await world.reload(pod())).problem is not None


async def test_a_mistake_of_ours_is_seen() -> None:
    world = made(TypeError("not a refusal"))  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(TypeError, match="not a refusal"):
        await world.reload(pod())


class TestForgetting:
    @pytest.mark.parametrize("gone", ["the TFModel", "the pod"])
    async def test_a_late_reload_to_what_is_gone_is_ended_and_wakes_nobody(self, gone: str) -> None:
        world = made()
        world.servers.hold(pod())
        await world.reload(pod())
        if gone == "the pod":
            await world.reload()
        else:
            world.reloaders[KEY].close()
        async with asyncio.timeout(60):
            assert await world.servers.cancelled.get() == pod().address
        await world.reload(pod("b"), key=OTHER)
        assert world.woken.empty()

    async def test_a_pod_that_is_gone_is_told_anew_when_it_is_back(self) -> None:
        world = made()
        await world.reload(pod("a"), pod("b"))
        await world.reload(pod("b"))
        reloaded = await world.reload(pod("a"), pod("b"))
        assert reloaded.sent == 1
        assert [host for host, _ in world.servers.told].count(pod("a").address) == 2

    async def test_a_tfmodel_that_is_gone_is_told_anew_when_it_is_back_and_others_are_not(self) -> None:
        world = made()
        await world.reload(pod(), key=KEY)
        await world.reload(replace(pod(), incarnation="v/0"), key=OTHER)
        world.reloaders[KEY].close()
        world.reloaders[KEY] = world.reloader(KEY)
        assert (await world.reload(pod(), key=KEY)).sent == 1
        assert (await world.reload(replace(pod(), incarnation="v/0"), key=OTHER)).sent == 0

    async def test_the_problem_of_a_pod_that_is_gone_goes_with_it(self) -> None:
        world = made(REFUSAL)
        await world.reload(pod("a"))
        world.servers.failure = None
        assert (await world.reload(pod("b"))).problem is None


async def test_nobody_is_told_anything_by_one_that_does_not_lead() -> None:
    world = made()
    world.permit = 0.0
    assert not (await world.reload(pod())).settled
    assert world.servers.told == []
    world.permit = 5.0
    assert (await world.reload(pod())).sent == 1
    assert len(world.servers.told) == 1
