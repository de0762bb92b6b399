"""Each check of each chain, and which of two that have something to say speaks first."""

from dataclasses import replace
from typing import Any

import pytest

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.recycle import Recycle
from tfs_operator.domain.autoscaler import HPA, SCALED_OBJECT, AutoscalerFacts
from tfs_operator.domain.condition_checks import LABEL_CHECKS, VERSION_CHECKS, all_conditions, inactive_conditions
from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.recycle import RecycleFacts
from tfs_operator.domain.rollout import Action, Goal, Memory, Step
from tfs_operator.domain.surge import Surge
from tfs_operator.domain.times import since

LABELS = {"stable": 1, "canary": 2}
WANTED = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1, 2)), LABELS),))
UNLABELLED = ModelServerConfig((ModelConfig("mnist", "/m", Specific((1, 2))),))
NEWEST = ModelServerConfig((ModelConfig("mnist", "/m", Latest(1)),))
COMPLETE = DeploymentFacts(current=True, desired=2, replicas=2, updated=2, ready=2)
ROLLING = DeploymentFacts(current=True, desired=2, replicas=3, updated=1, ready=2)
UP = (VersionStatus(1, "AVAILABLE"), VersionStatus(2, "AVAILABLE"))
BROKEN = (VersionStatus(1, "AVAILABLE"), VersionStatus(2, "END", "NOT_FOUND", "no saved_model.pb"))
NOW = 1_790_000_000.0
LATELY = "2026-09-21T14:13:20Z"
SILENT = Problem(Reason.MODEL_SERVER_UNREACHABLE, "pod b does not answer")
REFUSED = Problem(Reason.RELOAD_REFUSED, "pod b refused its configuration")


def pod(name: str, versions: tuple[VersionStatus, ...] = UP, labels: Any = LABELS, **more: Any) -> PodObservation:
    models = {"mnist": ModelObservation(versions, labels)}
    return PodObservation(name, **{"ready": True, "models": models, **more})


def down(name: str, problem: Problem | None = None) -> PodObservation:
    return PodObservation(name, ready=False, problem=problem)


def unready(name: str, versions: tuple[VersionStatus, ...] = UP, labels: Any = LABELS) -> PodObservation:
    """Its server answers, though the pod is not ready."""
    return pod(name, versions, labels, ready=False, answered_unready=True)


def at(action: Action, message: str = "", begun: float = NOW, **more: Any) -> dict[str, Step]:
    """Where the rollout of the model mnist stands."""
    return {"mnist": Step(action, message, Goal(WANTED.models[0]), memory=Memory(action=action, since=begun), **more)}


FAILED = at(Action.WITHDRAW, failed={2: "version 2 on pod b: NOT_FOUND: no saved_model.pb"})
ABSENT = at(Action.LOAD, absent={2: "version 2: no server finds a folder 2 below /m"})
GOOD = Evidence(WANTED, 2, COMPLETE, (pod("a"), pod("b")), steps=at(Action.DONE), now=NOW)
NO_POD = replace(GOOD, deployment=DeploymentFacts(current=True, desired=2, replicas=2, updated=2), pods=(down("a"),))


def judged(evidence: Evidence, kind: ConditionType) -> tuple[str, Reason, str]:
    verdict = all_conditions(evidence)[kind]
    return verdict.status, verdict.reason, verdict.words


def with_pods(*pods: PodObservation, **more: Any) -> Evidence:
    return replace(GOOD, pods=pods, **more)


def test_all_is_well() -> None:
    assert all_conditions(GOOD) == {
        ConditionType.READY: Verdict(
            "True", Reason.SERVING, "mnist: all versions and labels answer on 2 of 2 replicas"
        ),
        ConditionType.MODELS_FETCHED: Verdict("True", Reason.NOTHING_TO_FETCH, "no model comes from a store"),
        ConditionType.VERSIONS_AVAILABLE: Verdict(
            "True", Reason.COMPLETE, "every version that the spec asks for is AVAILABLE on every ready pod"
        ),
        ConditionType.LABELS_APPLIED: Verdict(
            "True", Reason.COMPLETE, "every ready pod answers every label with its version"
        ),
        ConditionType.PROGRESSING: Verdict("True", Reason.COMPLETE, "the spec is fulfilled"),
    }


