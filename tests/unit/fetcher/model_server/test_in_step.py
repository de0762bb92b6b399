"""When a model server is in step with what is committed, and what it is waited for."""

from collections.abc import Mapping

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import (
    ExpectedModel,
    FetchProblem,
    FetchState,
    ModelReport,
    VersionReport,
    VersionSet,
)
from tfs_operator.domain.observation import VersionStatus
from tfs_operator.fetcher.model_server.in_step import Lag, ModelAnswer, lag, serves_anything

EXPECTED = (ExpectedModel(name="m", base_path="/m", serve=VersionSet(versions=(1, 2)), labels={"stable": 2}),)
GONE = FetchProblem(reason=Reason.VERSION_NOT_FOUND, message="pvc://c/m: version 2 is gone")


def answer(second: str | None, stable: int | None, error: str = "OK") -> dict[str, ModelAnswer]:
    """Version 1 is AVAILABLE, version 2 in the state `second`, and `stable` what the label answers."""
    versions = {1: VersionStatus(1, "AVAILABLE")}
    if second is not None:
        versions[2] = VersionStatus(2, second, error)
    return {"m": ModelAnswer(versions, {} if stable is None else {"stable": stable})}


def reported(state: FetchState, problem: FetchProblem | None = None) -> dict[str, ModelReport]:
    return {"m": ModelReport(uri="u", versions=(VersionReport(version=2, state=state, problem=problem),))}


def found(
    answers: Mapping[str, ModelAnswer], reports: Mapping[str, ModelReport] | None = None, *, alone: bool = False
) -> Lag | None:
    return lag(EXPECTED, answers, reports or {}, alone=alone)


def test_every_label_answers_what_is_committed() -> None:
    assert found(answer("AVAILABLE", 2)) is None


@pytest.mark.parametrize(
    ("second", "stable", "moving", "words"),
    [
        ("LOADING", 1, True, "label stable answers version 1; version 2, which is committed, is LOADING"),
        ("START", None, True, "label stable answers nothing; version 2, which is committed, is START"),
        ("AVAILABLE", 1, False, "label stable answers version 1; version 2, which is committed, is AVAILABLE"),
        ("AVAILABLE", None, False, "label stable answers nothing"),
        ("END", 1, False, "version 2, which is committed, is END"),
        (None, 1, False, "version 2, which is committed, is not loaded yet"),
    ],
)
def test_a_label_that_can_still_come_is_waited_for(
    second: str | None, stable: int | None, moving: bool, words: str
) -> None:
    waiting = found(answer(second, stable))
    assert waiting
    assert waiting.moving is moving
    assert words in waiting.words


def test_a_version_that_the_server_gave_up_is_not_waited_for() -> None:
    assert found(answer("END", 1, "UNKNOWN")) is None
    assert found(answer("END", None, "UNKNOWN")) is None


@pytest.mark.parametrize(
    ("state", "problem", "waits", "moving"),
    [
        (FetchState.WAITING, None, True, True),
        (FetchState.FETCHING, GONE, True, True),
        (FetchState.FETCHED, None, True, False),
        (FetchState.WAITING, GONE, False, False),
        (FetchState.FAILED, GONE, False, False),
    ],
)
def test_what_is_being_fetched_is_waited_for_and_what_is_not_there_is_not(
    state: FetchState, problem: FetchProblem | None, waits: bool, moving: bool
) -> None:
    waiting = found(answer(None, 1), reported(state, problem))
    assert (waiting is not None, waiting is not None and waiting.moving) == (waits, moving)
    assert found(answer("LOADING", 1), reported(state, problem)), "the server has found it"


def test_a_folder_that_is_gone_as_a_whole_is_not_waited_for() -> None:
    version = VersionReport(version=2, state=FetchState.WAITING)
    assert found(answer(None, 1), {"m": ModelReport(uri="u", versions=(version,), problem=GONE)}) is None


def test_where_no_other_pod_serves_a_label_that_is_missing_holds_up_nothing() -> None:
    assert found(answer("LOADING", None), alone=True) is None
    assert found(answer("LOADING", 1), alone=True), "one that answers another version is waited for"


def test_a_model_without_labels_or_answers() -> None:
    without = EXPECTED[0].model_copy(update={"labels": {}})
    assert lag((without,), {}, {}, alone=False) is None
    assert lag(EXPECTED, {}, {}, alone=False)


def test_serving_is_one_available_version_of_one_model() -> None:
    loading = ModelAnswer({1: VersionStatus(1, "LOADING")})
    assert not serves_anything({})
    assert not serves_anything({"a": ModelAnswer(), "b": loading})
    assert serves_anything({"a": loading, **answer(None, None)})
