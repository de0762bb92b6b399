"""The first configuration of a model."""

from dataclasses import replace

from tests.unit.domain.rollout.policies.views import NOW, facts, latest, named, pod
from tfs_operator.domain.rollout import Action, Step, Trial
from tfs_operator.domain.rollout.policies.bootstrap import bootstrap


def step(found: Step | None) -> Step:
    assert found is not None
    return found


def test_a_committed_configuration_is_left_to_the_other_policies() -> None:
    assert bootstrap(facts(named(2), named(1), pod("a", 1))) is None


def test_a_new_model_begins_with_its_spec_untried() -> None:
    first = step(bootstrap(facts(named(1, stable=1), None)))
    assert (first.action, first.commit, first.memory.proven) == (Action.COMMIT, named(1, stable=1), False)


def test_labels_on_latest_wait_until_its_versions_are_known() -> None:
    assert step(bootstrap(facts(latest(stable=1), None))).commit == latest()


def test_another_base_path_begins_anew() -> None:
    moved = replace(named(1), base_path="/models/elsewhere")
    assert step(bootstrap(facts(moved, named(1), pod("a", 1)))).commit == moved


def test_a_lost_configuration_is_adopted_from_the_pods() -> None:
    first = step(bootstrap(facts(named(3, stable=3), None, pod("a", 1, 2, stable=1), pod("b", 1, 2, stable=1))))
    assert (first.commit, first.memory.proven) == (named(1, 2, stable=1), True)


def test_a_version_that_a_single_pod_tries_is_not_adopted_and_stays_loaded() -> None:
    first = step(bootstrap(facts(named(2, stable=2), None, pod("a", 1, 2, stable=1), pod("b", 1, stable=1))))
    assert (first.commit, first.goal.keep_available) == (named(1, stable=1), True)


def test_nor_is_one_that_the_only_pod_tries() -> None:
    tried = facts(named(2, stable=2), None, pod("a", 1, 2), trial=Trial(2, "a", NOW))
    assert step(bootstrap(tried)).commit == named(1)
    nothing_else = facts(named(2, stable=2), None, pod("a", 2), trial=Trial(2, "a", NOW))
    assert step(bootstrap(nothing_else)).commit == named(2)


def test_without_a_label_everything_that_pods_serve_is_adopted() -> None:
    first = step(bootstrap(facts(named(3), None, pod("a", 1), pod("b", 2))))
    assert first.commit == named(1, 2)


def test_it_waits_while_the_pods_that_know_what_is_served_do_not_answer() -> None:
    waiting = step(bootstrap(facts(named(1), None, silent=2)))
    assert (waiting.action, waiting.commit) == (Action.WAIT, None)
