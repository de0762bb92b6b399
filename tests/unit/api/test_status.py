"""The status: what the operator writes is what the schema takes."""

import pytest
from pydantic import ValidationError

from testing.schema.schema_cases import CASES, Case
from tfs_operator.api.status import TFModelStatus

STATUS_CASES = [case for case in CASES if case.is_status]


@pytest.mark.parametrize("case", STATUS_CASES, ids=str)
def test_what_the_schema_accepts_can_be_written(case: Case) -> None:
    status = case.accepted["status"]
    written = TFModelStatus.model_validate(status).model_dump(by_alias=True, exclude_unset=True)
    assert written == status


def test_an_empty_status_has_no_endpoints_and_counts_nothing() -> None:
    status = TFModelStatus()
    assert (status.endpoints, status.replicas, status.ready_replicas, status.conditions) == (None, 0, 0, [])


@pytest.mark.parametrize("state", ["Available", "", "DISABLED"])
def test_a_state_that_tensorflow_serving_does_not_have_is_refused(state: str) -> None:
    rows = [{"name": "m", "versions": [{"version": 1, "state": state}]}]
    with pytest.raises(ValidationError, match=r"models\.0\.versions\.0\.state"):
        TFModelStatus.model_validate({"models": rows})
