"""One pass: the order of what is done to the ConfigMap and to the pods, what is refused, and when to look again."""

import logging
from dataclasses import replace
from importlib import import_module

import pytest

from testing.replica_set import made_by
from tests.unit.controller.reconcile.cluster import KEY, NOW, SLOW_SECONDS, Cluster, config, remembers, serves
from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.cluster.errors import Transient
from tfs_operator.controller.reconcile.reconciler import MAX_ROUNDS, NO_REQUEUE, Result
from tfs_operator.domain.autoscaler import AutoscalerFacts
from tfs_operator.domain.committed import to_annotation
from tfs_operator.domain.expectation import expectation
from tfs_operator.domain.fetch_protocol import FetchReport, FetchState, ModelReport, VersionReport
from tfs_operator.domain.observation import ModelObservation, Problem
from tfs_operator.domain.rollout import Action, Facts, Memory, Step
from tfs_operator.domain.rollout import decide as decide_rollout
from tfs_operator.domain.times import rfc3339
from tfs_operator.domain.verification import Answered, Outcome, Probed, Question, Stored
from tfs_operator.planning import ApplyFailure
from tfs_operator.planning.next_look import FAST_SECONDS, LOADING_SECONDS
from tfs_operator.render.deployment import attempt_for, models_digest
from tfs_operator.serving.errors import FetcherUnreachable

REFUSED = ApplyFailure(Problem(Reason.CHILD_REFUSED, "no"), blocking=True)
ASIDE = ApplyFailure(Problem(Reason.CHILD_REFUSED, "no"), blocking=False)
SILENT = Problem(Reason.MODEL_SERVER_UNREACHABLE, "silent")
ONE, TWO = config(1, stable=1), config(1, 2, canary=2, stable=1)
STABLE, CANARY = {"stable": 1}, {"canary": 2, "stable": 1}
FAST, SLOW = Result(seconds=FAST_SECONDS), Result(seconds=SLOW_SECONDS)


def serving(*pods: ModelObservation | Problem | None) -> Cluster:
    """Version 1 is committed; the pods are a, b, …."""
    cluster = Cluster()
    cluster.commit(to_annotation(ONE))
    for name, seen in zip("abc", pods, strict=False):
        cluster.pod(name, seen)
    return cluster


def test_the_spec_of_these_tests_is_theirs() -> None:
    """Names and paths agree, else nothing below would be sent."""
    cluster = Cluster()
    cluster.tfmodel(versionLabels=STABLE)
    assert cluster.aspired == ONE


class TestCommitted:
    """What is committed shows in what a pass does: a fleet that serves it, and is to serve it, is left alone."""

    @staticmethod
    async def is_read(cluster: Cluster) -> bool:
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        cluster.pod("a", serves(1, stable=1))
        await cluster.pass_()
        return cluster.steps_taken[1] is Action.LOAD

    async def test_it_is_what_our_own_config_map_says(self) -> None:
        assert await self.is_read(serving())

    @pytest.mark.parametrize("owner", ["", "another"])
    async def test_a_config_map_that_is_not_controlled_by_this_tfmodel_says_nothing(self, owner: str) -> None:
        cluster = Cluster()
        cluster.commit(to_annotation(ONE), owner)
        assert not await self.is_read(cluster)

    @pytest.mark.parametrize("text", ["", "{", "[]"])
    async def test_what_is_unreadable_says_nothing(self, text: str) -> None:
        cluster = Cluster()
        cluster.commit(text)
        assert not await self.is_read(cluster)

    async def test_without_a_config_map_there_is_nothing(self) -> None:
        assert not await self.is_read(Cluster())