def test_every_chain_ends_with_a_check_that_always_speaks() -> None:
    for checks in (VERSION_CHECKS, LABEL_CHECKS):
        assert checks[-1](Evidence(NEWEST, 1)) is not None


class TestVersionsAvailable:
    KIND = ConditionType.VERSIONS_AVAILABLE

    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            (
                replace(NO_POD, replicas=0),
                ("Unknown", Reason.SCALED_TO_ZERO, "replicas is 0, so no pod can be queried"),
            ),
            (NO_POD, ("Unknown", Reason.DEPLOYING, "no pod is ready to be queried")),
            (
                with_pods(pod("a"), pod("b", problem=SILENT)),
                ("Unknown", Reason.MODEL_SERVER_UNREACHABLE, "pod b does not answer"),
            ),
            (
                with_pods(pod("a"), pod("b", BROKEN), steps=FAILED),
                ("False", Reason.VERSION_FAILED, "model mnist version 2 on pod b: NOT_FOUND: no saved_model.pb"),
            ),
            (
                with_pods(pod("a", UP[:1]), steps=ABSENT),
                (
                    "False",
                    Reason.VERSION_NOT_FOUND,
                    f"model mnist version 2: no server finds a folder 2 below /m; looked for since {LATELY}",
                ),
            ),
            (
                with_pods(pod("a"), pod("b", (VersionStatus(2, "LOADING"),))),
                ("False", Reason.LOADING, "model mnist on pod b: waiting for version 1, 2 to be AVAILABLE"),
            ),
            (
                with_pods(pod("a", (VersionStatus(1, "LOADING"),)), aspired=NEWEST),
                ("False", Reason.LOADING, "model mnist on pod a: no version is AVAILABLE"),
            ),
        ],
    )
    def test_the_first_check_that_has_something_to_say_speaks(
        self, evidence: Evidence, expected: tuple[str, Reason, str]
    ) -> None:
        assert judged(evidence, self.KIND) == expected

    def test_a_pod_that_is_not_ready_is_not_asked(self) -> None:
        assert judged(with_pods(pod("a"), pod("b", (), ready=False)), self.KIND)[0] == "True"

    @pytest.mark.parametrize(
        ("found", "words"),
        [
            ((), ": the server finds none below /m"),
            ((VersionStatus(3, "END"),), ": the server finds none below /m"),
            ((VersionStatus(3, "END", "NOT_FOUND", "no graph"),), ""),
            ((VersionStatus(3, "LOADING"),), ""),
        ],
    )
    def test_a_policy_that_finds_nothing_is_told_with_the_base_path(
        self, found: tuple[VersionStatus, ...], words: str
    ) -> None:
        """Also of a version that was unloaded since its folder is gone."""
        evidence = with_pods(pod("a", found), aspired=NEWEST)
        assert judged(evidence, self.KIND)[2] == f"model mnist on pod a: no version is AVAILABLE{words}"

    def test_a_pod_of_another_set_of_models_is_not_judged_by_what_it_does_not_run(self) -> None:
        aspired = ModelServerConfig((*WANTED.models, ModelConfig("cats", "/c", Specific((1,)), {"stable": 1})))
        evidence = with_pods(pod("a"), pod("b", lacks=frozenset({"cats"})), aspired=aspired)
        assert judged(evidence, self.KIND)[2] == "model cats on pod a: waiting for version 1 to be AVAILABLE"
        evidence = with_pods(pod("b", lacks=frozenset({"cats"})), aspired=aspired)
        for kind in (self.KIND, ConditionType.LABELS_APPLIED):
            assert judged(evidence, kind) == (
                "False",
                Reason.DEPLOYING,
                "pod b was made without model cats, and is being replaced",
            )

    def test_while_none_is_ready_those_that_answer_are_judged(self) -> None:
        evidence = replace(NO_POD, pods=(unready("a", UP[:1]), down("b")))
        assert judged(evidence, self.KIND) == (
            "False",
            Reason.LOADING,
            "model mnist on pod a: waiting for version 2 to be AVAILABLE",
        )

    def test_those_that_lack_nothing_are_not_ready_all_the_same(self) -> None:
        evidence = replace(NO_POD, pods=(unready("a"), down("b")))
        assert judged(evidence, self.KIND) == ("Unknown", Reason.DEPLOYING, "no pod is ready")

    def test_beside_a_ready_pod_one_that_is_not_ready_is_not_judged(self) -> None:
        assert judged(with_pods(pod("a"), unready("b", ())), self.KIND)[0] == "True"

    def test_a_failure_of_a_version_that_is_not_wanted_any_more_does_not_count(self) -> None:
        failed = VersionStatus(9, "END", "INTERNAL", "bad")
        assert judged(with_pods(pod("a", (*UP, failed))), self.KIND)[0] == "True"

    def test_all_versions_that_failed_are_told_with_their_model(self) -> None:
        steps = at(Action.WITHDRAW, failed={2: "version 2: bad", 3: "version 3: worse"})
        assert judged(replace(GOOD, steps=steps), self.KIND)[2] == "model mnist version 2: bad; version 3: worse"

    def test_what_a_pod_lists_as_failed_counts_only_when_the_rollout_says_so(self) -> None:
        """A failure of which only another try can say more is the rollout's to decide."""
        aspired = ModelServerConfig((ModelConfig("mnist", "/m", Latest(2)),))
        assert judged(with_pods(pod("a", BROKEN), aspired=aspired), self.KIND)[0] == "True"

    def test_a_version_that_ended_well_does_not_count(self) -> None:
        past = VersionStatus(1, "END")
        assert judged(with_pods(pod("a", (past, UP[1])), aspired=NEWEST), self.KIND)[0] == "True"

    @pytest.mark.parametrize(("steps", "reason"), [(FAILED, Reason.VERSION_FAILED), (ABSENT, Reason.VERSION_NOT_FOUND)])
    def test_a_failure_is_told_before_silence_and_before_what_is_missing(
        self, steps: dict[str, Step], reason: Reason
    ) -> None:
        evidence = with_pods(pod("a", (VersionStatus(1, "LOADING"),)), pod("b", problem=SILENT), steps=steps)
        assert judged(evidence, self.KIND)[1] == reason

    def test_a_failure_is_told_also_while_no_pod_is_ready(self) -> None:
        """The version may have ended the server of the only pod."""
        assert judged(replace(NO_POD, steps=FAILED), self.KIND)[1] == Reason.VERSION_FAILED

    @pytest.mark.parametrize(
        ("begun", "lasting"), [(NOW, ""), (NOW - 59, ""), (NOW - 400, " (over 5 min)"), (NOW - 90_000, " (over a day)")]
    )
    def test_what_is_waited_for_is_said_with_since_when(self, begun: float, lasting: str) -> None:
        message = judged(with_pods(pod("a", ()), steps=at(Action.LOAD, begun=begun)), self.KIND)[2]
        assert message == f"model mnist on pod a: waiting for version 1, 2 to be AVAILABLE; waiting {since(begun, NOW)}"
        assert message.endswith("Z" + lasting)

    def test_a_server_that_is_not_up_is_waited_for_in_the_rollouts_words(self) -> None:
        evidence = replace(NO_POD, steps=at(Action.WAIT, "no pod is ready yet"))
        words = f"no pod is ready to be queried; model mnist: no pod is ready yet; waiting since {LATELY}"
        assert judged(evidence, self.KIND) == ("Unknown", Reason.DEPLOYING, words)

    def test_a_version_that_a_server_refuses_to_load_is_told_as_refused(self) -> None:
        """Also without labels, where no other condition could say so."""
        waiting = pod("a", versions=UP[:1], labels={})
        evidence = replace(with_pods(waiting), aspired=UNLABELLED, reload_problem=REFUSED)
        assert judged(evidence, self.KIND) == ("False", Reason.RELOAD_REFUSED, REFUSED.message)
        assert judged(evidence, ConditionType.READY)[1] == Reason.RELOAD_REFUSED

    def test_every_model_counts(self) -> None:
        aspired = ModelServerConfig((*WANTED.models, ModelConfig("cats", "/c", Latest(1))))
        assert judged(replace(GOOD, aspired=aspired), self.KIND) == (
            "False",
            Reason.LOADING,
            "model cats on pod a: no version is AVAILABLE: the server finds none below /c",
        )


