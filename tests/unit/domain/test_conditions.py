"""Verdicts become conditions as Kubernetes wants them."""

from typing import Any

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.domain.conditions import merged
from tfs_operator.domain.evidence import Verdict

EARLIER, NOW = "2026-11-21T06:00:00Z", "2026-11-21T06:30:00Z"
SERVING = {ConditionType.READY: Verdict("True", Reason.SERVING, "all is well")}
LOADING = {ConditionType.READY: Verdict("False", Reason.LOADING, "waiting")}


def conditions(verdicts: dict[ConditionType, Verdict], previous: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [condition.model_dump(by_alias=True) for condition in merged(verdicts, previous, 7, NOW)]


def before(status: str = "False", **more: Any) -> list[dict[str, Any]]:
    return [{"type": "Ready", "status": status, "reason": "Deploying", "lastTransitionTime": EARLIER, **more}]


def test_a_new_condition_changed_now() -> None:
    assert conditions(SERVING, []) == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Serving",
            "message": "all is well",
            "observedGeneration": 7,
            "lastTransitionTime": NOW,
        }
    ]


def test_a_condition_whose_status_stays_keeps_its_time_but_not_its_reason() -> None:
    [condition] = conditions(LOADING, before("False"))
    assert (condition["reason"], condition["observedGeneration"]) == ("Loading", 7)
    assert condition["lastTransitionTime"] == EARLIER


def test_a_condition_whose_status_changes_changed_now() -> None:
    [condition] = conditions(SERVING, before("False"))
    assert condition["lastTransitionTime"] == NOW


def test_the_time_of_another_condition_is_not_taken() -> None:
    [condition] = conditions(LOADING, before("False", type="Progressing"))
    assert condition["lastTransitionTime"] == NOW


def test_a_condition_that_somebody_wrote_without_a_time_changed_now() -> None:
    [condition] = conditions(LOADING, before("False", lastTransitionTime=None))
    assert condition["lastTransitionTime"] == NOW


def test_a_condition_that_is_not_judged_any_more_goes() -> None:
    assert [condition["type"] for condition in conditions(SERVING, before(type="LabelsApplied"))] == ["Ready"]


def test_the_order_is_that_of_the_verdicts() -> None:
    verdict = Verdict("True", Reason.COMPLETE, "")
    verdicts = {ConditionType.READY: verdict, ConditionType.PROGRESSING: verdict}
    assert [condition["type"] for condition in conditions(verdicts, before(type="Progressing"))] == [
        "Ready",
        "Progressing",
    ]


def test_since_when_is_said_after_the_message_however_long_that_is() -> None:
    for message, shown in (("no room", "no room"), ("x" * 9999, "x" * 4095 + "…")):
        verdict = Verdict("False", Reason.LOADING, message, "waiting since noon")
        [condition] = conditions({ConditionType.READY: verdict}, [])
        assert condition["message"] == f"{shown}; waiting since noon"


def test_a_long_message_is_cut() -> None:
    [condition] = conditions({ConditionType.READY: Verdict("False", Reason.CHILD_REFUSED, "x" * 9999)}, [])
    assert len(condition["message"]) == 4096


def test_a_message_is_one_line_that_can_be_printed() -> None:
    verdict = Verdict("False", Reason.LOADING, "two\nlines\x1b[2J\ud83d of a container", "since noon")
    assert verdict.words == "two lines [2J of a container; since noon"
    assert len(Verdict("False", Reason.LOADING, "x" * 100_000).words) == 4096
