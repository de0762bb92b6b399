"""What is decoded of JSON from outside, and how long that can take."""

import json

import pytest

from tfs_operator.domain.foreign_json import MAX_VALUES, NotJson, decode


def test_what_a_server_with_thousands_of_versions_answers() -> None:
    one = {"version": "1", "state": "END", "status": {"error_code": "OK", "error_message": ""}}
    answer = {"model_version_status": [one] * 6000}
    assert decode(json.dumps(answer).encode()) == answer


@pytest.mark.parametrize("text", ["", "{", "[" * 90_000, "\ufffd", '{"a": 1} {}', "1" * 5000])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(NotJson, match="is not JSON"):
        decode(text.encode())


def test_bytes_of_no_encoding() -> None:
    with pytest.raises(NotJson, match="is not JSON"):
        decode(b'"\xff"')


@pytest.mark.parametrize("value", ["{},", "[],", "1,", '"a":1,'])
def test_more_values_than_can_be_decoded_in_time(value: str) -> None:
    with pytest.raises(NotJson, match="more than 100000 values"):
        decode(f"[{value * MAX_VALUES}1]".encode())