class TestVerifyThatCannotBeUsed:
    PROBLEM = "ConfigMap digits, which rollout.verify.configMap names, does not exist"

    def evidence(self, action: Action, *pods: PodObservation, **more: Any) -> Evidence:
        given = {"verify_problems": {"mnist": self.PROBLEM}, "steps": at(action), **more}
        return with_pods(*(pods or (pod("a"), pod("b"))), **given)

    def test_while_a_new_version_waits_it_is_what_a_person_has_to_correct(self) -> None:
        words = f"model mnist waits with new versions: {self.PROBLEM}"
        evidence = self.evidence(Action.LOAD, pod("a", UP[:1], {"stable": 1}), pod("b", UP[:1], {"stable": 1}))
        for kind in (ConditionType.READY, ConditionType.VERSIONS_AVAILABLE, ConditionType.PROGRESSING):
            assert judged(evidence, kind) == ("False", Reason.VERIFY_NOT_READABLE, words)

    @pytest.mark.parametrize("action", [Action.DONE, Action.BAKE, Action.RETIRE])
    def test_while_the_spec_is_served_it_is_announced(self, action: Action) -> None:
        evidence = self.evidence(action)
        status, reason, message = judged(evidence, ConditionType.READY)
        assert (status, reason) == ("True", Reason.SERVING)
        assert message.endswith(f"; new versions will wait: {self.PROBLEM}")
        assert judged(evidence, ConditionType.PROGRESSING)[0] == "True"

    def test_a_version_that_failed_is_told_before_it(self) -> None:
        evidence = self.evidence(Action.WITHDRAW, steps=FAILED)
        assert judged(evidence, ConditionType.READY)[1] == Reason.VERSION_FAILED

    def test_another_model_is_none_of_its_business(self) -> None:
        evidence = self.evidence(Action.LABEL, verify_problems={"other": self.PROBLEM})
        assert judged(evidence, ConditionType.VERSIONS_AVAILABLE)[0] == "True"


