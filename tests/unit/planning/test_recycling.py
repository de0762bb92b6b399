"""Pods are replaced for the memory of their servers only while nothing else is done."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.planning.passes import BEFORE, CATS, NOW, at, live, observed, seen, step
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.recycle import ServerLoad
from tfs_operator.domain.rollout import Action
from tfs_operator.planning import Observed
from tfs_operator.planning.recycling import recycle_facts, recycled_for
from tfs_operator.render.deployment import RECYCLE_ANNOTATION

LARGE = ServerLoad("a", "u/0", swaps=10)
DONE = {"cats": step(BEFORE)}


def deployment(*, recycled: str = "", ready: int = 1) -> Manifest:
    annotations = {RECYCLE_ANNOTATION: recycled} if recycled else {}
    status = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": ready, "observedGeneration": 1}
    template = {"metadata": {"annotations": annotations}, "spec": {}}
    return {"metadata": {"generation": 1}, "spec": {"replicas": 1, "template": template}, "status": status}


def found(of: Manifest, load: ServerLoad = LARGE, **server: Any) -> Observed:
    recycle = server or {"recycle": {"swaps": 10}}
    seen_now = observed(live("cats", server=recycle), seen("a"), loads=(load,))
    return replace(seen_now, children=replace(seen_now.children, deployment=of))


def test_a_server_that_has_reached_a_bound_has_its_pods_replaced() -> None:
    assert recycled_for(found(deployment()), DONE) == "u.0"
    assert recycled_for(found(deployment(recycled="t.3")), DONE) == "u.0"


@pytest.mark.parametrize("load", [replace(LARGE, swaps=9), replace(LARGE, swaps=0)])
def test_without_one_the_pods_stay_as_they_are(load: ServerLoad) -> None:
    assert recycled_for(found(deployment(recycled="t.3"), load), DONE) == "t.3"
    assert recycled_for(found(deployment(), load), DONE) is None


@pytest.mark.parametrize("action", [Action.LOAD, Action.LABEL, Action.BAKE, Action.FETCH, Action.WAIT])
def test_no_pod_is_replaced_while_a_rollout_is_under_way(action: Action) -> None:
    assert recycled_for(found(deployment()), {"cats": step(at(action, NOW), CATS)}) is None


def test_a_version_that_was_given_up_does_not_hold_it_up() -> None:
    assert recycled_for(found(deployment()), {"cats": step(at(Action.WITHDRAW, NOW), CATS)}) == "u.0"


def test_nor_while_the_pods_are_being_replaced_already() -> None:
    """The old pod is still there, and its server as large as ever."""
    assert recycled_for(found(deployment(recycled="u.0", ready=0)), DONE) == "u.0"
    assert recycled_for(found(deployment(recycled="t.3", ready=0)), DONE) == "t.3"


def test_a_bound_that_is_removed_replaces_nothing() -> None:
    assert recycle_facts(found(deployment(), image="a"), DONE) is None
    assert recycled_for(found(deployment(recycled="t.3"), image="a"), DONE) == "t.3"
