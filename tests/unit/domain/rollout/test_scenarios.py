"""Rollouts that a user would recognise, on a fleet without faults: what is done, in which order, and what is left."""

from dataclasses import replace

from tests.unit.domain.rollout.fleet import BAD, GOOD
from tests.unit.domain.rollout.world import World
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import (
    Action,
    Facts,
    Fleet,
    Pod,
    committed_after,
    decide,
    labels_to_query,
    server_config,
)


def model(policy: VersionPolicy, **labels: int) -> ModelConfig:
    return ModelConfig("m", "/models/m", policy, labels)


def named(*versions: int, **labels: int) -> ModelConfig:
    return model(Specific(versions), **labels)


def serving(aspired: ModelConfig, **kinds: str) -> World:
    """Two replicas that serve `aspired`; `kinds` are the folders, such as `v1="good"`."""
    world = World(aspired, {int(name[1:]): kind for name, kind in kinds.items()}, 2, strict=True, load_ticks=2)
    world.run(20)
    return world


def steps(world: World, aspired: ModelConfig, ticks: int = 40) -> list[Action]:
    """The steps on the way to `aspired`, each once."""
    world.aspired = aspired
    taken: list[Action] = []
    for _ in range(ticks):
        world.run(1)
        assert world.last is not None
        if taken[-1:] != [world.last.action]:
            taken.append(world.last.action)
    return taken


def test_a_canary_is_loaded_committed_labelled_and_then_done() -> None:
    world = serving(named(1, stable=1), v1=GOOD, v2=GOOD)
    assert steps(world, named(1, 2, stable=1, canary=2)) == [Action.LOAD, Action.COMMIT, Action.DONE]


def test_a_promotion_bakes_before_the_old_version_retires() -> None:
    world = serving(named(1, 2, stable=1, canary=2), v1=GOOD, v2=GOOD)
    assert steps(world, named(2, stable=2)) == [Action.COMMIT, Action.BAKE, Action.RETIRE, Action.DONE]
    assert [pod.available for pod in world.ready] == [{2}, {2}]


def test_labels_swap_in_one_edit() -> None:
    world = serving(named(1, 2, a=1, b=2), v1=GOOD, v2=GOOD)
    assert steps(world, named(1, 2, a=2, b=1)) == [Action.COMMIT, Action.DONE]
    assert [pod.answers() for pod in world.ready] == [{"a": 2, "b": 1}] * 2


def test_a_bad_version_moves_no_label_and_says_why() -> None:
    world = serving(named(1, stable=1), v1=GOOD, v2=BAD)
    committed = world.committed
    assert steps(world, named(1, 2, stable=2), 10)[:2] == [Action.LOAD, Action.WITHDRAW]
    assert world.last is not None
    assert "saved_model.pb is damaged" in world.last.message
    assert world.committed == committed
    assert [pod.answers() for pod in world.ready] == [{"stable": 1}] * 2


def test_a_repaired_folder_is_found_after_the_back_off() -> None:
    world = serving(named(1, stable=1), v1=GOOD, v2=BAD)
    steps(world, named(1, 2, stable=2), 12)
    world.folders.kinds[2] = GOOD
    assert steps(world, named(1, 2, stable=2))[-1] is Action.DONE


def test_a_bad_newest_version_pins_and_a_newer_one_unpins() -> None:
    world = serving(model(Latest(1)), v3=GOOD)
    world.folders.kinds[4] = BAD
    world.run(12)
    assert world.committed == named(3)
    assert [pod.config.policy for pod in world.ready] == [Latest(1)] * 2
    world.folders.kinds[5] = GOOD
    assert steps(world, model(Latest(1)))[-1] is Action.DONE
    assert world.committed == model(Latest(1))


def test_a_repaired_newest_version_is_tried_again() -> None:
    world = serving(model(Latest(1)), v3=GOOD)
    world.folders.kinds[4] = BAD
    world.run(12)
    world.folders.kinds[4] = GOOD
    world.run(40)
    assert [pod.available for pod in world.ready] == [{4}, {4}]