class TestLabelsApplied:
    KIND = ConditionType.LABELS_APPLIED

    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            (replace(GOOD, aspired=UNLABELLED), ("True", Reason.NO_LABELS, "the spec has no version labels")),
            (replace(NO_POD, aspired=UNLABELLED), ("True", Reason.NO_LABELS, "the spec has no version labels")),
            (NO_POD, ("Unknown", Reason.DEPLOYING, "no pod is ready to be queried")),
            (
                replace(NO_POD, replicas=0),
                ("Unknown", Reason.SCALED_TO_ZERO, "replicas is 0, so no pod can be queried"),
            ),
            (
                with_pods(pod("a"), pod("b", problem=SILENT)),
                ("Unknown", Reason.MODEL_SERVER_UNREACHABLE, "pod b does not answer"),
            ),
            (
                replace(GOOD, reload_problem=REFUSED),
                ("False", Reason.RELOAD_REFUSED, "pod b refused its configuration"),
            ),
            (
                with_pods(pod("a"), pod("b", labels={"stable": 1, "canary": 1})),
                (
                    "False",
                    Reason.LABELING,
                    "model mnist on pod b: label canary answers version 1, expected version 2",
                ),
            ),
            (
                with_pods(pod("a", labels={"canary": 2})),
                ("False", Reason.LABELING, "model mnist on pod a: label stable answers nothing, expected version 1"),
            ),
        ],
    )
    def test_the_first_check_that_has_something_to_say_speaks(
        self, evidence: Evidence, expected: tuple[str, Reason, str]
    ) -> None:
        assert judged(evidence, self.KIND) == expected

    def test_a_refused_reload_is_told_before_the_label_that_is_behind(self) -> None:
        evidence = with_pods(pod("a", labels={}), reload_problem=REFUSED)
        assert judged(evidence, self.KIND)[1] == Reason.RELOAD_REFUSED

    def test_a_label_on_version_zero_is_a_label(self) -> None:
        aspired = ModelServerConfig((ModelConfig("mnist", "/m", Specific((0,)), {"stable": 0}),))
        versions = (VersionStatus(0, "AVAILABLE"),)
        assert judged(with_pods(pod("a", versions, {"stable": 0}), aspired=aspired), self.KIND)[0] == "True"
        assert judged(with_pods(pod("a", versions, {}), aspired=aspired), self.KIND)[0] == "False"


