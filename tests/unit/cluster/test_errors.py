"""What is made of an answer that is no success, whoever wrote it."""

import json
from typing import Any

import pytest

from tfs_operator.cluster.errors import MAX_RETRY_AFTER_SECONDS, ClusterError, Forbidden, Transient, from_response


def failed(status: int, answer: Any, **headers: str) -> ClusterError:
    return from_response(status, headers, json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("seconds", "waited"),
    [("2", 2.0), ("1e9", MAX_RETRY_AFTER_SECONDS), ("inf", MAX_RETRY_AFTER_SECONDS), ("-1", 0.0), ("nan", 0.0)],
)
def test_the_wait_that_the_server_asks_for(seconds: str, waited: float) -> None:
    error = from_response(429, {"Retry-After": seconds}, b"")
    assert isinstance(error, Transient)
    assert error.retry_after == waited


def test_a_wait_that_is_no_number_leaves_that_of_the_body() -> None:
    error = from_response(429, {"Retry-After": "nan"}, b'{"details": {"retryAfterSeconds": 3}}')
    assert isinstance(error, Transient)
    assert error.retry_after == 3.0


@pytest.mark.parametrize("causes", [7, "NamespaceTerminating", {"reason": "NamespaceTerminating"}, [None, 7]])
def test_causes_of_another_form_are_none(causes: Any) -> None:
    assert type(failed(403, {"message": "no", "details": {"causes": causes}})) is Forbidden


def test_a_message_is_one_line_that_can_be_printed() -> None:
    assert str(failed(400, {"message": "two\nlines\x1b[2J\ud83d"})) == "two lines [2J"
    assert len(str(failed(400, {"message": "x" * 1_000_000}))) == 4096
    assert str(from_response(502, {}, b"<html>\n<b>\x1b</b>")) == "HTTP 502: <html> <b> </b>"


@pytest.mark.parametrize("message", [None, 7, ["a"], {"a": 1}, ""])
def test_a_message_that_is_no_text_is_none(message: Any) -> None:
    assert str(failed(400, {"message": message})).startswith("HTTP 400: {")


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"message":' * 100_000, f'{{"message": "no", "a": [{"{}," * 100_000}0]}}']
)
def test_an_answer_that_would_take_long_to_decode_is_no_status(body: str) -> None:
    assert str(from_response(500, {}, body.encode())).startswith("HTTP 500: ")
