"""What is written, counted and told at the end of a pass; and that nothing is told twice."""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.planning.passes import BEFORE, METADATA, NOW, at, live, passed, seen, serves, step
from tfs_operator.api.conditions import Reason
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.errors import ClusterError, Conflict, NotFound, Transient
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.reconcile.status import StatusWriter
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.rollout import Action, Failure
from tfs_operator.planning import Clocks, Observed, Outcome, Passed, Plan, Refused, Remembered, Subject, conclude
from tfs_operator.render import Settings

Manifest = dict[str, Any]
KEY = TFModelKey("default", "mnist")
CLOCKS = Clocks(NOW, 0.0)
SERVING = seen("a", cats=serves(1, 2, stable=1))
CATS = {"namespace": "default", "name": "mnist", "model": "cats"}
FAILURE = Failure(2, "version 2 on pod a: bad", NOW)


@dataclass
class World:
    """An API server that stores the status, and a recorder that notes events down."""

    live: Manifest = field(default_factory=lambda: live("cats"))
    error: ClusterError | None = None
    elsewhere: Manifest | None = None
    writes: int = 0
    events: list[tuple[str, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.metrics = Metrics()
        self.writer = StatusWriter(
            self,  # type: ignore[arg-type]  # stores only
            Cache(),
            self,  # type: ignore[arg-type]  # notes down only
            Settings(),
            self.metrics,
        )

    async def apply_status(self, manifest: Manifest) -> Manifest:
        if self.error:
            raise self.error
        if manifest["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
            raise Conflict("the object has been modified")
        self.writes += 1
        version = {"resourceVersion": str(self.writes + 1)}
        self.live = {**self.live, "metadata": {**METADATA, **version}, "status": manifest["status"]}
        return self.live

    async def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        assert (kind, namespace, name) == ("TFModel", METADATA["namespace"], METADATA["name"])
        return self.stored

    @property
    def stored(self) -> Manifest:
        """What the API server has: the TFModel as the pass saw it, unless somebody else was there."""
        return self.elsewhere or self.live

    def record(self, tfmodel: Manifest, type_: str, reason: str, note: str, action: str) -> bool:
        assert tfmodel["metadata"]["uid"] == "u1"
        self.events.append((type_, reason, note, action))
        return True

    async def end(self, pass_: Passed) -> None:
        """Of a pass over the TFModel as it is now."""
        assert isinstance(pass_.observed, Observed)
        subject = Subject({**pass_.observed.subject.live, **self._as_it_is()}, pass_.observed.tfmodel)
        pass_ = replace(pass_, observed=replace(pass_.observed, subject=subject))
        await self.writer.write(conclude(pass_, Remembered(), 30.0, CLOCKS))

    async def refuse(self, reason: Reason, why: str = "why") -> None:
        pass_ = Passed(Refused(self.live, Problem(reason, why)), Plan(), Outcome())
        await self.writer.write(conclude(pass_, Remembered(), 30.0, CLOCKS))

    def _as_it_is(self) -> Manifest:
        return {"metadata": self.live["metadata"], **({"status": self.live["status"]} if "status" in self.live else {})}

    def shows(self, start: str) -> bool:
        """Whether a line of the metrics begins so."""
        return any(line.startswith(start) for line in self.metrics.exposition().decode().splitlines())

    @property
    def rollout_events(self) -> list[tuple[str, str, str]]:
        return [(type_, reason, note) for type_, reason, note, action in self.events if action == "Rollout"]

    def counted(self, metric: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(metric, labels)


class TestWriting:
    async def test_the_status_has_what_was_observed_and_where_each_model_stands(self) -> None:
        world = World()
        await world.end(passed(SERVING, cats=[BEFORE]))
        status = world.live["status"]
        [model] = status["models"]
        assert (status["observedGeneration"], status["availableVersions"], model["labels"]) == (7, "1,2", {"stable": 1})
        assert (model["rollout"]["step"], model["rollout"]["message"]) == ("Done", "as it is")

    async def test_it_is_written_once_and_told_once(self) -> None:
        world = World()
        for _ in range(3):
            await world.end(passed(SERVING, cats=[BEFORE]))
        assert world.writes == 1
        assert [reason for _, reason, _, _ in world.events] == [
            "Deploying",
            "VersionAvailable",
            "VersionAvailable",
            "LabelMoved",
        ]

    async def test_an_edit_meanwhile_holds_nothing_up(self) -> None:
        world = World()
        world.elsewhere = {**world.live, "metadata": {**METADATA, "resourceVersion": "77"}}
        await world.end(passed(SERVING, cats=[BEFORE]))
        assert world.writes == 1

    async def test_a_tfmodel_of_the_same_name_that_was_made_meanwhile_is_another_one(self) -> None:
        world = World()
        world.elsewhere = {**world.live, "metadata": {**METADATA, "uid": "u2", "resourceVersion": "77"}}
        await world.end(passed(SERVING, cats=[BEFORE]))
        assert (world.writes, world.events) == (0, [])

    async def test_what_could_not_be_written_is_not_told_yet(self) -> None:
        """Else it would be told again when it is."""
        world = World(error=Transient("away"))
        with pytest.raises(Transient):
            await world.end(passed(SERVING, cats=[BEFORE]))
        assert world.events == []
        world.error = None
        await world.end(passed(SERVING, cats=[BEFORE]))
        assert len(world.events) == 4

    async def test_a_tfmodel_that_is_deleted_meanwhile_is_no_error(self) -> None:
        world = World(error=NotFound("gone"))
        await world.refuse(Reason.SUSPENDED)
        assert world.events == []

    async def test_one_that_is_not_acted_on_keeps_what_was_observed(self) -> None:
        world = World()
        await world.end(passed(SERVING, cats=[BEFORE]))
        before = world.live["status"]
        await world.refuse(Reason.SUSPENDED)
        after = world.live["status"]
        assert after["models"] == before["models"]
        assert [condition["reason"] for condition in after["conditions"]] == ["Suspended"] * 2


class TestEvents:
    async def test_failures_are_warnings_and_the_rest_is_normal(self) -> None:
        world = World()
        memory = replace(BEFORE, failures=(FAILURE,))
        await world.end(passed(seen("a", cats=serves(1, stable=1)), cats=[memory]))
        assert world.rollout_events == [
            ("Normal", "VersionAvailable", "version 1 AVAILABLE on 1/1 pods in 90.0 s"),
            ("Normal", "LabelMoved", "stable → 1 on 1/1 pods in 90.0 s"),
            ("Warning", "VersionFailed", "version 2 on pod a: bad; labels stay: stable → 1"),
        ]

    async def test_of_several_models_each_is_named(self) -> None:
        world = World()
        pod = seen("a", cats=serves(1), dogs=serves(2))
        await world.end(passed(pod, cats=[BEFORE], dogs=[BEFORE]))
        assert [note.split(" AVAILABLE")[0] for _, _, note in world.rollout_events] == [
            "model cats: version 1",
            "model dogs: version 2",
        ]

    async def test_what_has_its_own_event_has_no_second_one(self) -> None:
        world = World()
        bad = passed(seen("a", cats=serves(1, stable=1)), cats=[replace(BEFORE, failures=(FAILURE,))])
        failed = replace(step(BEFORE), failed={2: FAILURE.message}, memory=bad.plan.steps["cats"].memory)
        await world.end(replace(bad, plan=replace(bad.plan, steps={"cats": failed})))
        assert world.live["status"]["conditions"][0]["reason"] == "VersionFailed"
        assert [action for *_, action in world.events] == ["Rollout"] * 3

    @pytest.mark.parametrize(
        ("reason", "type_"),
        [(Reason.SUSPENDED, "Warning"), (Reason.INVALID_SPEC, "Warning"), (Reason.SERVING, "Normal")],
    )
    async def test_another_reason_of_ready_is_told_once(
        self, reason: Reason, type_: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World()
        with caplog.at_level(logging.INFO):
            for why in ("why", "why", "another why"):
                await world.refuse(reason, why)
        assert world.writes == 2
        assert world.events == [(type_, reason, "why", "Reconcile")]
        assert [record.getMessage() for record in caplog.records] == [f"Ready=False {reason}: why"]


class TestMetrics:
    async def test_label_moves_failures_and_steps_are_counted(self) -> None:
        world = World()
        failing = replace(at(Action.WITHDRAW, NOW), failures=(FAILURE,))
        taken = [BEFORE, at(Action.LOAD, NOW - 4), failing]
        await world.end(passed(SERVING, cats=taken))
        assert world.counted("tfmodel_label_moves_total", **CATS) == 1
        assert world.counted("tfmodel_version_failures_total", **CATS) == 1
        assert world.counted("tfmodel_rollout_step_duration_seconds_sum", step="Load") == 4
        assert world.counted("tfmodel_rollout_step_duration_seconds_count", step="Withdraw") is None

    async def test_what_the_pods_serve_is_shown_also_when_the_status_cannot_be_written(self) -> None:
        world = World(error=Transient("the API server is away"))
        with pytest.raises(Transient):
            await world.end(passed(SERVING, cats=[BEFORE]))
        assert world.shows('tfmodel_label_version{namespace="default",name="mnist",model="cats",label="stable"} 1')

    async def test_a_tfmodel_that_is_not_acted_on_has_its_conditions_and_nothing_else(self) -> None:
        world = World()
        await world.end(passed(SERVING, cats=[BEFORE]))
        await world.refuse(Reason.SUSPENDED)
        series = 'tfmodel_status_reason{namespace="default",name="mnist",type="Ready",reason="Suspended"} 1'
        assert world.shows(series)
        assert not world.shows("tfmodel_label_version{")
        assert not world.shows("tfmodel_spec_replicas{")

    async def test_the_series_of_a_tfmodel_that_is_gone_go(self) -> None:
        world = World()
        await world.end(passed(SERVING, cats=[replace(BEFORE, failures=(FAILURE,))]))
        world.writer.forget(KEY)
        assert world.counted("tfmodel_label_moves_total", **CATS) is None
        assert world.counted("tfmodel_version_failures_total", **CATS) is None
        world.writer.forget(KEY)