class TestReady:
    KIND = ConditionType.READY

    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            (
                replace(GOOD, blocked=Problem(Reason.NAME_TAKEN, "Service mnist exists")),
                ("False", Reason.NAME_TAKEN, "Service mnist exists"),
            ),
            (
                replace(GOOD, replicas=0, pods=()),
                ("False", Reason.SCALED_TO_ZERO, "replicas is 0: nothing is served"),
            ),
            (
                with_pods(pod("a", BROKEN), deployment=ROLLING, steps=FAILED),
                ("False", Reason.VERSION_FAILED, "model mnist version 2 on pod b: NOT_FOUND: no saved_model.pb"),
            ),
            (
                with_pods(pod("a"), deployment=ROLLING),
                ("False", Reason.DEPLOYING, "1 of 2 replicas are ready"),
            ),
            (
                with_pods(pod("a"), down("b", Problem(Reason.IMAGE_NOT_PULLED, "pod b: no")), deployment=ROLLING),
                ("False", Reason.IMAGE_NOT_PULLED, "pod b: no"),
            ),
            (
                with_pods(
                    pod("a"),
                    down("b", Problem(Reason.UNSCHEDULABLE, "pod b: no room")),
                    deployment=replace(ROLLING, problem=Problem(Reason.PODS_NOT_CREATED, "quota")),
                ),
                ("False", Reason.PODS_NOT_CREATED, "quota"),
            ),
            (
                with_pods(pod("a"), pod("b", ())),
                ("False", Reason.LOADING, "model mnist on pod b: waiting for version 1, 2 to be AVAILABLE"),
            ),
            (
                with_pods(pod("a"), pod("b", problem=SILENT)),
                ("False", Reason.MODEL_SERVER_UNREACHABLE, "pod b does not answer"),
            ),
            (
                with_pods(pod("a", labels={"stable": 1})),
                ("False", Reason.LABELING, "model mnist on pod a: label canary answers nothing, expected version 2"),
            ),
            (
                replace(GOOD, reload_problem=REFUSED),
                ("False", Reason.RELOAD_REFUSED, "pod b refused its configuration"),
            ),
        ],
    )
    def test_the_first_check_that_has_something_to_say_speaks(
        self, evidence: Evidence, expected: tuple[str, Reason, str]
    ) -> None:
        assert judged(evidence, self.KIND) == expected

    @pytest.mark.parametrize(("steps", "reason"), [(FAILED, Reason.VERSION_FAILED), (ABSENT, Reason.VERSION_NOT_FOUND)])
    def test_a_bad_version_is_told_even_while_pods_are_replaced(self, steps: dict[str, Step], reason: Reason) -> None:
        """It may be what keeps the new pods from becoming ready."""
        evidence = with_pods(pod("a", BROKEN), down("b"), deployment=ROLLING, steps=steps)
        assert judged(evidence, self.KIND)[1] == reason

    def test_pods_that_start_are_waited_for_in_the_rollouts_words(self) -> None:
        evidence = replace(NO_POD, steps=at(Action.WAIT, "no pod is ready yet"))
        assert judged(evidence, self.KIND)[2] == (
            f"0 of 2 replicas are ready; model mnist: no pod is ready yet; waiting since {LATELY}"
        )

    @pytest.mark.parametrize(
        ("lacking", "words"),
        [
            (unready("b", UP[:1]), "; model mnist on pod b: waiting for version 2 to be AVAILABLE"),
            (unready("b", labels={}), "; model mnist on pod b: label stable answers nothing, expected version 1"),
            (unready("b"), ""),
        ],
    )
    def test_what_a_pod_lacks_that_answers_and_is_not_ready(self, lacking: PodObservation, words: str) -> None:
        evidence = with_pods(pod("a"), lacking, deployment=ROLLING)
        assert judged(evidence, self.KIND)[2] == f"1 of 2 replicas are ready{words}"

    def test_a_folder_that_is_gone_is_told_though_no_pod_is_ready(self) -> None:
        """Once it was said that the server opens its ports when it has loaded: they were open."""
        evidence = replace(NO_POD, pods=(unready("a", UP[:1]), unready("b", UP[:1])), steps=ABSENT)
        ready = judged(evidence, self.KIND)
        assert ready[1] == Reason.VERSION_NOT_FOUND
        assert "no server finds a folder 2 below /m" in ready[2]
        assert judged(evidence, ConditionType.PROGRESSING)[0] == "False"

    @pytest.mark.parametrize(
        ("other", "expected"),
        [
            (down("b"), (Reason.DEPLOYING, "1 of 2 replicas are ready; pod c was evicted")),
            (
                down("b", Problem(Reason.UNSCHEDULABLE, "pod b: no room")),
                (Reason.UNSCHEDULABLE, "pod b: no room; pod c was evicted"),
            ),
        ],
    )
    def test_a_dead_pod_is_told_beside_what_its_replacement_waits_for(
        self, other: PodObservation, expected: tuple[Reason, str]
    ) -> None:
        evidence = with_pods(pod("a"), other, deployment=ROLLING, lost="pod c was evicted")
        assert judged(evidence, self.KIND)[1:] == expected

    def test_it_is_true_while_what_is_wanted_no_more_is_kept(self) -> None:
        assert judged(replace(GOOD, steps=at(Action.BAKE)), self.KIND)[:2] == ("True", Reason.SERVING)

    def test_versions_are_told_before_labels(self) -> None:
        assert judged(with_pods(pod("a", (), {})), self.KIND)[1] == Reason.LOADING

    def test_a_blocked_child_is_told_before_everything(self) -> None:
        blocked = Problem(Reason.CHILD_REFUSED, "the API server refuses Deployment mnist")
        assert judged(replace(NO_POD, replicas=0, blocked=blocked), self.KIND)[1] == Reason.CHILD_REFUSED

    def test_several_models_are_named(self) -> None:
        models = (ModelConfig("a", "/a", Latest(1)), ModelConfig("b", "/b", Latest(1)))
        seen = ModelObservation((VersionStatus(1, "AVAILABLE"),))
        pods = tuple(PodObservation(name, ready=True, models={"a": seen, "b": seen}) for name in "xy")
        evidence = replace(GOOD, aspired=ModelServerConfig(models), pods=pods)
        assert judged(evidence, self.KIND)[2] == "a, b: all versions and labels answer on 2 of 2 replicas"


