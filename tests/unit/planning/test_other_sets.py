"""Rounds while the set of models changes: pods of the set before go on with what they share with the spec."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.planning.passes import live, observed, seen, serves
from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.domain.committed import FORMER_ANNOTATION, former_from_annotation
from tfs_operator.domain.condition_checks import all_conditions
from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import ModelObservation, PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action
from tfs_operator.planning import LiveChildren, Observed, Plan, decide
from tfs_operator.render.deployment import models_digest

CATS = ModelConfig("cats", "/cats", Specific((1,)), {"stable": 1})
OLD = ModelServerConfig((CATS,))


def of(*names: str) -> ModelServerConfig:
    """Version 1 of each, with the label stable."""
    return ModelServerConfig(tuple(replace(CATS, name=name, base_path=f"/{name}") for name in names))


def old_pod(config: ModelServerConfig, **models: ModelObservation) -> tuple[PodFacts, PodObservation]:
    """A ready pod that was made for this set of models."""
    facts, answer = seen("a", None, **models)
    return replace(facts, models_digest=models_digest(config)), answer


def round_of(
    found: Observed, *pods: tuple[PodFacts, PodObservation], committed: ModelServerConfig, **former: Any
) -> Observed:
    children = LiveChildren(committed=committed, **former)
    facts, answers = zip(*pods, strict=True)
    return replace(found, pods=facts, observations=answers, children=children)


def actions(plan: Plan) -> dict[str, Action]:
    return {name: step.action for name, step in plan.steps.items()}


def former_of(plan: Plan) -> dict[str, ModelServerConfig]:
    """What the ConfigMap among the children remembers of other sets."""
    [found] = [child for child in plan.children or () if child["kind"] == "ConfigMap"]
    return former_from_annotation(found["metadata"]["annotations"].get(FORMER_ANNOTATION, ""))


class TestOrders:
    @pytest.mark.parametrize(
        ("models", "before"),
        [
            (("cats", "dogs"), ("cats",)),
            (("cats",), ("cats", "dogs")),
            (("cats", "birds"), ("dogs", "cats")),
        ],
        ids=["one is added", "one is removed", "one is renamed"],
    )
    def test_the_shared_models_go_on_and_the_others_stay_as_they_were_committed(
        self, models: tuple[str, ...], before: tuple[str, ...]
    ) -> None:
        """The spec has version 2 of cats: the pod is told to load it."""
        committed = of(*before)
        pod = old_pod(committed, **{name: serves(1, stable=1) for name in before})
        plan = decide(round_of(observed(live(*models)), pod, committed=committed))
        assert actions(plan)["cats"] == Action.LOAD
        [order] = plan.reloads
        assert [(model.name, model.policy, model.labels) for model in order.config.models] == [
            (name, Specific((1, 2) if name == "cats" else (1,)), {"stable": 1}) for name in before
        ]

    def test_a_model_that_moved_goes_on_where_it_was(self) -> None:
        """From its new base path the server would unload all that it serves of it, and wait for the new one."""
        committed = ModelServerConfig((CATS, replace(CATS, name="dogs", base_path="/old", labels={"old": 1})))
        pod = old_pod(committed, cats=serves(1, 2, stable=1), dogs=serves(1, old=1))
        before = round_of(observed(live("cats", "dogs")), pod, committed=committed)
        plan = decide(before)
        [order] = plan.reloads
        assert order.config.model("dogs") == committed.models[1]
        assert plan.committed is not None
        assert [model.base_path for model in plan.committed.models] == ["/cats", "/dogs"]
        assert former_of(plan) == {models_digest(committed): committed}
        [(_, answer)] = before.seen
        assert (before.fleet("dogs").pods, answer.model("dogs").versions) == ((), ()), "it has other dogs"

    def test_nothing_that_it_has_loaded_is_taken_from_a_model_that_moved(self) -> None:
        committed = ModelServerConfig((CATS, replace(CATS, name="dogs", base_path="/old")))
        pod = old_pod(committed, cats=serves(1, 2, stable=1), dogs=serves(1, 7, stable=7))
        [order] = decide(round_of(observed(live("cats", "dogs")), pod, committed=committed)).reloads
        assert order.config.model("dogs") == ModelConfig("dogs", "/old", Specific((1, 7)), {"stable": 1})

    def test_pods_that_share_nothing_are_left_as_they_are(self) -> None:
        committed = ModelServerConfig((replace(CATS, base_path="/old"),))
        before = round_of(observed(live("cats")), old_pod(committed, cats=serves(1, stable=1)), committed=committed)
        assert decide(before).reloads == []

    def test_a_typo_that_is_corrected_is_a_rollback(self) -> None:
        """Pods serve the model at the base path that it has again: what is committed there is what was."""
        wrong = ModelServerConfig((replace(CATS, base_path="/cast"),))
        pod = old_pod(OLD, cats=serves(1, stable=1))
        before = round_of(observed(live("cats")), pod, committed=wrong, former={models_digest(OLD): OLD})
        plan = decide(before)
        assert (actions(plan), plan.committed) == ({"cats": Action.LOAD}, OLD)


class TestAWrongModel:
    """Dogs were added with a typo: their pods do not come up, while the label of cats is to move to version 2."""

    SPEC = live(
        models=[
            {"name": "cats", "modelUri": "file:///cats", "versions": [1, 2], "versionLabels": {"stable": 2}},
            {"name": "dogs", "modelUri": "file:///tpyo", "versions": [1], "versionLabels": {"stable": 1}},
        ]
    )

    def before(self) -> Observed:
        found = observed(self.SPEC)
        starting = PodFacts("b", "10.0.0.2", False, False, found.subject.models_digest, "b/0", None, running=True)
        return round_of(
            found,
            old_pod(OLD, cats=serves(1, 2, stable=1)),
            (starting, PodObservation("b", ready=False)),
            committed=found.aspired,
            former={models_digest(OLD): OLD},
        )

    def test_it_waits_alone(self) -> None:
        plan = decide(self.before())
        assert actions(plan) == {"cats": Action.LABEL, "dogs": Action.WAIT}
        assert [(order.pod.name, order.config.models[0].labels) for order in plan.reloads] == [("a", {"stable": 2})]

    def test_the_conditions_name_it_and_not_the_other(self) -> None:
        before = self.before()
        plan = decide(before)
        evidence = Evidence(before.aspired, 1, pods=tuple(answer for _, answer in before.seen), steps=plan.steps)
        found = all_conditions(replace(evidence, now=before.now))
        ready = found[ConditionType.READY]
        assert (ready.reason, "model dogs: " in ready.message, "/tpyo" in ready.message) == (
            Reason.DEPLOYING,
            True,
            True,
        )
        assert "cats" not in ready.message
        versions = found[ConditionType.VERSIONS_AVAILABLE]
        assert versions.message == "pod a was made without model dogs, and is being replaced"
