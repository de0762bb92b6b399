"""What is read of the last words of the container that prepares a pod's certificate."""

import json
from typing import Any

import pytest

from tfs_operator.domain.tls import Certificate, as_last_words, served

GOOD = {"sha256": "ab" * 32, "name": "mnist.shop.svc", "not_before": 1.0, "not_after": 2.0}


def read(words: str) -> Certificate | None:
    ended = {"terminated": {"exitCode": 0, "message": words}}
    return served({"initContainerStatuses": [{"name": "tls", "state": ended}]})


def test_what_was_written_is_read() -> None:
    assert read(as_last_words(Certificate(**GOOD))) == Certificate(**GOOD)


@pytest.mark.parametrize("name", ["", "My Server", "10.0.0.1", "größe.example.com"])
def test_a_certificate_may_have_any_name_that_can_be_printed(name: str) -> None:
    assert read(json.dumps({**GOOD, "name": name})) == Certificate(**{**GOOD, "name": name})


@pytest.mark.parametrize(
    "changed",
    [
        {"not_before": 10**400},
        {"not_before": float("nan")},
        {"not_after": float("inf")},
        {"not_after": None},
        {"sha256": "../x"},
        {"sha256": "AB" * 32},
        {"name": "a\x1b[2J"},
        {"name": "a\ud83d"},
        {"name": "a" * 254},
    ],
)
def test_words_of_something_else_tell_of_no_certificate(changed: dict[str, Any]) -> None:
    assert read(json.dumps({**GOOD, **changed})) == Certificate("")


@pytest.mark.parametrize(
    "words", ["", "[]", "{}", "[" * 4000, '{"":' * 1000, "9" * 4000, json.dumps(GOOD) + " " * 4096]
)
def test_words_that_are_no_object(words: str) -> None:
    assert read(words) == Certificate("")