class TestProgressing:
    KIND = ConditionType.PROGRESSING

    @pytest.mark.parametrize(
        ("evidence", "status", "reason"),
        [
            (GOOD, "True", Reason.COMPLETE),
            (replace(GOOD, replicas=0, pods=()), "True", Reason.COMPLETE),
            (NO_POD, "True", Reason.DEPLOYING),
            (with_pods(pod("a", ())), "True", Reason.LOADING),
            (with_pods(pod("a", labels={})), "True", Reason.LABELING),
            (with_pods(pod("a", BROKEN), steps=FAILED), "False", Reason.VERSION_FAILED),
            (with_pods(pod("a"), steps=ABSENT), "False", Reason.VERSION_NOT_FOUND),
            (replace(GOOD, steps=at(Action.BAKE)), "True", Reason.RETIRING),
            (replace(GOOD, steps=at(Action.RETIRE)), "True", Reason.RETIRING),
            (replace(GOOD, reload_problem=REFUSED), "False", Reason.RELOAD_REFUSED),
            (replace(GOOD, blocked=Problem(Reason.NAME_TAKEN, "taken")), "False", Reason.NAME_TAKEN),
            (
                replace(NO_POD, pods=(down("a", Problem(Reason.UNSCHEDULABLE, "no room")),)),
                "False",
                Reason.UNSCHEDULABLE,
            ),
        ],
    )
    def test_it_is_false_only_when_a_person_is_needed(self, evidence: Evidence, status: str, reason: Reason) -> None:
        assert judged(evidence, self.KIND)[:2] == (status, reason)

    def test_it_is_unknown_while_a_pod_is_silent(self) -> None:
        evidence = with_pods(pod("a"), pod("b", problem=SILENT))
        assert judged(evidence, ConditionType.PROGRESSING)[:2] == ("Unknown", Reason.MODEL_SERVER_UNREACHABLE)

    def test_it_is_unknown_while_a_server_is_busy(self) -> None:
        busy = Problem(Reason.MODEL_SERVER_BUSY, "pod b took no configuration")
        evidence = replace(GOOD, reload_problem=busy)
        assert judged(evidence, ConditionType.READY) == ("False", Reason.MODEL_SERVER_BUSY, busy.message)
        assert judged(evidence, ConditionType.PROGRESSING)[:2] == ("Unknown", Reason.MODEL_SERVER_BUSY)

    def test_its_message_is_that_of_ready(self) -> None:
        evidence = with_pods(pod("a", BROKEN), steps=FAILED)
        assert judged(evidence, self.KIND)[2] == judged(evidence, ConditionType.READY)[2]

    def test_what_is_kept_is_said_and_for_how_long(self) -> None:
        evidence = replace(GOOD, steps=at(Action.BAKE, "version 1: kept until noon"))
        assert judged(evidence, self.KIND)[2] == "the spec is fulfilled; model mnist version 1: kept until noon"


