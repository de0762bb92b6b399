"""What a pass begins with and ends with: whose memory, what is refused, and when to look again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.controller import passes
from tests.unit.controller.passes import BEFORE, at, progress, seen, serves, step
from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import Cache
from tfs_operator.controller.apply.children import ApplyFailure
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.reconcile.reconciler import NO_REQUEUE, Reconciler, Result
from tfs_operator.controller.reconcile.requeue import Requeue
from tfs_operator.controller.reconcile.rollout_pass import PassResult
from tfs_operator.domain.autoscaler import AutoscalerFacts
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.history import Announced
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.rollout import Action, Memory
from tfs_operator.domain.rollout_status import rollout_status
from tfs_operator.domain.surge import Surge
from tfs_operator.render import Settings

Manifest = dict[str, Any]
KEY = TFModelKey("default", "mnist")
NOW = 5000.0
NOW_OF_A_PASS = passes.NOW
LOADING = Memory("w", Action.LOAD, 1000.0, waiting=((2, 1001.0),), began=1000.0)
RESUMED = replace(LOADING, since=NOW, waiting=((2, NOW),))


@dataclass
class World:
    """Rollouts, a status writer and a cache in one."""

    outcome: PassResult = field(default_factory=lambda: progress(seen("a", cats=serves(1, stable=1)), cats=[BEFORE]))
    memories: list[Mapping[str, Memory]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    refusals: list[Verdict] = field(default_factory=list)
    forgotten: list[TFModelKey] = field(default_factory=list)
    kind_available: Callable[[str], bool] = lambda kind: True

    def __post_init__(self) -> None:
        self.cache, self.version = Cache(), 0
        self.pace = Requeue(30.0)
        self.reconciler = Reconciler(
            self.cache,
            Settings(),
            self,  # type: ignore[arg-type]  # plays the rollouts
            self,  # type: ignore[arg-type]  # plays the status writer
            self.pace,
            clock=lambda: NOW,
            kind_available=self.kind_available,
        )

    def live(self, memory: Memory = LOADING, *, deleted: bool = False, **spec: Any) -> None:
        self.version += 1
        metadata = {"name": "mnist", "namespace": "default", "uid": "u1", "resourceVersion": str(self.version)}
        rollout = rollout_status(step(memory), Announced()).model_dump(mode="json")
        self.cache.upsert(
            {
                "apiVersion": "tfs-operator.io/v1alpha1",
                "kind": "TFModel",
                "metadata": {**metadata, **({"deletionTimestamp": "2026-11-21T06:30:00Z"} if deleted else {})},
                "spec": {"modelUri": "file:///m", **spec},
                "status": {"models": [{"name": "mnist", "rollout": rollout}]},
            }
        )

    async def advance(self, key: TFModelKey, tfmodel: TFModel, memories: Mapping[str, Memory]) -> PassResult:
        self.memories.append(memories)
        return self.outcome

    async def write(
        self,
        live: Manifest,
        tfmodel: TFModel,
        evidence: Evidence,
        verdicts: Mapping[ConditionType, Verdict],
        _: PassResult,
    ) -> None:
        self.evidence.append(evidence)

    async def write_verdicts(self, live: Manifest, verdicts: Mapping[ConditionType, Verdict]) -> None:
        self.refusals.append(verdicts[ConditionType.READY])

    def forget(self, key: TFModelKey) -> None:
        self.forgotten.append(key)

    async def pass_(self) -> Result:
        return await self.reconciler.reconcile(KEY)


class TestMemory:
    async def test_a_new_process_gives_a_load_its_whole_time_again_and_then_goes_on(self) -> None:
        world = World()
        world.live()
        for _ in range(2):
            await world.pass_()
        assert world.memories == [{"mnist": RESUMED}, {"mnist": LOADING}]

    @pytest.mark.parametrize("pause", [{"suspend": True}, {"modelUri": "ftp://m"}, {"modelUri": "hostpath:///m"}])
    async def test_so_does_the_end_of_a_pause(self, pause: Manifest) -> None:
        world = World()
        world.live()
        await world.pass_()
        world.live(**pause)
        await world.pass_()
        assert len(world.memories) == 1
        world.live()
        await world.pass_()
        assert world.memories[-1] == {"mnist": RESUMED}

    async def test_a_status_that_cannot_be_read_remembers_nothing(self) -> None:
        world = World()
        world.live()
        item = world.cache.get("TFModel", *KEY) or {}
        metadata = {**item["metadata"], "resourceVersion": "9"}
        world.cache.upsert({**item, "metadata": metadata, "status": {"models": [{"name": "mnist", "rollout": {}}]}})
        await world.pass_()
        assert world.memories == [{}]


class TestWhatIsNotActedOn:
    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            ({"suspend": True}, Reason.SUSPENDED),
            ({"modelUri": "ftp://m"}, Reason.INVALID_SPEC),
            ({"modelUri": "hostpath:///m"}, Reason.HOSTPATH_NOT_ALLOWED),
        ],
    )
    async def test_it_is_said_and_no_pod_is_asked(self, spec: Manifest, reason: Reason) -> None:
        world = World()
        world.live(**spec)
        assert await world.pass_() == NO_REQUEUE
        assert [verdict.reason for verdict in world.refusals] == [reason]
        assert (world.memories, world.evidence) == ([], [])

    @pytest.mark.parametrize("deleted", [True, False])
    async def test_one_that_is_gone_or_goes_is_forgotten(self, deleted: bool) -> None:
        world = World()
        if deleted:
            world.live(deleted=True)
        assert await world.pass_() == NO_REQUEUE
        assert world.forgotten == [KEY, KEY]
        assert world.memories == []


class TestTheNextLook:
    async def test_a_child_that_is_refused_is_tried_again_with_back_off(self) -> None:
        world = World()
        world.live()
        refused = Problem(Reason.CHILD_REFUSED, "no")
        world.outcome = replace(world.outcome, trouble=ApplyFailure(refused, blocking=True))
        assert await world.pass_() == Result(back_off=True)
        assert [evidence.blocked for evidence in world.evidence] == [refused]

    async def test_one_that_holds_up_nothing_leaves_the_pace_as_it_is(self) -> None:
        world = World()
        world.live()
        refused = Problem(Reason.CHILD_REFUSED, "no")
        world.outcome = replace(world.outcome, trouble=ApplyFailure(refused, blocking=False))
        assert await world.pass_() == Result(seconds=30.0)
        assert [evidence.blocked for evidence in world.evidence] == [refused]

    async def test_else_the_pace_says_when(self) -> None:
        world = World()
        world.live()
        assert await world.pass_() == Result(seconds=30.0)
        world.outcome = progress(seen("a", cats=serves(1, stable=1)), cats=[at(Action.LABEL, NOW)])
        assert await world.pass_() == Result(seconds=0.2)

    @pytest.mark.parametrize(("until", "seconds"), [(NOW_OF_A_PASS + 5, 5.0), (NOW_OF_A_PASS + 500, 30.0), (0.0, 0.2)])
    async def test_and_no_later_than_an_old_pod_is_to_make_room(self, until: float, seconds: float) -> None:
        world = World()
        world.live()
        sight = replace(world.outcome.sight, surge=Surge(until=until))
        world.outcome = replace(world.outcome, sight=sight)
        assert await world.pass_() == Result(seconds=seconds)


class TestAutoscaling:
    KEDA: Manifest = {"minReplicas": 0, "maxReplicas": 9, "keda": {"triggers": [{"type": "cron"}]}}  # noqa: RUF012  # never changed

    def deployment(self, world: World, replicas: int) -> None:
        metadata = {"name": "mnist", "namespace": "default", "uid": "d", "resourceVersion": "7", "generation": 1}
        world.cache.upsert({"kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas}})

    async def test_the_count_that_is_judged_is_the_autoscalers(self) -> None:
        world = World()
        world.live(autoscaling=self.KEDA, replicas=3)
        self.deployment(world, 6)
        await world.pass_()
        assert [evidence.replicas for evidence in world.evidence] == [6]

    async def test_without_one_it_is_the_specs(self) -> None:
        world = World()
        world.live(replicas=3)
        self.deployment(world, 6)
        await world.pass_()
        assert [evidence.replicas for evidence in world.evidence] == [3]
        assert [evidence.autoscaler for evidence in world.evidence] == [None]

    @pytest.mark.parametrize("known", [True, False])
    async def test_whether_its_kind_is_known_is_evidence(self, known: bool) -> None:
        world = World(kind_available=lambda kind: known or kind != "ScaledObject")
        world.live(autoscaling=self.KEDA)
        await world.pass_()
        [evidence] = world.evidence
        assert evidence.autoscaler == AutoscalerFacts("ScaledObject", 0, 9, installed=known)


async def test_the_conditions_are_judged_by_what_the_pass_has_seen() -> None:
    world = World()
    world.live()
    refusal = Problem(Reason.RELOAD_REFUSED, "pod a refused")
    world.outcome = replace(world.outcome, pushed=replace(world.outcome.pushed, problem=refusal))
    await world.pass_()
    [evidence] = world.evidence
    assert (evidence.pods, evidence.steps) == (world.outcome.sight.observations, world.outcome.steps)
    assert (evidence.reload_problem, evidence.now) == (refusal, world.outcome.now)
