"""What a model server's JSON says of its versions."""

import pytest

from tfs_operator.domain.model_status_json import MOST_ENDED, MOST_LIVE, NotModelStatus, read_model_status
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
        {"model_version_status": [{"version": "1", "state": "END", "status": None}]},
        {"model_version_status": [{"version": "1", "state": "READY"}]},
        {"model_version_status": [{"version": "1", "state": ["END"]}]},
        {"model_version_status": {"version": "1"}},
    ],
)
def test_an_answer_of_another_shape(answer: object) -> None:
    with pytest.raises(NotModelStatus):
        read_model_status(answer)


@pytest.mark.parametrize(
    "version", [-1, "-1", 2**63, "9" * 19, "9" * 4000, 10**4000, "", " 1", "1.0", 1.0, True, None, [1], "\u0663"]
)
def test_a_number_that_no_version_has(version: object) -> None:
    with pytest.raises(NotModelStatus, match="a version is not a number"):
        read_model_status({"model_version_status": [{"version": version, "state": "AVAILABLE"}]})


@pytest.mark.parametrize("version", [0, "0", 7, "7", 2**63 - 1, str(2**63 - 1)])
def test_any_number_that_a_version_may_have(version: object) -> None:
    [found] = read_model_status({"model_version_status": [{"version": version, "state": "AVAILABLE"}]})
    assert found.version == int(str(version))


def test_words_of_a_server_are_one_line_and_bounded() -> None:
    status = {"error_code": "A\nB" * 1000, "error_message": "\x1b[2J\r\nmodel b: all is well" + "x" * 100_000}
    [found] = read_model_status({"model_version_status": [{"version": "1", "state": "END", "status": status}]})
    assert found.error_message.startswith("[2J model b: all is well")
    assert (found.error_code + found.error_message).isprintable()
    assert len(found.error_message) <= 2000
    assert len(found.error_code) <= 64


def entries(count: int, state: str, first: int = 1) -> list[dict[str, str]]:
    return [{"version": str(first + number), "state": state} for number in range(count)]


def test_of_the_versions_that_have_ended_the_newest_are_kept() -> None:
    """A server that is given a new version each hour lists thousands of them after a year."""
    found = read_model_status({"model_version_status": [*entries(MOST_ENDED + 500, "END"), *entries(1, "AVAILABLE")]})
    assert [status.version for status in found] == [*range(501, MOST_ENDED + 501), 1]


def test_more_loaded_versions_than_any_server_has() -> None:
    with pytest.raises(NotModelStatus, match="more than 1000 versions"):
        read_model_status({"model_version_status": entries(MOST_LIVE + 1, "AVAILABLE")})