class TestMakingRoom:
    """On GPUs that are all taken."""

    NO_GPU = Problem(Reason.UNSCHEDULABLE, "pod b: 0/1 nodes have 1 nvidia.com/gpu free")
    NO_QUOTA = Problem(Reason.PODS_NOT_CREATED, "exceeded quota: gpus")

    @pytest.mark.parametrize("problem", [NO_GPU, NO_QUOTA])
    def test_it_is_said_beforehand_when_it_will_be_done(self, problem: Problem) -> None:
        evidence = with_pods(pod("a"), down("b", problem), deployment=ROLLING, surge=Surge(until=NOW))
        words = f"{problem.message}; at {LATELY} an old pod is stopped to make room (rollout.surgeTimeoutSeconds)"
        assert judged(evidence, ConditionType.READY) == ("False", Reason(problem.reason), words)
        assert judged(evidence, ConditionType.PROGRESSING)[0] == "True", "nobody is needed"

    @pytest.mark.parametrize("problem", [NO_GPU, NO_QUOTA])
    def test_while_it_is_done_nobody_is_needed(self, problem: Problem) -> None:
        evidence = with_pods(pod("a"), down("b", problem), deployment=ROLLING, surge=Surge(allowed=False))
        words = (
            f"an old pod is stopped before a new one starts, one by one: 1 of 2 replicas are ready; {problem.message}"
        )
        assert judged(evidence, ConditionType.READY) == ("False", Reason.MAKING_ROOM, words)
        assert judged(evidence, ConditionType.PROGRESSING) == ("True", Reason.MAKING_ROOM, words)

    @pytest.mark.parametrize("surge", [Surge(until=NOW), Surge(allowed=False)])
    def test_another_trouble_is_said_as_ever(self, surge: Surge) -> None:
        trouble = Problem(Reason.IMAGE_NOT_PULLED, "pod b: no")
        evidence = with_pods(pod("a"), down("b", trouble), deployment=ROLLING, surge=surge)
        assert judged(evidence, ConditionType.READY) == ("False", Reason.IMAGE_NOT_PULLED, "pod b: no")

    def test_a_pod_that_has_its_gpu_is_waited_for_like_any_other(self) -> None:
        evidence = with_pods(pod("a"), down("b"), deployment=ROLLING, surge=Surge(allowed=False))
        assert judged(evidence, ConditionType.READY)[1] == Reason.DEPLOYING


