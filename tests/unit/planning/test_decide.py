"""The decision of a round, as one function: what is observed in, the plan out."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.planning.passes import NOW, live, observed, seen, serves, subject, unready
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, from_annotation
from tfs_operator.domain.fetch_protocol import FetchState, ModelReport, VersionReport
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.policy import Allowed
from tfs_operator.domain.rollout import Action, Facts, Memory, Step
from tfs_operator.domain.rollout import decide as decide_rollout
from tfs_operator.domain.verification import Answered, Outcome, Probed, Question, Stored
from tfs_operator.planning import LiveChildren, Observed, Plan, Refused, Subject, decide, subject_of

SILENT = Problem(Reason.MODEL_SERVER_UNREACHABLE, "silent")
OLD = ModelServerConfig((ModelConfig("cats", "/cats", Specific((1,)), {"stable": 1}),))
KEDA = {"minReplicas": 0, "maxReplicas": 9, "keda": {"triggers": [{"type": "cron", "metadata": {}}]}}


def actions(plan: Plan) -> dict[str, Action]:
    return {name: step.action for name, step in plan.steps.items()}


def kinds(plan: Plan) -> set[str]:
    return {child["kind"] for child in plan.children or ()}


def held_by(plan: Plan) -> ModelServerConfig | None:
    """What the ConfigMap among the children holds."""
    found = [child for child in plan.children or () if child["kind"] == "ConfigMap"]
    return from_annotation(found[0]["metadata"]["annotations"][COMMITTED_ANNOTATION]) if found else None


class TestRefusals:
    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            ({"suspend": True}, Reason.SUSPENDED),
            ({"replicas": -1}, Reason.INVALID_SPEC),
            ({"models": [{"name": "m", "modelUri": "hostpath:///m"}]}, Reason.HOSTPATH_NOT_ALLOWED),
        ],
    )
    def test_a_spec_that_is_not_acted_on_is_a_plan_that_does_nothing(
        self, spec: dict[str, Any], reason: Reason
    ) -> None:
        item = live("cats", **spec)
        found = subject_of(item, Allowed())
        assert isinstance(found, Refused)
        assert decide(found) == Plan(refusal=found.problem)
        assert found.problem.reason == reason

    def test_any_other_spec_is_acted_on(self) -> None:
        item = live("cats")
        assert subject_of(item, Allowed()) == subject(item)
        node = live(models=[{"name": "m", "modelUri": "hostpath:///m"}])
        assert isinstance(subject_of(node, Allowed(hostpath=True)), Subject)


class TestOneRound:
    def test_before_there_is_anything_the_spec_is_committed_and_all_children_are_made(self) -> None:
        plan = decide(replace(observed(live("cats")), children=LiveChildren()))
        assert actions(plan) == {"cats": Action.COMMIT}
        assert plan.committed == held_by(plan) == observed(live("cats")).aspired
        assert {"ConfigMap", "Service", "Deployment"} <= kinds(plan)
        assert plan.new_steps == ["cats"]

    def test_a_fleet_that_serves_the_spec_is_left_as_it_is(self) -> None:
        before = observed(live("cats"), seen("a", cats=serves(1, 2, stable=1)))
        plan = decide(before)
        assert actions(plan) == {"cats": Action.DONE}
        assert plan.committed == before.committed
        assert [(order.pod.name, order.shown) for order in plan.reloads] == [("a", True)]
        again = decide(replace(before, memories=plan.memories))
        assert (again.new_steps, again.steps, again.reloads) == ([], plan.steps, plan.reloads)

    def test_a_new_version_is_loaded_before_it_is_committed(self) -> None:
        before = replace(
            observed(live("cats"), seen("a", cats=serves(1, stable=1))), children=LiveChildren(committed=OLD)
        )
        plan = decide(before)
        assert actions(plan) == {"cats": Action.LOAD}
        assert plan.committed == OLD
        [order] = plan.reloads
        assert order.config.models[0].policy == Specific((1, 2))
        assert not order.shown

    def test_each_model_is_at_its_own_step_and_a_server_is_sent_all_of_them(self) -> None:
        pod = seen("a", cats=serves(1, 2, stable=1), dogs=serves(1, stable=1))
        before = observed(live("cats", "dogs"), pod)
        committed = ModelServerConfig(
            (before.aspired.models[0], replace(OLD.models[0], name="dogs", base_path="/dogs"))
        )
        plan = decide(replace(before, children=LiveChildren(committed=committed)))
        assert actions(plan) == {"cats": Action.DONE, "dogs": Action.LOAD}
        assert [model.name for model in plan.reloads[0].config.models] == ["cats", "dogs"]

    def test_while_the_pods_that_know_are_silent_nothing_is_decided_of_the_children(self) -> None:
        plan = decide(replace(observed(live("cats"), seen("a", SILENT)), children=LiveChildren()))
        assert (plan.committed, plan.children, plan.reloads) == (None, None, [])
        assert actions(plan) == {"cats": Action.WAIT}

    def test_a_silent_pod_is_sent_nothing_and_does_not_count(self) -> None:
        before = observed(live("cats"), seen("a", cats=serves(1, 2, stable=1)), seen("b", SILENT))
        assert [order.pod.name for order in decide(before).reloads] == ["a"]
        assert before.fleet("cats").silent == 1

    def test_pods_of_another_set_of_models_are_sent_nothing(self) -> None:
        before = observed(live("cats"), seen("a", cats=serves(1, 2, stable=1)))
        [pod] = before.pods
        before = replace(before, pods=(replace(pod, models_digest="another"),))
        assert decide(before).reloads == []
        assert decide(before).pods == before.pods

    def test_a_pod_that_is_not_ready_is_told_like_the_others_and_nothing_waits_for_it(self) -> None:
        before = observed(live("cats"), seen("a", cats=serves(1, 2, stable=1)), unready("b", cats=serves(1, stable=1)))
        plan = decide(before)
        assert actions(plan) == {"cats": Action.DONE}
        assert [(order.pod.name, order.shown) for order in plan.reloads] == [("a", True), ("b", False)]
        assert plan.reloads[1].config.models[0].policy == Specific((1, 2))
        assert [pod.name for pod in before.fleet("cats").pods] == ["a"]

    def test_a_pod_that_is_not_ready_and_still_loads_what_it_came_up_with_is_left_alone(self) -> None:
        """Its label may come to life between the query and the push, which would take it away."""
        loading = ModelObservation((VersionStatus(2, AVAILABLE), VersionStatus(1, "LOADING")))
        started, long_ago = unready("b", cats=loading), unready("c", cats=loading)
        started = (replace(started[0], ready_at=NOW - 5), started[1])
        before = observed(live("cats"), seen("a", cats=serves(1, 2, stable=1)), started, long_ago)
        assert [order.pod.name for order in decide(before).reloads] == ["a", "c"]

    def test_while_no_pod_is_ready_those_that_answer_are_what_the_rollout_sees(self) -> None:
        """A label that moved to a good version is acted on, after the folder of the served one was lost."""
        gone = ModelObservation((VersionStatus(1, "END"), VersionStatus(2, AVAILABLE)))
        moved = observed(
            live(models=[{"name": "cats", "modelUri": "file:///cats", "versionLabels": {"stable": 2}}]),
            unready("a", cats=gone),
        )
        before = replace(moved, children=LiveChildren(committed=OLD))
        [pod] = before.fleet("cats").pods
        assert (pod.ready, pod.heard_for, before.fleet("cats").silent) == (False, 0.0, 0)
        plan = decide(before)
        assert actions(plan) == {"cats": Action.COMMIT}
        assert plan.committed == moved.aspired
        assert [order.config for order in plan.reloads] == [moved.aspired]

    @pytest.mark.parametrize("crashed", [True, False])
    def test_a_pod_that_crashed_and_answers_again_is_no_crash_loop(self, crashed: bool) -> None:
        died = Problem(Reason.MODEL_SERVER_FAILED, "ended with exit code 1")
        facts, answer = unready("a", cats=serves(1, 2, stable=1))
        if not crashed:
            answer = replace(answer, answered_unready=False, models={})
        fleet = observed(live("cats"), (replace(facts, problem=died), answer)).fleet("cats")
        assert (bool(fleet.pods), fleet.crash_looping) == (crashed, not crashed)

    @pytest.mark.parametrize("known", [True, False])
    def test_a_kind_that_the_cluster_does_not_know_is_lacking(self, known: bool) -> None:
        before = replace(
            observed(live("cats", autoscaling=KEDA)),
            unknown_kinds=frozenset() if known else frozenset({"ScaledObject"}),
        )
        plan = decide(before)
        assert plan.lacking_kinds == before.unknown_kinds
        assert ("ScaledObject" in kinds(plan)) is known


class TestQuestions:
    """What a step asks of new versions; which of them it asks is the rollout's business."""

    BAD = Answered(Question(), Probed(Outcome.BAD, "HTTP 404: no such op"))

    @pytest.fixture(autouse=True)
    def asks_for_version_2_on_a(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def step(facts: Facts) -> Step:
            return replace(decide_rollout(facts), probes={"a": frozenset({2})})

        monkeypatch.setattr(import_module("tfs_operator.planning.decide"), "decide_rollout", step)

    def round_(self, *answers: Answered, **of_pod: Any) -> Observed:
        facts, answer = seen("a", cats=serves(1, 2, stable=1), **of_pod)
        probed = {"cats": dict(zip((2, 1), answers, strict=False))}
        pods = (facts, replace(answer, probed=probed)), seen("b", cats=serves(1, 2, stable=1))
        return observed(live("cats", rollout={}), *pods)

    def test_the_plan_has_them_with_the_pod(self) -> None:
        [order] = decide(self.round_()).probes
        assert (order.pod.name, order.model, order.version, order.question) == ("a", "cats", 2, Question())
        assert order.committed

    def test_what_is_answered_is_a_fact_and_is_not_asked_again(self) -> None:
        before = self.round_(self.BAD)
        assert decide(before).probes == []
        assert [dict(pod.probed) for pod in before.fleet("cats").pods] == [{2: self.BAD.probed}, {}]

    def test_the_answer_to_another_question_is_no_fact(self) -> None:
        other = replace(self.BAD, question=Question(made_up=False))
        before = self.round_(other)
        assert [order.version for order in decide(before).probes] == [2]
        assert [dict(pod.probed) for pod in before.fleet("cats").pods] == [{}, {}]

    def test_nothing_is_asked_and_nothing_counts_while_the_requests_of_the_spec_cannot_be_used(self) -> None:
        verify = {"verify": {"configMap": {"name": "digits"}}}
        item = live("cats", rollout=verify)
        before = replace(self.round_(self.BAD), subject=subject(item), stored=Stored(problem="does not exist"))
        assert decide(before).probes == []
        assert [dict(pod.probed) for pod in before.fleet("cats").pods] == [{}, {}]
        assert list(before.verify_problems) == ["cats"]
        corrected = replace(before, stored=Stored('[{"name": "one", "model": "cats", "body": {"inputs": [1]}}]'))
        assert corrected.verify_problems == {}
        [order] = decide(corrected).probes
        assert [request.body for request in order.question.requests] == ['{"inputs": [1]}']

    def test_the_versions_that_it_would_supersede_are_part_of_the_question(self) -> None:
        facts, answer = seen("a", cats=serves(1, 2, stable=1))
        item = live()
        item["spec"] = {"models": [{"name": "cats", "modelUri": "file:///cats", "versionLabels": {"stable": 2}}]}
        before = replace(observed(item, (facts, answer)), children=LiveChildren(committed=OLD))
        assert [(order.question, order.committed) for order in decide(before).probes] == [
            (Question(frozenset({1})), False)
        ]

    def test_while_no_pod_is_ready_those_that_answer_are_asked(self) -> None:
        facts, answer = seen("a", cats=serves(1, 2, stable=1))
        unready = (replace(facts, ready=False), replace(answer, ready=False, answered_unready=True))
        assert [order.version for order in decide(observed(live("cats"), unready)).probes] == [2]

    def test_a_pod_that_is_silent_is_asked_nothing(self) -> None:
        assert decide(observed(live("cats"), seen("a", SILENT))).probes == []


VERSIONS = st.frozensets(st.integers(1, 4))
STATES = st.sampled_from(("START", "LOADING", AVAILABLE, AVAILABLE, "UNLOADING", "END"))


@st.composite
def model_observations(draw: st.DrawFn) -> ModelObservation:
    """Also such as no server would give."""
    errors = st.sampled_from(("OK", "OK", "OK", "NOT_FOUND"))
    versions = [VersionStatus(version, draw(STATES), draw(errors), "bad") for version in sorted(draw(VERSIONS))]
    labels = draw(st.dictionaries(st.sampled_from(("stable", "canary")), st.integers(1, 4)))
    return ModelObservation(tuple(versions), labels)


@st.composite
def observations(draw: st.DrawFn) -> Observed:
    """Of a TFModel with two models and up to three pods, at any moment of a rollout."""
    names = ("cats", "dogs")
    pods = []
    for name in "abc"[: draw(st.integers(0, 3))]:
        facts, answer = seen(name, **{model: draw(model_observations()) for model in names})
        silent = draw(st.sampled_from((None, None, SILENT)))
        pods.append((facts, PodObservation(name, draw(st.booleans()), answer.models, silent, draw(st.booleans()))))
    before = observed(live(*names), *pods)
    committed = draw(st.none() | st.builds(_committed, *(VERSIONS.filter(bool) for _ in names)))
    memories = {
        model: Memory(draw(st.sampled_from(("", "w"))), action=draw(st.sampled_from(Action))) for model in names
    }
    return replace(before, children=LiveChildren(committed), memories=memories, now=NOW + draw(st.integers(0, 900)))


def _committed(*versions: frozenset[int]) -> ModelServerConfig:
    """Each model with its newest version under the label canary."""
    models = [
        ModelConfig(name, f"/{name}", Specific(tuple(sorted(of))), {"canary": max(of)})
        for name, of in zip(("cats", "dogs"), versions, strict=True)
    ]
    return ModelServerConfig(tuple(models))


@settings(deadline=None)
@given(observations())
def test_a_plan_is_the_same_each_time_and_its_orders_stand_on_what_it_commits(before: Observed) -> None:
    """A pod that restarts comes up with what is committed. So a server is sent those models only, a label moves only to
    where it is committed, and what does not answer is sent nothing."""
    plan = decide(before)
    assert decide(before) == plan
    assert held_by(plan) == plan.committed
    answers = {pod.name: seen for pod, seen in before.answering}
    for order in plan.reloads:
        assert plan.committed is not None
        for model, committed in zip(order.config.models, plan.committed.models, strict=True):
            assert (model.name, model.base_path) == (committed.name, committed.base_path)
            now = answers[order.pod.name].model(model.name).labels
            moved = {label: version for label, version in model.labels.items() if now.get(label) != version}
            assert moved.items() <= committed.labels.items()


class TestReplacedFiles:
    """Version 2 cannot be loaded, and another one is published under its number."""

    BROKEN = replace(serves(1, stable=1), versions=(VersionStatus(1, AVAILABLE), VersionStatus(2, "END", "NOT_FOUND")))

    def given_up(self, before: Memory, content: str, now: float) -> Memory:
        """What is remembered after a pass in which the pod holds these files."""
        held = VersionReport(version=2, state=FetchState.FETCHED, content=content)
        pod, answer = seen("a", cats=self.BROKEN)
        answer = replace(answer, fetches={"cats": ModelReport(uri="s3://cats", versions=(held,))})
        found = observed(live("cats"), (pod, answer), memories={"cats": before})
        return decide(replace(found, now=now)).memories["cats"]

    def test_are_tried_at_once_and_the_old_ones_after_the_back_off(self) -> None:
        loading = self.given_up(Memory(), "old", NOW)
        failed = self.given_up(loading, "old", NOW + 10)
        assert [(each.version, each.content) for each in failed.failures] == [(2, "old")]
        assert self.given_up(failed, "old", NOW + 20).failures == failed.failures
        (again,) = self.given_up(failed, "new", NOW + 20).failures
        assert (again.at, again.replaced_at) == (NOW + 10, NOW + 20)
