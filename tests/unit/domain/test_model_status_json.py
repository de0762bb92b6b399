"""What a model server's JSON says of its versions."""

import pytest

from tfs_operator.domain.model_status_json import NotModelStatus, read_model_status
from tfs_operator.domain.observation import VersionStatus


def test_versions_in_the_order_of_the_server() -> None:
    failed = {
        "version": "3",
        "state": "END",
        "status": {"error_code": "NOT_FOUND", "error_message": "no such file"},
    }
    loaded = {"version": "2", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert read_model_status({"model_version_status": [failed, loaded]}) == (
        VersionStatus(3, "END", "NOT_FOUND", "no such file"),
        VersionStatus(2, "AVAILABLE"),
    )


def test_a_version_without_a_status_has_no_error() -> None:
    answer = {"model_version_status": [{"version": "1", "state": "START"}]}
    assert read_model_status(answer) == (VersionStatus(1, "START"),)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        "text",
        None,
        {"model_version_status": None},
        {"model_version_status": ["x"]},
        {"model_version_status": [{"version": "one", "state": "END"}]},
        {"model_version_status": [{"version": "1"}]},
        {"model_version_status": [{"version": "1", "state": "END", "status": "OK"}]},
    ],
)
def test_an_answer_of_another_shape(answer: object) -> None:
    with pytest.raises(NotModelStatus):
        read_model_status(answer)