class TestScalingActive:
    HPA_WORKS = AutoscalerFacts(HPA, 2, 5, seen=True)
    HPA_FAILS = AutoscalerFacts(HPA, 2, 5, seen=True, trouble="no metrics")
    NO_KEDA = AutoscalerFacts(SCALED_OBJECT, 0, 5, installed=False)

    def test_it_is_there_for_what_is_autoscaled_only(self) -> None:
        assert ConditionType.SCALING_ACTIVE not in all_conditions(GOOD)
        found = all_conditions(replace(GOOD, autoscaler=self.HPA_WORKS))
        assert found[ConditionType.SCALING_ACTIVE].reason is Reason.AUTOSCALING

    @pytest.mark.parametrize("autoscaler", [HPA_WORKS, HPA_FAILS])
    def test_whatever_it_says_what_is_served_is_served(self, autoscaler: AutoscalerFacts) -> None:
        evidence = replace(GOOD, autoscaler=autoscaler)
        assert judged(evidence, ConditionType.READY)[:2] == ("True", Reason.SERVING)

    def test_a_child_that_cannot_be_made_leaves_the_spec_unfulfilled(self) -> None:
        evidence = replace(GOOD, autoscaler=self.NO_KEDA)
        assert judged(evidence, ConditionType.READY)[:2] == ("False", Reason.KEDA_NOT_INSTALLED)
        assert judged(evidence, ConditionType.PROGRESSING)[:2] == ("False", Reason.KEDA_NOT_INSTALLED)

    def test_what_is_not_served_is_said_before(self) -> None:
        evidence = with_pods(pod("a", ()), autoscaler=self.NO_KEDA)
        assert judged(evidence, ConditionType.READY)[1] == Reason.LOADING


class TestMemoryBounded:
    def test_it_is_there_for_what_has_a_bound_only(self) -> None:
        assert ConditionType.MEMORY_BOUNDED not in all_conditions(GOOD)
        unreadable = RecycleFacts(Recycle(memory_percent=80), unreadable="no API")
        found = all_conditions(replace(GOOD, recycle=unreadable))
        assert found[ConditionType.MEMORY_BOUNDED].reason is Reason.METRICS_UNAVAILABLE
        assert found[ConditionType.READY].reason is Reason.SERVING, "it takes nothing from what is served"


class TestRefused:
    @pytest.mark.parametrize("reason", [Reason.INVALID_SPEC, Reason.SUSPENDED, Reason.HOSTPATH_NOT_ALLOWED])
    def test_a_tfmodel_that_is_not_acted_on_is_neither_ready_nor_progressing(self, reason: Reason) -> None:
        verdict = Verdict("False", reason, "why")
        assert inactive_conditions(Problem(reason, "why")) == {
            ConditionType.READY: verdict,
            ConditionType.PROGRESSING: verdict,
        }