def test_what_was_served_stays_for_the_bake_time() -> None:
    world = serving(named(1, stable=1), v1=GOOD, v2=GOOD)
    world.aspired = named(2, stable=2)
    while world.ready[0].answers() != {"stable": 2}:
        world.run(1)
    assert [pod.available for pod in world.ready] == [{1, 2}, {1, 2}]


def test_latest_with_labels_is_served_by_name() -> None:
    world = serving(model(Latest(1), stable=3), v1=GOOD, v3=GOOD, v5=GOOD)
    assert world.committed == named(3, 5, stable=3)
    world.folders.kinds[6] = GOOD
    world.run(10)
    assert [pod.answers() for pod in world.ready] == [{"stable": 3}] * 2


def test_all_with_labels_goes_on_finding_versions() -> None:
    world = serving(model(All(), stable=1), v1=GOOD)
    world.folders.kinds[2] = GOOD
    world.run(10)
    assert [(pod.available, pod.answers()) for pod in world.ready] == [({1, 2}, {"stable": 1})] * 2


def test_a_corrected_first_spec_recovers() -> None:
    world = serving(named(7), v1=GOOD)
    assert world.ready == []
    assert steps(world, named(1), 60)[-1] is Action.DONE


def test_what_is_committed_and_lost_is_taken_from_the_pods() -> None:
    world = serving(named(1, stable=1), v1=GOOD, v2=BAD)
    world.config_maps = []
    steps(world, named(2, stable=2), 10)
    assert world.committed is not None
    assert world.committed.policy == Specific((1,))


def test_another_base_path_is_committed_at_once() -> None:
    aspired, committed = ModelConfig("m", "/new", Specific((1,))), ModelConfig("m", "/old", Specific((1,)))
    step = decide(Facts(aspired, committed, Fleet()))
    assert (step.action, step.commit) == (Action.COMMIT, aspired)


def test_each_model_has_its_own_step_and_they_share_a_config_map() -> None:
    old = ModelServerConfig((named(1), ModelConfig("n", "/models/n", Specific((1,)))))
    new = ModelServerConfig((named(2), ModelConfig("n", "/models/n", Specific((1,)))))
    world = serving(named(1), v1=GOOD, v2=GOOD)
    pods = {name: Pod("p", world.ready[0].observation(set())) for name in ("m", "n")}
    decided = {m.name: decide(Facts(m, old.model(m.name), Fleet((pods[m.name],)))) for m in new.models}
    assert {name: step.action for name, step in decided.items()} == {"m": Action.LOAD, "n": Action.DONE}
    assert committed_after(new, old, decided) == old
    told = server_config(decided, pods)
    assert told is not None
    assert [told_model.policy for told_model in told.models] == [Specific((1, 2)), Specific((1,))]


def test_a_label_on_its_way_out_is_asked_for() -> None:
    assert labels_to_query(named(1, a=1), named(1, b=1)) == ("a", "b")


def test_a_version_without_a_folder_is_said_and_taken_up_once_it_appears() -> None:
    world = serving(named(1, stable=1), v1=GOOD)
    assert steps(world, named(1, 2, stable=2)) == [Action.LOAD]
    assert world.last is not None
    assert world.last.absent == {2: "version 2: no server finds a folder 2 below /models/m"}
    assert world.last.message == world.last.absent[2]
    assert world.committed == named(1, stable=1)
    assert [pod.answers() for pod in world.ready] == [{"stable": 1}] * 2
    world.folders.kinds[2] = GOOD
    assert steps(world, named(1, 2, stable=2)) == [Action.LOAD, Action.COMMIT, Action.DONE]
    assert not world.last.absent
    assert [pod.answers() for pod in world.ready] == [{"stable": 2}] * 2


def test_a_version_whose_folder_appears_soon_is_not_said_to_be_absent() -> None:
    world = serving(named(1, stable=1), v1=GOOD)
    world.aspired = named(1, 2, stable=2)
    for _ in range(int(world.limits.absent) - 1):
        world.run(1)
        assert world.last is not None
        assert not world.last.absent


