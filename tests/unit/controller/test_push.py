"""Which pods are told what, and how often."""

from dataclasses import dataclass, field

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.push import Pusher
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import ModelObservation, PodObservation, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.render.deployment import models_digest
from tfs_operator.serving.errors import ModelServerUnreachable, ReloadRefused, ServingError

KEY = TFModelKey("default", "mnist")
WANTED = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1,)), {"stable": 1}),))
SHOWS_IT = ModelObservation((VersionStatus(1, "AVAILABLE"),), {"stable": 1})
SHOWS_NOTHING = ModelObservation()


@dataclass
class Servers:
    """Takes configurations, or fails as it is told."""

    failure: ServingError | None = None
    told: list[tuple[str, ModelServerConfig]] = field(default_factory=list)

    async def reload(self, host: str, port: int, config: ModelServerConfig, deadline_seconds: float) -> None:
        assert (port, deadline_seconds > 0) == (8500, True)
        self.told.append((host, config))
        if self.failure:
            raise self.failure


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def pod(name: str = "a", digest: str | None = None, incarnation: str = "u/0") -> PodFacts:
    return PodFacts(name, f"10.0.0.{ord(name)}", True, False, digest or models_digest(WANTED), incarnation, None)


def shows(observation: ModelObservation, name: str = "a") -> PodObservation:
    return PodObservation(name, ready=True, models={"mnist": observation})


def made(failure: ServingError | None = None) -> tuple[Servers, Clock, Pusher]:
    servers, clock = Servers(failure), Clock()
    return servers, clock, Pusher(servers, 30.0, clock)  # type: ignore[arg-type]  # a client that only notes down


async def test_a_pod_is_told_once() -> None:
    servers, _, pusher = made()
    first = await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_IT)])
    second = await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_IT)])
    assert [config for _, config in servers.told] == [WANTED]
    assert (first.settled, second.settled) == (False, True)


async def test_a_pod_that_does_not_show_it_is_told_again_after_a_while() -> None:
    servers, clock, pusher = made()
    for _ in range(3):
        await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_NOTHING)])
    assert len(servers.told) == 1
    clock.now += 31
    await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_NOTHING)])
    assert len(servers.told) == 2


async def test_a_server_that_has_restarted_is_told_again() -> None:
    servers, _, pusher = made()
    await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_IT)])
    await pusher.push(KEY, WANTED, [pod(incarnation="u/1")], [shows(SHOWS_IT)])
    assert len(servers.told) == 2


async def test_a_pod_with_other_models_is_told_nothing() -> None:
    servers, _, pusher = made()
    pushed = await pusher.push(KEY, WANTED, [pod(digest="other")], [shows(SHOWS_NOTHING)])
    assert servers.told == []
    assert pushed.settled


async def test_a_pod_that_did_not_answer_is_told_nothing_and_the_others_are() -> None:
    servers, _, pusher = made()
    await pusher.push(KEY, WANTED, [pod("a"), pod("b")], [PodObservation("a", ready=True), shows(SHOWS_IT, "b")])
    assert [host for host, _ in servers.told] == [pod("b").address]


async def test_a_refusal_is_a_problem_until_the_server_takes_it() -> None:
    servers, clock, pusher = made(ReloadRefused("FAILED_PRECONDITION", "version 1 is not available"))
    pushed = await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_IT)])
    assert pushed.problem is not None
    assert pushed.problem.reason == Reason.RELOAD_REFUSED
    assert "pod a refused its configuration: FAILED_PRECONDITION: version 1 is" in pushed.problem.message
    servers.failure = None
    clock.now += 31
    assert (await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_IT)])).problem is None


async def test_a_server_that_cannot_be_reached_is_a_problem() -> None:
    _, _, pusher = made(ModelServerUnreachable("10.0.0.1", 8500, "timed out"))
    pushed = await pusher.push(KEY, WANTED, [pod()], [shows(SHOWS_IT)])
    assert pushed.problem is not None
    assert pushed.problem.reason == Reason.MODEL_SERVER_UNREACHABLE
