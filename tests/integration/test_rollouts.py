"""What a user does to versions and labels, one edit at a time, and what clients hear meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.served import NAME, Served

BOTH = 2
"""Replicas."""


def edit_while_asked(served: Served, *labels: str, **spec: Any) -> list[list[list[int | None]]]:
    """For each label what each pod answered, in order, from before the edit until it is done."""
    with served.heard(*labels) as heard:
        served.until(lambda: all(answers.count for answers in heard))
        served.edit(**spec)
        served.until_done()
    return [[answers.runs for answers in heard if answers.label == label] for label in labels]


def loads(served: Served, version: int) -> list[int]:
    """How often each pod has loaded a version since its start."""
    line = f"Successfully loaded servable version {{name: {NAME} version: {version}}}"
    return [pod.log.read_text().count(line) for pod in served.pods]


@pytest.fixture
def canary(fleet: Served) -> Served:
    """Version 1 is stable, version 2 the canary."""
    fleet.rewrite(versionLabels={"stable": 1, "canary": 2})
    fleet.until_done()
    return fleet


def test_a_canary_of_a_version_that_is_not_loaded(served: Served) -> None:
    restarts = [pod.restarts for pod in served.pods]
    assert edit_while_asked(served, "stable", versionLabels={"canary": 2}) == [[[1]] * BOTH]
    assert served.answers("canary") == [2] * BOTH
    assert served.available() == [[1, 2]] * BOTH
    assert served.committed() == ([1, 2], {"canary": 2, "stable": 1})
    assert [pod.restarts for pod in served.pods] == restarts


def test_a_second_label_on_a_loaded_version(served: Served) -> None:
    assert edit_while_asked(served, "stable", versionLabels={"blue": 1}) == [[[1]] * BOTH]
    assert served.answers("blue") == [1] * BOTH
    assert served.committed() == ([1], {"blue": 1, "stable": 1})


def test_a_promotion(canary: Served) -> None:
    heard = edit_while_asked(canary, "stable", "canary", versionLabels={"stable": 2})
    assert heard == [[[1, 2]] * BOTH, [[2]] * BOTH]
    assert canary.available() == [[2]] * BOTH
    assert canary.committed() == ([2], {"canary": 2, "stable": 2})


def test_a_promotion_of_a_version_that_is_not_loaded(served: Served) -> None:
    assert edit_while_asked(served, "stable", versionLabels={"stable": 3}) == [[[1, 3]] * BOTH]
    assert served.available() == [[3]] * BOTH


def test_a_rollback_to_a_version_that_is_no_longer_loaded(served: Served) -> None:
    served.edit(versionLabels={"stable": 2})
    served.until_done()
    assert served.available() == [[2]] * BOTH
    assert edit_while_asked(served, "stable", versionLabels={"stable": 1}) == [[[2, 1]] * BOTH]
    assert served.available() == [[1]] * BOTH
    assert served.committed() == ([1], {"stable": 1})


def test_two_labels_are_swapped_in_one_edit(canary: Served) -> None:
    heard = edit_while_asked(canary, "stable", "canary", versionLabels={"stable": 2, "canary": 1})
    assert heard == [[[1, 2]] * BOTH, [[2, 1]] * BOTH]
    assert canary.available() == [[1, 2]] * BOTH


def test_a_label_is_renamed(canary: Served) -> None:
    before = loads(canary, 2)
    heard = edit_while_asked(canary, "stable", "canary", "next", versionLabels={"canary": None, "next": 2})
    assert heard == [[[1]] * BOTH, [[2, None]] * BOTH, [[None, 2]] * BOTH]
    assert loads(canary, 2) == before


def test_a_label_is_removed_and_its_version_with_it(canary: Served) -> None:
    heard = edit_while_asked(canary, "stable", "canary", versionLabels={"canary": None})
    assert heard == [[[1]] * BOTH, [[2, None]] * BOTH]
    assert canary.available() == [[1]] * BOTH
    assert canary.committed() == ([1], {"stable": 1})


def test_the_last_label_is_removed_and_the_version_stays(served: Served) -> None:
    served.edit(versions=[1])
    served.until_done()
    served.rewrite(versions=[1])
    served.until_done()
    assert served.answers("stable") == [None] * BOTH
    assert served.available() == [[1]] * BOTH


def test_a_version_is_added_without_a_label(served: Served) -> None:
    assert edit_while_asked(served, "stable", versions=[1, 3]) == [[[1]] * BOTH]
    assert served.available() == [[1, 3]] * BOTH
    assert served.committed() == ([1, 3], {"stable": 1})


def test_a_version_is_removed(served: Served) -> None:
    served.edit(versions=[1, 2, 3])
    served.until_done()
    assert edit_while_asked(served, "stable", versions=[1, 3]) == [[[1]] * BOTH]
    assert served.available() == [[1, 3]] * BOTH


def test_versions_and_labels_all_change_in_one_edit(canary: Served) -> None:
    canary.rewrite(versions=[2, 3], versionLabels={"stable": 3, "blue": 2})
    canary.until_done()
    assert [canary.answers(label) for label in ("stable", "blue", "canary")] == [[3, 3], [2, 2], [None, None]]
    assert canary.available() == [[2, 3]] * BOTH


@pytest.fixture
def baking(served: Served) -> Iterator[Served]:
    """Version 2 was promoted just now, and version 1 is kept for as long as a test takes."""
    served.edit(rollout={"bakeSeconds": 300}, versionLabels={"stable": 2})
    served.until_step("Bake")
    yield served
    served.edit(rollout={"bakeSeconds": 0})


def test_the_old_version_stays_and_until_when_is_said(baking: Served) -> None:
    assert baking.answers("stable") == [2, 2]
    assert baking.available() == [[1, 2], [1, 2]]
    assert baking.committed() == ([2], {"stable": 2})
    assert "version 1: kept until " in baking.rollout()["message"]
    assert baking.condition()["status"] == "True"


def test_a_rollback_needs_no_load(baking: Served) -> None:
    loads = [pod.log.read_text().count("Successfully loaded servable version") for pod in baking.pods]
    with baking.heard("stable") as heard:
        baking.edit(versionLabels={"stable": 1})
        baking.until(lambda: baking.answers("stable") == [1, 1])
    assert [pod.log.read_text().count("Successfully loaded servable version") for pod in baking.pods] == loads
    assert [answers.runs for answers in heard] == [[2, 1], [2, 1]]
    assert baking.available() == [[1, 2], [1, 2]]


def test_a_shorter_bake_holds_at_once(baking: Served) -> None:
    baking.edit(rollout={"bakeSeconds": 1})
    baking.until_done()
    assert baking.available() == [[2], [2]]
    assert baking.answers("stable") == [2, 2]


def test_it_lasts_as_long_as_the_spec_says(served: Served) -> None:
    served.edit(rollout={"bakeSeconds": 3}, versionLabels={"stable": 2})
    began = datetime.fromisoformat(served.until_step("Bake")["since"])
    served.until_done()
    assert datetime.now(UTC) - began >= timedelta(seconds=3)
    assert served.available() == [[2], [2]]
    served.edit(rollout={"bakeSeconds": 0})


def test_the_events_read_as_a_history_of_the_rollout(alone: Served) -> None:
    """Of a TFModel that has events to spare: the module's own may have used up its burst."""
    warnings = alone.warnings()
    alone.folder.publish(4)
    for version in (4, 1, None):
        alone.edit(versionLabels={"green": version})
        alone.until_done()
    for reason, words in (
        ("VersionAvailable", "version 4 AVAILABLE on 2/2 pods in "),
        ("LabelMoved", "green → 4 on 2/2 pods in "),
        ("LabelMoved", "green 4 → 1 on 2/2 pods in "),
        ("VersionRetired", "version 4 unloaded from 2/2 pods"),
        ("LabelRemoved", "green no longer answers (was 1)"),
    ):
        alone.until(lambda r=reason, w=words: any(note.startswith(w) for note in alone.events(r)))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
    assert alone.warnings() == warnings


def test_the_log_and_the_metrics_tell_of_each_step(served: Served, operator: OperatorProcess) -> None:
    of_model = {"namespace": served.namespace, "name": NAME, "model": NAME}
    before = operator.metric("tfmodel_label_moves_total", **of_model)
    served.edit(versionLabels={"stable": 2})
    served.until_done()
    assert operator.metric("tfmodel_label_moves_total", **of_model) == before + 1
    for step in ("Load", "Commit", "Retire"):
        assert [line for line in operator.lines() if f"{served.namespace}/{NAME}: model {NAME}: {step}: " in line], step
        assert operator.metric("tfmodel_rollout_step_duration_seconds_count", step=step) >= 1, step
