"""What is said of one TFModel."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tests.unit.planning.passes import CATS, NOW, at, seen, serves, step
from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.api.status import FetchStatus
from tfs_operator.controller.metrics import tfmodels
from tfs_operator.controller.metrics.exposition import Family, Sample
from tfs_operator.domain.condition_checks import all_conditions
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.recycle import ServerLoad
from tfs_operator.domain.rollout import Action

Values = dict[tuple[str, ...], float]


def tfmodel(**spec: Any) -> TFModel:
    metadata = {"name": "cats", "namespace": "ml", "uid": "u1", "resourceVersion": "1", "generation": 1}
    api = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": metadata}
    return TFModel.parse({**api, "spec": spec or {"modelUri": "file:///cats"}})


def evidence(*pods: PodObservation, **more: Any) -> Evidence:
    return Evidence(ModelServerConfig((CATS,)), replicas=2, pods=pods, now=NOW, **more)


def pod(name: str = "a", problem: Problem | None = None, **models: ModelObservation) -> PodObservation:
    return seen(name, problem, **models)[1]


def values(samples: Iterable[Sample], family: Family) -> Values:
    found = [(sample.labels, sample.value) for sample in samples if sample.family == family]
    assert len(found) == len(dict(found)), "a series twice"
    return dict(found)


def shown(about: Evidence, family: Family, of: TFModel | None = None) -> Values:
    return values(tfmodels.served(of or tfmodel(), "example/server:1", about, all_conditions(about)), family)


def test_every_family_is_listed_once() -> None:
    families = [family for family in vars(tfmodels).values() if isinstance(family, Family)]
    assert sorted(families, key=lambda each: each.name) == sorted(tfmodels.FAMILIES, key=lambda each: each.name)
    assert len({family.name for family in families}) == len(families)


class TestInfo:
    def test_says_how_the_tfmodel_is_served(self) -> None:
        assert shown(evidence(), tfmodels.INFO) == {("example/server:1", "file", "1", "0"): 1}

    def test_of_several_models_has_each_scheme_once(self) -> None:
        uris = {"a": "pvc://models/a", "b": "s3://bucket/b", "c": "pvc://models/c"}
        several = tfmodel(models=[{"name": name, "modelUri": uri} for name, uri in uris.items()], gpus=1)
        assert shown(evidence(), tfmodels.INFO, several) == {("example/server:1", "pvc,s3", "3", "1"): 1}


class TestConditions:
    VERDICTS: Mapping[ConditionType, Verdict] = {ConditionType.READY: Verdict("False", Reason.SUSPENDED, "why")}

    def test_one_of_three_statuses_is_1(self) -> None:
        assert values(tfmodels.conditions(self.VERDICTS), tfmodels.CONDITION) == {
            ("Ready", "True"): 0,
            ("Ready", "False"): 1,
            ("Ready", "Unknown"): 0,
        }

    def test_the_reason_is_a_series_of_its_own(self) -> None:
        assert values(tfmodels.conditions(self.VERDICTS), tfmodels.REASON) == {("Ready", "Suspended"): 1}

    def test_a_tfmodel_that_is_acted_on_has_all(self) -> None:
        found = {type_ for type_, _ in shown(evidence(), tfmodels.CONDITION)}
        optional = {ConditionType.SCALING_ACTIVE, ConditionType.MEMORY_BOUNDED}
        assert found == {*ConditionType} - optional, "these with autoscaling and server.recycle only"


class TestServers:
    def test_say_what_they_have_behind_them(self) -> None:
        about = evidence(loads=(ServerLoad("a", "u/0", 3, 512, 1024), ServerLoad("b", "v/0", 0, None, 1024)))
        assert shown(about, tfmodels.SWAPS) == {("a",): 3, ("b",): 0}
        assert shown(about, tfmodels.MEMORY) == {("a",): 512}
        assert shown(about, tfmodels.MEMORY_LIMIT) == {("a",): 1024}


class TestReplicas:
    def test_wanted_existing_and_ready(self) -> None:
        about = evidence(pod("a"), PodObservation("b", ready=False), PodObservation("c", ready=False))
        found = [shown(about, each) for each in (tfmodels.SPEC_REPLICAS, tfmodels.REPLICAS, tfmodels.READY_REPLICAS)]
        assert found == [{(): 2}, {(): 3}, {(): 1}]


class TestVersions:
    def test_pods_are_counted_by_version_and_state(self) -> None:
        loading = ModelObservation((VersionStatus(1, "AVAILABLE"), VersionStatus(2, "LOADING")), {})
        about = evidence(pod("a", cats=serves(1, 2)), pod("b", cats=loading))
        assert shown(about, tfmodels.VERSIONS) == {
            ("cats", "1", "AVAILABLE"): 2,
            ("cats", "2", "AVAILABLE"): 1,
            ("cats", "2", "LOADING"): 1,
        }

    def test_a_wanted_version_that_a_pod_lacks_is_unknown_there(self) -> None:
        assert shown(evidence(pod("a", cats=serves(1))), tfmodels.VERSIONS)["cats", "2", "UNKNOWN"] == 1

    def test_a_silent_pod_is_not_counted(self) -> None:
        silent = Problem(Reason.MODEL_SERVER_UNREACHABLE, "silent")
        about = evidence(pod("a", cats=serves(1, 2)), pod("b", silent))
        assert shown(about, tfmodels.VERSIONS)["cats", "1", "AVAILABLE"] == 1

    def test_versions_that_are_given_up_or_not_found(self) -> None:
        given_up = replace(step(at(Action.WITHDRAW, NOW)), failed={2: "bad"}, absent={3: "no folder"})
        assert shown(evidence(pod(), steps={"cats": given_up}), tfmodels.FAILED) == {
            ("cats", "2", "VersionFailed"): 1,
            ("cats", "3", "VersionNotFound"): 1,
        }


class TestLabels:
    def test_the_wanted_version_and_the_one_that_every_pod_answers(self) -> None:
        about = evidence(pod("a", cats=serves(1, stable=1)), pod("b", cats=serves(1, stable=1)))
        assert shown(about, tfmodels.SPEC_LABEL) == {("cats", "stable"): 1}
        assert shown(about, tfmodels.LABEL) == {("cats", "stable"): 1}

    def test_pods_that_differ_or_do_not_know_the_label(self) -> None:
        about = evidence(pod("a", cats=serves(1, stable=1)), pod("b", cats=serves(2, stable=2)))
        assert shown(about, tfmodels.LABEL) == {("cats", "stable"): -1}
        assert shown(evidence(pod("a", cats=serves(1))), tfmodels.LABEL) == {("cats", "stable"): -1}

    def test_where_nobody_is_ready_a_label_is_not_wrong(self) -> None:
        assert shown(evidence(), tfmodels.LABEL) == {}
        assert shown(evidence(), tfmodels.SPEC_LABEL) == {("cats", "stable"): 1}


class TestRollouts:
    def test_the_step(self) -> None:
        assert shown(evidence(steps={"cats": step(at(Action.LOAD, NOW))}), tfmodels.STEP) == {("cats", "Load"): 1}


class TestFetches:
    def test_states_and_bytes(self) -> None:
        fetching = [
            FetchStatus(version=1, state="Fetching", bytes=10, total_bytes=40),
            FetchStatus(version=2, state="Failed"),
            FetchStatus(version=3, state="Failed"),
        ]
        about = evidence(fetching={"cats": fetching})
        assert shown(about, tfmodels.FETCHES) == {("cats", "Fetching"): 1, ("cats", "Failed"): 2}
        assert shown(about, tfmodels.FETCHED_BYTES) == {("cats", "1"): 10, ("cats", "2"): 0, ("cats", "3"): 0}
        assert shown(about, tfmodels.TOTAL_BYTES)["cats", "1"] == 40
