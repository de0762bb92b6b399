"""The order of what is done to the ConfigMap and to the pods, and who is told nothing."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.errors import Transient
from tfs_operator.controller.apply.children import ApplyFailure
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.pods.reload import Order, Pushed
from tfs_operator.controller.reconcile.rollout_pass import MAX_ROUNDS, PassResult, Rollouts
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, to_annotation
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific, aspired_config
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action, Memory
from tfs_operator.domain.times import rfc3339
from tfs_operator.render import Settings
from tfs_operator.render.deployment import ATTEMPT_ANNOTATION, MODELS_DIGEST_ANNOTATION, attempt_for, models_digest

KEY = TFModelKey("default", "mnist")
NOW = 1_790_000_000.0
REFUSED = ApplyFailure(Problem(Reason.CHILD_REFUSED, "no"), blocking=True)
ASIDE = ApplyFailure(Problem(Reason.CHILD_REFUSED, "no"), blocking=False)
SILENT = Problem(Reason.MODEL_SERVER_UNREACHABLE, "silent")
Manifest = dict[str, Any]


def config(*versions: int, **labels: int) -> ModelServerConfig:
    return ModelServerConfig((ModelConfig("mnist", "/m", Specific(versions), labels),))


ONE, TWO = config(1, stable=1), config(1, 2, canary=2, stable=1)
DIGEST = models_digest(ONE)


def serves(*versions: int, **labels: int) -> ModelObservation:
    return ModelObservation(tuple(VersionStatus(version, AVAILABLE) for version in versions), labels)


@dataclass
class Cluster:
    """A cache, an API server that stores all children in it, and pods that do as they are told."""

    cache: Cache = field(default_factory=Cache)
    refusal: ApplyFailure | None = None
    error: Transient | None = None
    answers: dict[str, PodObservation] = field(default_factory=dict)
    asked: list[Mapping[str, Sequence[str]]] = field(default_factory=list)
    told: list[tuple[str, ModelServerConfig]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    forgotten: list[TFModelKey] = field(default_factory=list)
    obedient: bool = True
    kind_available: Callable[[str], bool] = lambda kind: True

    def put(self, item: Manifest) -> None:
        version = {"resourceVersion": str(len(self.done) + len(self.cache) + 1), "namespace": "default"}
        self.done.append(item["kind"])
        self.cache.upsert({**item, "metadata": {**item["metadata"], **version}})

    def spec_hash(self, versions: list[int], more: Manifest | None = None, **labels: int) -> TFModel:
        labelled = {"versionLabels": labels} if labels else {}
        spec = {"modelUri": "file:///m", "versions": versions, **labelled, **(more or {})}
        metadata = {"name": "mnist", "namespace": "default", "uid": "u1"}
        self.put({"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": metadata, "spec": spec})
        return TFModel.parse(dict(self.cache.get("TFModel", *KEY) or {}))

    def commit(self, text: str, owner: str = "u1") -> None:
        owners = [{"kind": "TFModel", "name": "mnist", "uid": owner, "controller": True}] if owner else []
        metadata = {"name": "mnist-config", "uid": "c", "annotations": {COMMITTED_ANNOTATION: text}}
        self.put({"kind": "ConfigMap", "metadata": {**metadata, "ownerReferences": owners}})

    def pod(self, name: str, seen: ModelObservation | Problem | None, digest: str = DIGEST) -> None:
        """Ready if it has something to say, or is silent; else crashing."""
        ended = {"ready": False, "lastState": {"terminated": {"exitCode": 1}}}
        status = {
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True" if seen else "False"}],
            "containerStatuses": [] if seen else [ended],
        }
        labels = {"app.kubernetes.io/instance": "mnist"}
        metadata = {"name": name, "uid": name, "labels": labels, "annotations": {MODELS_DIGEST_ANNOTATION: digest}}
        self.put({"kind": "Pod", "metadata": metadata, "status": status})
        if isinstance(seen, Problem):
            self.answers[name] = PodObservation(name, ready=True, problem=seen)
        elif seen is not None:
            self.answers[name] = PodObservation(name, ready=True, models={"mnist": seen})

    # what the rollouts use

    async def reconcile(self, tfmodel: TFModel, manifests: list[Manifest]) -> ApplyFailure | None:
        if self.error:
            raise self.error
        if self.refusal is None:
            for manifest in manifests:
                self.put(manifest)
        return self.refusal

    async def observe(
        self, key: TFModelKey, pods: Sequence[PodFacts], asked: Mapping[str, Sequence[str]]
    ) -> tuple[PodObservation, ...]:
        self.asked.append(asked)
        return tuple(self.answers.get(pod.name, PodObservation(pod.name, ready=False)) for pod in pods)

    async def push(self, key: TFModelKey, pods: Sequence[PodFacts], orders: Sequence[Order]) -> Pushed:
        self.done.append("told")
        due = [order for order in orders if not order.shown]
        for order in due:
            self.told.append((order.pod.name, order.config))
            if self.obedient:
                [model] = order.config.models
                assert isinstance(model.policy, Specific)
                self.pod(order.pod.name, serves(*model.policy.versions, **model.labels))
        return Pushed(len(due), not due, None)

    def forget(self, key: TFModelKey) -> None:
        self.forgotten.append(key)

    # what is asked of the rollouts

    @property
    def rollouts(self) -> Rollouts:
        options = {"clock": lambda: NOW, "kind_available": self.kind_available}
        return Rollouts(self.cache, Settings(), self, self, self, self, **options)  # type: ignore[arg-type]  # all in one

    async def advance(self, tfmodel: TFModel, memory: Memory | None = None) -> PassResult:
        return await self.rollouts.advance(KEY, tfmodel, {"mnist": memory} if memory else {})

    @property
    def committed(self) -> ModelServerConfig | None:
        return self.rollouts.committed(KEY)

    @property
    def attempt(self) -> str | None:
        template = (self.cache.get("Deployment", *KEY) or {})["spec"]["template"]
        found: str | None = template["metadata"]["annotations"].get(ATTEMPT_ANNOTATION)
        return found


def serving(*pods: ModelObservation | Problem | None) -> Cluster:
    """Version 1 is committed; the pods are a, b, …."""
    cluster = Cluster()
    cluster.commit(to_annotation(ONE))
    for name, seen in zip("abc", pods, strict=False):
        cluster.pod(name, seen)
    return cluster


class TestCommitted:
    def test_it_is_what_our_own_config_map_says(self) -> None:
        cluster = serving()
        cluster.spec_hash([1])
        assert cluster.committed == ONE

    @pytest.mark.parametrize("owner", ["", "another"])
    def test_a_config_map_that_is_not_controlled_by_this_tfmodel_says_nothing(self, owner: str) -> None:
        cluster = Cluster()
        cluster.spec_hash([1])
        cluster.commit(to_annotation(ONE), owner)
        assert cluster.committed is None

    @pytest.mark.parametrize("text", ["", "{", "[]"])
    def test_what_is_unreadable_says_nothing(self, text: str) -> None:
        cluster = Cluster()
        cluster.spec_hash([1])
        cluster.commit(text)
        assert cluster.committed is None

    def test_without_the_tfmodel_or_a_config_map_there_is_nothing(self) -> None:
        assert serving().committed is None
        cluster = Cluster()
        cluster.spec_hash([1])
        assert cluster.committed is None


class TestOrder:
    async def test_the_first_configuration_is_committed_before_there_are_pods(self) -> None:
        cluster = Cluster()
        progress = await cluster.advance(cluster.spec_hash([1], stable=1))
        assert cluster.committed == ONE
        assert cluster.told == []
        assert [memory.action for memory in progress.taken["mnist"]] == [None, Action.COMMIT, Action.WAIT]

    async def test_versions_are_loaded_then_committed_and_then_the_label_is_set(self) -> None:
        cluster = serving(serves(1, stable=1), serves(1, stable=1))
        progress = await cluster.advance(cluster.spec_hash([1, 2], stable=1, canary=2))
        loaded = config(1, 2, stable=1)
        assert cluster.told == [("a", loaded), ("b", loaded), ("a", TWO), ("b", TWO)]
        assert cluster.committed == TWO
        first_told, last_told = cluster.done.index("told"), len(cluster.done) - cluster.done[::-1].index("told")
        assert "ConfigMap" in cluster.done[first_told:last_told]
        assert progress.pushed.settled
        taken = [memory.action for memory in progress.taken["mnist"]]
        assert taken == [None, Action.LOAD, Action.COMMIT, Action.DONE]
        assert progress.steps["mnist"].action is Action.DONE

    async def test_a_pass_has_an_end_though_pods_never_show_what_they_were_told(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.obedient = False
        progress = await cluster.advance(cluster.spec_hash([1, 2], stable=1))
        assert len(cluster.told) == MAX_ROUNDS
        assert not progress.pushed.settled

    async def test_labels_on_their_way_out_are_asked_for(self) -> None:
        cluster = serving(serves(1, stable=1))
        await cluster.advance(cluster.spec_hash([1], next=1))
        assert cluster.asked[0] == {"mnist": ("next", "stable")}

    async def test_each_new_step_is_one_line_of_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        cluster = serving(serves(1, 2, stable=1))
        tfmodel = cluster.spec_hash([1, 2], stable=1, canary=2)
        with caplog.at_level(logging.INFO):
            progress = await cluster.advance(tfmodel)
            await cluster.advance(tfmodel, progress.steps["mnist"].memory)
        assert [record.getMessage() for record in caplog.records] == [
            "model mnist: Commit: versions 1, 2: AVAILABLE on 1 pod",
            "model mnist: Done: versions 1, 2 on 1 pod",
        ]


class TestWhatIsNotWritten:
    async def test_a_config_map_that_is_refused_tells_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        """A pod that restarts would come up without what the others are told."""
        cluster = serving(serves(1, 2, stable=1))
        cluster.refusal = REFUSED
        with caplog.at_level(logging.INFO):
            progress = await cluster.advance(cluster.spec_hash([1, 2], stable=1, canary=2))
        assert (progress.trouble, progress.pushed.told, progress.pushed.settled) == (REFUSED, 0, False)
        assert cluster.told == []
        assert caplog.records == []

    async def test_another_child_that_is_refused_holds_up_no_pod(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.refusal = ASIDE
        progress = await cluster.advance(cluster.spec_hash([1, 2], stable=1))
        assert progress.trouble == ASIDE
        assert cluster.told == [("a", config(1, 2, stable=1))]

    async def test_an_api_server_that_does_not_answer_tells_nobody(self) -> None:
        cluster = serving(serves(1, 2, stable=1))
        cluster.error = Transient("away")
        with pytest.raises(Transient):
            await cluster.advance(cluster.spec_hash([1, 2], stable=1, canary=2))
        assert cluster.told == []

    async def test_what_is_committed_is_not_guessed_while_the_pods_that_know_are_silent(self) -> None:
        cluster = Cluster()
        cluster.pod("a", SILENT)
        tfmodel = cluster.spec_hash([2])
        done = list(cluster.done)
        progress = await cluster.advance(tfmodel)
        assert cluster.done == done
        assert progress.steps["mnist"].action is Action.WAIT
        assert not progress.pushed.settled


class TestWhoIsTold:
    async def test_pods_of_another_set_of_models_are_told_nothing_and_count_for_nothing(self) -> None:
        cluster = serving(serves(1, stable=1))
        cluster.pod("old", serves(7), digest="another")
        progress = await cluster.advance(cluster.spec_hash([1, 2], stable=1, canary=2))
        assert {name for name, _ in cluster.told} == {"a"}
        assert progress.steps["mnist"].action is Action.DONE
        assert [pod.name for pod in progress.sight.pods] == ["a", "old"]

    async def test_a_silent_pod_is_told_nothing_and_holds_up_nobody(self) -> None:
        cluster = serving(serves(1, stable=1), SILENT)
        progress = await cluster.advance(cluster.spec_hash([1, 2], stable=1, canary=2))
        assert {name for name, _ in cluster.told} == {"a"}
        assert cluster.committed == TWO
        assert progress.sight.fleet("mnist").silent == 1

    async def test_all_are_forgotten_with_the_tfmodel(self) -> None:
        cluster = Cluster()
        cluster.rollouts.forget(KEY)
        assert cluster.forgotten == [KEY] * 4


class TestChildren:
    KEDA: Manifest = {"autoscaling": {"maxReplicas": 3, "keda": {"triggers": [{"type": "cron"}]}}}  # noqa: RUF012  # never changed

    @pytest.mark.parametrize("known", [True, False])
    async def test_a_kind_that_the_cluster_does_not_know_is_left_out(self, known: bool) -> None:
        cluster = Cluster(kind_available=lambda kind: known or kind != "ScaledObject")
        progress = await cluster.advance(cluster.spec_hash([1], self.KEDA))
        assert ("ScaledObject" in cluster.done) is known
        assert "Deployment" in cluster.done
        assert progress.trouble is None

    @pytest.mark.parametrize(("waited", "surge"), [(59, 1), (61, 0)])
    async def test_where_every_gpu_is_taken_an_old_pod_makes_room_after_a_while(self, waited: int, surge: int) -> None:
        cluster = serving(serves(1, stable=1))
        counts = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 1}
        metadata = {"name": "mnist", "uid": "d", "generation": 1}
        cluster.put({"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}, "status": counts})
        words = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
        scheduled = {"type": "PodScheduled", "status": "False", "message": words}
        new = {"name": "new", "uid": "new", "labels": {"app.kubernetes.io/instance": "mnist"}}
        conditions = [{**scheduled, "lastTransitionTime": rfc3339(NOW - waited)}]
        cluster.put({"kind": "Pod", "metadata": new, "status": {"conditions": conditions}})
        progress = await cluster.advance(cluster.spec_hash([1], {"gpus": 1}, stable=1))
        live = cluster.cache.get("Deployment", *KEY) or {}
        assert live["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == surge
        assert progress.sight.surge.until == (NOW + 60 - waited if surge else None)


class TestRescue:
    """No pod comes up with what is committed: the newest wish takes its place, and the pods with it."""

    async def test_pods_that_crash_are_replaced(self) -> None:
        cluster = serving(None, None)
        tfmodel = cluster.spec_hash([2])
        await cluster.advance(tfmodel)
        assert cluster.committed == config(2)
        assert cluster.attempt == attempt_for(tfmodel, config(2))

    async def test_without_pods_there_is_nothing_to_replace(self) -> None:
        """They read it when they start."""
        cluster = serving()
        await cluster.advance(cluster.spec_hash([2]), Memory(action=Action.COMMIT, proven=False))
        assert cluster.committed == config(2)
        assert cluster.attempt is None

    async def test_only_pods_of_these_models_are_replaced(self) -> None:
        cluster = serving()
        cluster.pod("old", None, digest="another")
        await cluster.advance(cluster.spec_hash([2]), Memory(action=Action.COMMIT, proven=False))
        assert cluster.attempt is None

    async def test_pods_that_have_come_up_stay(self) -> None:
        cluster = serving(None)
        tfmodel = cluster.spec_hash([2])
        await cluster.advance(tfmodel)
        cluster.pod("a", serves(2))
        await cluster.advance(cluster.spec_hash([2, 3]))
        assert cluster.committed == config(2, 3)
        assert cluster.attempt == attempt_for(tfmodel, config(2))


def test_the_wish_of_these_tests_is_theirs() -> None:
    """Names and paths agree, else nothing above would be told."""
    assert aspired_config("mnist", Cluster().spec_hash([1], stable=1).spec) == ONE
