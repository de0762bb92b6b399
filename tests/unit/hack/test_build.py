"""hack/build.py: which steps run, in which order, and what remains when one fails."""

import os
from pathlib import Path

import pytest

from hack import build
from hack.build import Build, Step

ROOT = Path(__file__).parents[3]


def shell(name: str, script: str, **options: object) -> Step:
    return Step(name, name, ("sh", "-c", script), **options)  # type: ignore[arg-type]


def built(folder: Path, *steps: Step, mode: str = "build") -> Build:
    return Build(list(steps), lambda: mode, folder / "times.log")


def test_every_step_runs_a_script_that_is_there():
    scripts = {each.command[0] for each in build.STEPS} - {"true"}
    assert [script for script in scripts if not os.access(ROOT / script, os.X_OK)] == []


def test_a_step_comes_after_all_that_it_waits_for():
    before: set[str] = set()
    for each in build.STEPS:
        assert before.issuperset(each.needs + each.after), each.name
        before.add(each.name)


def test_a_plan_has_what_its_goals_need_and_nothing_else():
    steps = [shell("a", ""), shell("b", ""), shell("c", "", needs=("a",)), shell("d", "", after=("b",))]
    assert [each.name for each in build.plan(["d", "c"], steps)] == ["a", "c", "d"]


def test_an_unknown_goal_is_named():
    with pytest.raises(build.Unknown, match="imagse"):
        build.plan(["imagse"])


def test_the_demo_needs_no_program_that_only_tests_take():
    assert {"helm3", "control-plane", "registry"}.isdisjoint(each.name for each in build.plan(["images", "helm"]))


def test_a_step_starts_once_what_it_needs_is_finished(tmp_path: Path):
    made = tmp_path / "made"
    assert built(tmp_path, shell("a", f"touch {made}"), shell("b", f"test -f {made}", needs=("a",))).run()


def test_independent_steps_run_side_by_side(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert built(tmp_path, shell("writer", f"echo hello >{pipe}"), shell("reader", f"read line <{pipe}")).run()


def test_only_one_step_compiles_at_a_time(tmp_path: Path):
    first, second = shell("first", "", compiles=True), shell("second", "", compiles=True)
    run = built(tmp_path, first, second)
    run.start()
    assert [each.step.name for each in run.running] == ["first"]
    assert not run.may_start(second)
    assert run.run()


def test_a_failed_step_stops_the_others_and_starts_no_more(tmp_path: Path):
    pid, pipe, later = tmp_path / "pid", tmp_path / "pipe", tmp_path / "later"
    os.mkfifo(pipe)
    endless = shell("endless", f"echo $$ >{pid}; echo started >{pipe}; exec tail -f /dev/null")
    run = built(
        tmp_path, endless, shell("bad", f"read line <{pipe}; exit 3"), shell("later", f"touch {later}", needs=("bad",))
    )
    assert not run.run()
    assert run.failed == "bad"
    assert not later.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(("mode", "made"), [("build", {"compiled", "image"}), ("pull", {"image"})])
def test_a_step_for_the_other_mode_is_left_out_and_holds_up_nothing(tmp_path: Path, mode: str, made: set[str]):
    folder = tmp_path / "made"
    folder.mkdir()
    steps = [
        shell("docker", ""),
        shell("compiled", f"touch {folder}/compiled", mode="build"),
        shell("image", f"touch {folder}/image", needs=("compiled",)),
    ]
    assert built(tmp_path, *steps, mode=mode).run()
    assert {path.name for path in folder.iterdir()} == made
