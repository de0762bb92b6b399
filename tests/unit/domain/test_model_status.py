"""The status of each model: as the pods answer, not as the spec has it."""

from dataclasses import replace
from typing import Any

import pytest

from tfs_operator.api.status import ModelStatus, Verified
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.model_status import agreed_labels, available_versions, model_statuses, verified_before
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.verification import Answered, Outcome, Probed, Question

WANTED = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1, 2)), {"stable": 1, "canary": 2}),))
NEWEST = ModelServerConfig((ModelConfig("mnist", "/m", Latest(1)),))
BROKEN = VersionStatus(2, "END", "NOT_FOUND", "no saved_model.pb")


def pod(name: str, *versions: VersionStatus, labels: dict[str, int] | None = None, **more: Any) -> PodObservation:
    models = {"mnist": ModelObservation(versions, labels or {})}
    return PodObservation(name, **{"ready": True, "models": models, **more})


def rows(aspired: ModelServerConfig, *pods: PodObservation) -> list[dict[str, Any]]:
    [model] = model_statuses(aspired, pods)
    return [row.model_dump(by_alias=True, exclude_defaults=True) for row in model.versions]


def up(version: int) -> VersionStatus:
    return VersionStatus(version, "AVAILABLE")


def test_all_pods_serve_all_versions_under_all_labels() -> None:
    pods = [pod(name, up(2), up(1), labels={"stable": 1, "canary": 2}) for name in ("a", "b")]
    [model] = model_statuses(WANTED, pods)
    assert model.model_dump(by_alias=True, exclude_none=True) == {
        "name": "mnist",
        "labels": {"canary": 2, "stable": 1},
        "versions": [
            {"version": 1, "state": "AVAILABLE", "availableReplicas": 2, "labels": ["stable"], "message": ""},
            {"version": 2, "state": "AVAILABLE", "availableReplicas": 2, "labels": ["canary"], "message": ""},
        ],
        "fetching": [],
    }


def test_a_version_that_failed_has_the_servers_words_and_the_pod() -> None:
    assert rows(WANTED, pod("a", BROKEN, up(1), labels={"stable": 1})) == [
        {"version": 1, "state": "AVAILABLE", "availableReplicas": 1, "labels": ["stable"]},
        {"version": 2, "state": "END", "message": "NOT_FOUND: no saved_model.pb (pod a)"},
    ]


def test_the_pod_that_is_the_furthest_behind_gives_the_state() -> None:
    aspired = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1,))),))
    loading = VersionStatus(1, "LOADING")
    assert rows(aspired, pod("a", up(1)), pod("b", loading)) == [
        {"version": 1, "state": "LOADING", "availableReplicas": 1}
    ]
    assert rows(aspired, pod("a", up(1)), pod("b")) == [{"version": 1, "state": "UNKNOWN", "availableReplicas": 1}]


def test_a_version_that_is_wanted_but_unheard_of_is_listed() -> None:
    assert rows(WANTED, pod("a")) == [{"version": 1, "state": "UNKNOWN"}, {"version": 2, "state": "UNKNOWN"}]


def test_a_labelled_version_is_listed_under_any_policy() -> None:
    aspired = ModelServerConfig((ModelConfig("mnist", "/m", Latest(1), {"stable": 7}),))
    assert rows(aspired, pod("a", up(8))) == [
        {"version": 7, "state": "UNKNOWN"},
        {"version": 8, "state": "AVAILABLE", "availableReplicas": 1},
    ]


def test_a_version_that_ended_well_is_the_past() -> None:
    assert rows(NEWEST, pod("a", up(2), VersionStatus(1, "END"))) == [
        {"version": 2, "state": "AVAILABLE", "availableReplicas": 1}
    ]


def test_a_version_that_is_not_wanted_but_alive_or_failed_is_listed() -> None:
    leaving = VersionStatus(1, "UNLOADING")
    assert [row["version"] for row in rows(NEWEST, pod("a", up(3), BROKEN, leaving))] == [1, 2, 3]


def test_only_pods_that_answered_count() -> None:
    silent = pod("b", models={}, problem=Problem("ModelServerUnreachable", "timeout"))
    starting = pod("c", up(1), ready=False)
    assert rows(NEWEST, pod("a", up(2)), silent, starting) == [
        {"version": 2, "state": "AVAILABLE", "availableReplicas": 1}
    ]


def test_without_a_pod_nothing_is_claimed() -> None:
    [model] = model_statuses(WANTED, [])
    assert model.labels == {}
    assert [(row.version, row.state, row.available_replicas) for row in model.versions] == [
        (1, "UNKNOWN", 0),
        (2, "UNKNOWN", 0),
    ]