def test_a_version_that_appears_and_is_bad_is_withdrawn() -> None:
    world = serving(named(1, stable=1), v1=GOOD)
    steps(world, named(1, 2, stable=2))
    world.folders.kinds[2] = BAD
    assert steps(world, named(1, 2, stable=2), 8) == [Action.LOAD, Action.WITHDRAW]
    assert world.last is not None
    assert "saved_model.pb is damaged" in world.last.message
    assert [pod.answers() for pod in world.ready] == [{"stable": 1}] * 2


def test_a_version_that_appears_and_ends_badly_before_it_is_seen_to_load_is_withdrawn() -> None:
    world = serving(named(1, stable=1), v1=GOOD)
    steps(world, named(1, 3, stable=3))
    for pod in world.ready:
        pod.load_ticks = 0
    world.folders.kinds[3] = BAD
    assert steps(world, named(1, 3, stable=3), 2)[-1] is Action.WITHDRAW


def test_what_is_committed_cannot_be_said_while_nothing_is_and_the_pods_are_silent() -> None:
    """They serve something, and a guess would be what a pod that restarts comes up with."""
    aspired = ModelServerConfig((named(2),))
    decided = {"m": decide(Facts(named(2), None, Fleet(silent=2)))}
    assert decided["m"].action is Action.WAIT
    assert committed_after(aspired, None, decided) is None


def test_one_model_that_cannot_be_said_holds_up_the_config_map_of_all() -> None:
    other = ModelConfig("n", "/models/n", Specific((1,)))
    decided = {
        "m": decide(Facts(named(2), None, Fleet(silent=1))),
        "n": decide(Facts(other, None, Fleet())),
    }
    assert decided["n"].commit == other
    assert committed_after(ModelServerConfig((named(2), other)), None, decided) is None


def test_an_edit_within_the_bake_time_leaves_what_was_served_loaded() -> None:
    """So a rollback needs no load, although a bad version was tried meanwhile; and it does not stay for ever."""
    world = serving(named(1, 2, stable=1, canary=2), v1=GOOD, v2=GOOD, v3=BAD)
    world.limits = replace(world.limits, bake=12.0)
    steps(world, named(2, stable=2), 2)
    assert steps(world, named(3, stable=3), 8)[:2] == [Action.LOAD, Action.WITHDRAW]
    assert [pod.available for pod in world.ready] == [{1, 2}, {1, 2}]
    world.run(8)
    assert [pod.available for pod in world.ready] == [{2}, {2}]


def test_whoever_leaves_latest_waits_for_what_it_is_loading() -> None:
    """The server unloads version 1 as soon as 2 is there, whatever it is told: a label on 1 would be lost."""
    world = serving(model(Latest(1)), v1=GOOD)
    world.load_ticks = 6
    for pod in world.servers:
        pod.load_ticks = 6
    world.folders.kinds[2] = GOOD
    world.run(2)
    world.aspired, before = named(1, stable=1), world.pushes
    world.run(2)
    assert world.last is not None
    assert (world.last.action, world.last.goal.hold) == (Action.LOAD, True)
    assert "labels wait for it" in world.last.message
    assert world.pushes == before
    world.run(40)
    assert [pod.answers() for pod in world.ready] == [{"stable": 1}] * 2


def test_whoever_leaves_latest_after_a_bad_version_gets_new_pods_once() -> None:
    """Such a server puts off whatever it is told, for good."""
    world = serving(model(Latest(1)), v1=GOOD)
    world.folders.kinds[2] = BAD
    world.run(12)
    world.aspired = named(1, stable=1)
    rescues = []
    for _ in range(12):
        world.run(1)
        assert world.last is not None
        rescues.append(world.last.replace_pods)
    assert rescues.count(True) == 1
    assert world.last is not None
    assert world.last.action is Action.DONE