class TestOrder:
    async def test_the_first_configuration_is_committed_before_there_are_pods(self) -> None:
        cluster = Cluster()
        cluster.tfmodel(versionLabels=STABLE)
        await cluster.pass_()
        assert cluster.committed == ONE
        assert cluster.told == []
        assert cluster.steps_taken == [None, Action.COMMIT, Action.WAIT]

    async def test_versions_are_loaded_then_committed_and_then_the_label_is_set(self) -> None:
        cluster = serving(serves(1, stable=1), serves(1, stable=1))
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        assert await cluster.pass_() == SLOW
        loaded = config(1, 2, stable=1)
        assert cluster.told == [("a", loaded), ("b", loaded), ("a", TWO), ("b", TWO)]
        assert cluster.committed == TWO
        first_told, last_told = cluster.done.index("told"), len(cluster.done) - cluster.done[::-1].index("told")
        assert "ConfigMap" in cluster.done[first_told:last_told]
        assert cluster.steps_taken == [None, Action.LOAD, Action.COMMIT, Action.DONE]

    async def test_a_pass_has_an_end_though_pods_never_show_what_they_were_told(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.obedient = False
        cluster.tfmodel([1, 2], versionLabels=STABLE)
        assert await cluster.pass_() == Result(seconds=LOADING_SECONDS)
        assert len(cluster.told) == MAX_ROUNDS

    async def test_labels_on_their_way_out_are_asked_for(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.tfmodel(versionLabels={"next": 1})
        await cluster.pass_()
        assert cluster.asked[0] == {"mnist": ("next", "stable")}

    async def test_each_new_step_is_one_line_of_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        cluster = serving(serves(1, 2, stable=1))
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        with caplog.at_level(logging.INFO):
            await cluster.pass_()
            cluster.tfmodel([1, 2], cluster.written[-1].status, versionLabels=CANARY)
            await cluster.pass_()
        assert [record.getMessage() for record in caplog.records] == [
            "model mnist: Commit: versions 1, 2: AVAILABLE on 1 pod",
            "model mnist: Done: versions 1, 2 on 1 pod",
        ]


class TestWhatIsNotWritten:
    async def test_a_config_map_that_is_refused_tells_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        """A pod that restarts would come up without what the others are told."""
        cluster = serving(serves(1, 2, stable=1))
        cluster.failure = REFUSED
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        with caplog.at_level(logging.INFO):
            assert await cluster.pass_() == Result(back_off=True)
        assert cluster.evidence.blocked == REFUSED.problem
        assert cluster.told == []
        assert caplog.records == []

    async def test_another_child_that_is_refused_holds_up_no_pod(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.failure = ASIDE
        cluster.tfmodel([1, 2], versionLabels=STABLE)
        await cluster.pass_()
        assert cluster.evidence.blocked == ASIDE.problem
        assert cluster.told == [("a", config(1, 2, stable=1))]

    async def test_it_leaves_the_next_look_as_it_is(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.failure = ASIDE
        cluster.tfmodel(versionLabels=STABLE)
        assert await cluster.pass_() == SLOW

    async def test_an_api_server_that_does_not_answer_tells_nobody(self) -> None:
        cluster = serving(serves(1, 2, stable=1))
        cluster.error = Transient("away")
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        with pytest.raises(Transient):
            await cluster.pass_()
        assert cluster.told == []

    async def test_what_is_committed_is_not_guessed_while_the_pods_that_know_are_silent(self) -> None:
        cluster = Cluster()
        cluster.pod("a", SILENT)
        cluster.tfmodel([2])
        done = list(cluster.done)
        assert await cluster.pass_() == FAST
        assert cluster.done == done
        assert cluster.evidence.steps["mnist"].action is Action.WAIT


class TestWhoIsTold:
    async def test_pods_of_another_set_of_models_are_told_nothing_and_count_for_nothing(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.pod("old", serves(7), digest="another")
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        await cluster.pass_()
        assert {name for name, _ in cluster.told} == {"a"}
        assert cluster.steps_taken[-1] is Action.DONE
        assert [pod.name for pod in cluster.evidence.pods] == ["a", "old"]

    async def test_a_silent_pod_is_told_nothing_and_holds_up_nobody(self) -> None:
        cluster = serving(serves(1, stable=1), SILENT)
        cluster.tfmodel([1, 2], versionLabels=CANARY)
        await cluster.pass_()
        assert {name for name, _ in cluster.told} == {"a"}
        assert cluster.committed == TWO


KEDA: Manifest = {"minReplicas": 0, "maxReplicas": 9, "keda": {"triggers": [{"type": "cron", "metadata": {}}]}}


class TestChildren:
    @pytest.mark.parametrize("known", [True, False])
    async def test_a_kind_that_the_cluster_does_not_know_is_left_out_and_looked_for(self, known: bool) -> None:
        cluster = Cluster(unknown_kinds=frozenset() if known else frozenset({"ScaledObject"}))
        cluster.tfmodel(autoscaling=KEDA)
        await cluster.pass_()
        assert ("ScaledObject" in cluster.done) is known
        assert ("ScaledObject" in cluster.looked_for) is not known
        assert "Deployment" in cluster.done
        assert cluster.evidence.blocked is None
        assert cluster.evidence.autoscaler == AutoscalerFacts("ScaledObject", 0, 9, installed=known)

    async def test_it_is_looked_for_also_while_no_child_can_be_decided(self) -> None:
        cluster = Cluster(unknown_kinds=frozenset({"ScaledObject"}))
        cluster.pod("a", SILENT)
        cluster.tfmodel(autoscaling=KEDA)
        await cluster.pass_()
        assert cluster.looked_for == ["ScaledObject"]

    @pytest.mark.parametrize(("waited", "surge"), [(59, 1), (61, 0)])
    async def test_where_every_gpu_is_taken_an_old_pod_makes_room_after_a_while(self, waited: int, surge: int) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.deployment(1, observedGeneration=1, status_replicas=2, updatedReplicas=1, readyReplicas=1)
        words = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
        scheduled = {"type": "PodScheduled", "status": "False", "message": words}
        new = {"name": "new", "uid": "new", "labels": {"app.kubernetes.io/instance": "mnist"}}
        conditions = [{**scheduled, "lastTransitionTime": rfc3339(NOW - waited)}]
        cluster.put({"kind": "Pod", "metadata": made_by("mnist", new), "status": {"conditions": conditions}})
        cluster.tfmodel(gpus=1, versionLabels=STABLE)
        result = await cluster.pass_()
        live = cluster.cache.get("Deployment", *KEY) or {}
        assert live["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == surge
        assert cluster.evidence.surge.until == (NOW + 60 - waited if surge else None)
        assert result.seconds is not None
        assert result.seconds <= 60 - waited or not surge

    async def test_the_count_that_is_judged_is_the_autoscalers(self) -> None:
        cluster = serving(SILENT)
        cluster.failure = ASIDE
        cluster.deployment(6)
        cluster.tfmodel(autoscaling=KEDA, replicas=3)
        await cluster.pass_()
        assert cluster.evidence.replicas == 6

    async def test_without_one_it_is_the_specs(self) -> None:
        cluster = serving(SILENT)
        cluster.failure = ASIDE
        cluster.deployment(6)
        cluster.tfmodel(replicas=3)
        await cluster.pass_()
        assert (cluster.evidence.replicas, cluster.evidence.autoscaler) == (3, None)


class TestReplacedPods:
    """No pod comes up with what is committed: the newest spec takes its place, and the pods with it."""

    UNPROVEN = remembers(Memory(action=Action.COMMIT, proven=False))

    async def test_pods_that_crash_are_replaced(self) -> None:
        cluster = serving(None, None)
        cluster.tfmodel([2])
        tfmodel = cluster.parsed
        await cluster.pass_()
        assert cluster.committed == config(2)
        assert cluster.attempt == attempt_for(tfmodel, config(2))

    async def test_without_pods_there_is_nothing_to_replace(self) -> None:
        """They read it when they start."""
        cluster = serving()
        cluster.tfmodel([2], self.UNPROVEN)
        await cluster.pass_()
        assert cluster.committed == config(2)
        assert cluster.attempt is None

    async def test_only_pods_of_these_models_are_replaced(self) -> None:
        cluster = serving()
        cluster.pod("old", None, digest="another")
        cluster.tfmodel([2], self.UNPROVEN)
        await cluster.pass_()
        assert cluster.attempt is None

    async def test_pods_that_have_come_up_stay(self) -> None:
        cluster = serving(None)
        cluster.tfmodel([2])
        tfmodel = cluster.parsed
        await cluster.pass_()
        cluster.pod("a", serves(2))
        cluster.tfmodel([2, 3], cluster.written[-1].status)
        await cluster.pass_()
        assert cluster.committed == config(2, 3)
        assert cluster.attempt == attempt_for(tfmodel, config(2))


LOADING = Memory("w", Action.LOAD, NOW - 1000, waiting=((2, NOW - 999),), began=NOW - 1000)
RESUMED = replace(LOADING, since=NOW, waiting=((2, NOW),))


class TestMemory:
    async def test_a_new_process_gives_a_load_its_whole_time_again_and_then_goes_on(self) -> None:
        cluster = Cluster()
        for memory in (RESUMED, LOADING):
            cluster.tfmodel(status=remembers(LOADING))
            await cluster.pass_()
            assert cluster.written[-1].reports["mnist"].taken[0] == memory

    @pytest.mark.parametrize("pause", [{"suspend": True}, {"modelUri": "ftp://m"}, {"modelUri": "hostpath:///m"}])
    async def test_so_does_the_end_of_a_pause(self, pause: Manifest) -> None:
        cluster = Cluster()
        for spec in ({}, pause, {}):
            cluster.tfmodel(status=remembers(LOADING), **spec)
            await cluster.pass_()
        assert cluster.written[-1].reports["mnist"].taken[0] == RESUMED

    async def test_a_status_that_cannot_be_read_remembers_nothing(self) -> None:
        cluster = Cluster()
        cluster.tfmodel(status={"models": [{"name": "mnist", "rollout": {}}]})
        await cluster.pass_()
        assert cluster.written[-1].reports["mnist"].taken[0] == Memory()


class TestWhatIsNotActedOn:
    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            ({"suspend": True}, Reason.SUSPENDED),
            ({"modelUri": "ftp://m"}, Reason.INVALID_SPEC),
            ({"modelUri": "hostpath:///m"}, Reason.HOSTPATH_NOT_ALLOWED),
        ],
    )
    async def test_its_status_says_why_and_no_pod_is_asked(self, spec: Manifest, reason: Reason) -> None:
        cluster = serving(serves(1))
        cluster.tfmodel([2], **spec)
        done = list(cluster.done)
        assert await cluster.pass_() == NO_REQUEUE
        assert cluster.reason == reason
        assert (cluster.asked, cluster.done) == ([], done)

    @pytest.mark.parametrize("deleted", [True, False])
    async def test_one_that_is_gone_or_goes_is_forgotten_and_the_calls_to_its_pods_end(self, deleted: bool) -> None:
        cluster = Cluster()
        known = cluster.states.of(KEY)
        if deleted:
            cluster.tfmodel(deleted=True)
        assert await cluster.pass_() == NO_REQUEUE
        assert (cluster.written, cluster.forgotten) == ([], [KEY])
        rooms = (known.observer, known.reloader, known.fetchers, known.prober, known.changes, known.stored_requests)
        assert cluster.closed == len(rooms)
        assert len(cluster.states) == 0


class TestTheNextLook:
    async def test_rest_is_looked_at_slowly_and_what_moves_soon(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.tfmodel(versionLabels=STABLE)
        assert await cluster.pass_() == SLOW
        cluster.obedient = False
        cluster.tfmodel(versionLabels={"stable": 1, "next": 1})
        assert await cluster.pass_() == FAST

    async def test_the_conditions_are_judged_by_what_the_pass_has_seen(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.tfmodel(versionLabels=STABLE)
        await cluster.pass_()
        assert cluster.evidence.pods == (cluster.answers["a"],)
        assert [step.action for step in cluster.evidence.steps.values()] == [Action.DONE]
        assert cluster.evidence.now == NOW


class TestFetchers:
    async def test_those_of_all_pods_are_ordered_also_while_their_pods_are_not_ready(self) -> None:
        """One of an unknown set of models has no model to hold. It is told what is committed, and keeps its own."""
        cluster = Cluster()
        cluster.tfmodel(modelUri="s3://bucket/m")
        await cluster.pass_()
        cluster.pod("a", None, digest=models_digest(cluster.aspired))
        cluster.pod("old", None, digest="another")
        await cluster.pass_()
        assert {pod: list(order.models) for pod, order in cluster.ordered.items()} == {"a": ["mnist"], "old": []}
        assert all(order.expect == expectation(cluster.aspired) for order in cluster.ordered.values())

    @pytest.mark.parametrize(("others", "alone"), [(None, True), (serves(1), False)])
    async def test_a_pod_is_told_whether_another_one_is_ready(
        self, others: ModelObservation | None, alone: bool
    ) -> None:
        cluster = Cluster()
        cluster.tfmodel()
        cluster.commit(to_annotation(cluster.aspired))
        cluster.pod("a", None, digest=models_digest(cluster.aspired))
        cluster.pod("old", others, digest="another")
        await cluster.pass_()
        assert cluster.ordered["a"].alone is alone

    async def test_what_one_has_found_is_ordered_of_all_by_name(self) -> None:
        cluster = Cluster()
        cluster.tfmodel(models=[{"name": "mnist", "modelUri": "s3://bucket/m", "versionPolicy": {"latest": 1}}])
        cluster.commit(to_annotation(cluster.aspired))
        for name in "ab":
            cluster.pod(name, None, digest=models_digest(cluster.aspired))
        cluster.listings = {"mnist": frozenset({4, 5})}
        await cluster.pass_()
        assert {order.models["mnist"].hold.versions for order in cluster.ordered.values()} == {(5,)}

    async def test_pods_of_the_set_before_are_ordered_the_models_that_they_share(self) -> None:
        """From where they had another model of the same name, they would fetch that one's versions."""
        cluster = Cluster()
        models = [{"name": name, "modelUri": f"s3://bucket/{name}", "versions": [2]} for name in ("cats", "dogs")]
        cluster.tfmodel(models=models)
        [cats, dogs] = cluster.aspired.models
        before = replace(cluster.aspired, models=(cats, replace(dogs, base_path="/models/store/s3/bucket/cows")))
        cluster.commit(to_annotation(before))
        cluster.pod("old", None, digest=models_digest(before))
        cluster.pod("new", None, digest=models_digest(cluster.aspired))
        await cluster.pass_()
        assert {pod: list(order.models) for pod, order in cluster.ordered.items()} == {
            "new": ["cats", "dogs"],
            "old": ["cats"],
        }

    async def test_a_report_is_a_part_of_what_the_pod_answers(self) -> None:
        cluster = Cluster()
        cluster.tfmodel(modelUri="s3://bucket/m")
        cluster.commit(to_annotation(cluster.aspired))
        for name in "ab":
            cluster.pod(name, None, digest=models_digest(cluster.aspired))
        report = ModelReport(uri="s3://bucket/m", versions=(VersionReport(version=1, state=FetchState.FETCHING),))
        unreachable = FetcherUnreachable("10.0.0.1", 8502, "refused")
        cluster.reports = {"a": FetchReport(models={"mnist": report}), "b": unreachable}
        await cluster.pass_()
        first, second = cluster.evidence.pods
        assert (first.fetches, second.fetches) == ({"mnist": report}, {})
        assert second.unreported == str(unreachable)
        assert [status.version for status in cluster.evidence.fetching["mnist"]] == [1]
        assert cluster.followed == ["a", "b"]

    async def test_nothing_is_ordered_before_anything_is_committed(self) -> None:
        cluster = Cluster(failure=REFUSED)
        cluster.pod("a", SILENT)
        cluster.tfmodel(modelUri="s3://bucket/m")
        await cluster.pass_()
        assert cluster.ordered == {}


class TestQuestions:
    async def test_what_was_answered_is_a_part_of_what_the_pod_says(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.tfmodel(versionLabels=STABLE)
        cluster.probes = {"a": {"mnist": {1: Answered(Question(), Probed(Outcome.GOOD))}}}
        await cluster.pass_()
        assert cluster.evidence.pods[0].probed == cluster.probes["a"]

    async def test_the_pods_are_asked_what_the_plan_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def step(facts: Facts) -> Step:
            return replace(decide_rollout(facts), probes={"a": frozenset({1})})

        monkeypatch.setattr(import_module("tfs_operator.planning.decide"), "decide_rollout", step)
        cluster = serving(serves(1, stable=1))
        cluster.tfmodel(versionLabels=STABLE)
        await cluster.pass_()
        assert {(order.pod.name, order.model, order.version) for order in cluster.questions} == {("a", "mnist", 1)}

    async def test_the_config_map_that_the_spec_names_is_a_part_of_what_is_decided(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.tfmodel(versionLabels=STABLE, rollout={"verify": {"configMap": {"name": "digits"}}})
        cluster.stored = Stored(problem="does not exist")
        await cluster.pass_()
        assert list(cluster.evidence.verify_problems) == ["mnist"]