def test_of_very_many_versions_the_newest_are_listed() -> None:
    """More would be refused by the schema, and then no status at all could be written."""
    numbers = [10**18 + number for number in range(300)]
    [model] = model_statuses(NEWEST, [pod("a", *map(up, numbers))])
    assert [row.version for row in model.versions] == numbers[-256:]
    assert len(available_versions([model])) <= 4096
    assert len(available_versions([model, model.model_copy(update={"name": "other"})])) <= 4096


def test_a_long_message_is_cut() -> None:
    broken = VersionStatus(1, "END", "INTERNAL", "x" * 5000)
    [model] = model_statuses(NEWEST, [pod("a", broken)])
    assert len(model.versions[0].message) == 2000


def test_models_are_in_the_order_of_the_spec() -> None:
    aspired = ModelServerConfig((ModelConfig("b", "/b", Latest(1)), ModelConfig("a", "/a", Latest(1))))
    assert [model.name for model in model_statuses(aspired, [])] == ["b", "a"]


class TestAgreedLabels:
    def test_only_what_all_pods_answer_alike_is_agreed(self) -> None:
        one = ModelObservation(labels={"stable": 1, "canary": 2, "old": 0})
        other = ModelObservation(labels={"stable": 1, "canary": 1})
        assert agreed_labels([one, other]) == {"stable": 1}

    def test_version_zero_is_a_version(self) -> None:
        assert agreed_labels([ModelObservation(labels={"old": 0})]) == {"old": 0}

    def test_nobody_agrees_on_nothing(self) -> None:
        assert agreed_labels([]) == {}


class TestAvailableVersions:
    @staticmethod
    def model(name: str, *available: int, loading: int | None = None) -> ModelStatus:
        rows = [{"version": version, "state": "AVAILABLE"} for version in available]
        if loading is not None:
            rows.append({"version": loading, "state": "LOADING"})
        return ModelStatus.model_validate({"name": name, "versions": rows})

    def test_one_model_is_a_plain_list(self) -> None:
        assert available_versions([self.model("m", 1, 2, loading=3)]) == "1,2"

    def test_nothing_available_is_empty(self) -> None:
        assert available_versions([self.model("m")]) == ""
        assert available_versions([]) == ""

    def test_several_models_are_named(self) -> None:
        models = [self.model("cats", 1), self.model("birds", loading=1), self.model("dogs", 1, 2)]
        assert available_versions(models) == "cats:1 dogs:1,2"


class TestVerified:
    """Whether a version has shown that it can predict."""

    GOOD = Verified(outcome="Good")

    def of(self, *pods: PodObservation, before: dict[tuple[str, int], Verified] | None = None) -> dict[int, Any]:
        [model] = model_statuses(WANTED, pods, before)
        return {row.version: row.verified for row in model.versions}

    def asked(self, name: str, outcome: Outcome, words: str = "") -> PodObservation:
        answered = Answered(Question(), Probed(outcome, words))
        return replace(pod(name, up(1), up(2)), probed={"mnist": {2: answered}})

    def test_what_a_pod_answered_is_shown_with_its_words(self) -> None:
        found = self.of(pod("a", up(1), up(2)), self.asked("b", Outcome.BAD, "HTTP 404: no such op"))
        assert found == {1: None, 2: Verified(outcome="Bad", message="HTTP 404: no such op")}

    def test_the_most_telling_of_several_pods_is_shown(self) -> None:
        pods = [self.asked("a", Outcome.UNPROVEN, "no"), self.asked("b", Outcome.GOOD)]
        assert self.of(*pods)[2] == self.GOOD

    def test_an_operator_that_has_started_keeps_what_the_status_says(self) -> None:
        """It asks no version again that has passed its trial."""
        before = {("mnist", 1): self.GOOD, ("mnist", 2): self.GOOD, ("other", 1): self.GOOD}
        assert self.of(pod("a", up(1)), before=before) == {1: self.GOOD, 2: None}

    def test_long_words_are_cut(self) -> None:
        assert len(self.of(self.asked("a", Outcome.BAD, "x" * 9999))[2].message) == 2000

    def test_a_status_is_read_as_it_was_written(self) -> None:
        [model] = model_statuses(WANTED, [self.asked("a", Outcome.UNPROVEN, "no request")])
        status = {"models": [model.model_dump(mode="json", exclude_none=True)]}
        assert verified_before(status) == {("mnist", 2): Verified(outcome="Unproven", message="no request")}

    @pytest.mark.parametrize(
        "status",
        [{}, {"models": None}, {"models": [{"name": "m", "versions": [{"version": 1, "verified": {"a": 1}}]}]}],
    )
    def test_what_cannot_be_read_is_left_out(self, status: dict[str, Any]) -> None:
        assert verified_before(status) == {}
