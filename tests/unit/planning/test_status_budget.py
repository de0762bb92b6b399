"""How large the status can get."""

import json
from typing import Any

import pytest

from tfs_operator.planning.status_budget import MAX_BYTES, within_budget


def model(name: str, versions: int, message: str, failures: int = 0) -> dict[str, Any]:
    rows = [{"version": number, "state": "END", "message": message} for number in range(versions)]
    failed = [{"version": number, "message": message} for number in range(failures)]
    return {"name": name, "labels": {"stable": 1}, "versions": rows, "rollout": {"failures": failed, "message": ""}}


def size(models: list[dict[str, Any]]) -> int:
    return len(json.dumps(models, ensure_ascii=False).encode())


def test_an_ordinary_one_is_as_it_is() -> None:
    models = [model(f"model-{number}", 4, "NOT_FOUND: no saved_model.pb " * 10) for number in range(32)]
    assert within_budget(models) is models


@pytest.mark.parametrize("character", ["x", "\u65e5"])
@pytest.mark.parametrize("models", [1, 4, 32])
def test_the_longest_errors_of_the_most_versions(models: int, character: str) -> None:
    found = within_budget([model(f"model-{n}", 256, character * 2000, failures=64) for n in range(models)])
    assert size(found) <= MAX_BYTES
    assert [each["name"] for each in found] == [f"model-{n}" for n in range(models)]


def test_messages_go_before_versions() -> None:
    [found] = within_budget([model("m", 256, "x" * 2000)])
    assert [row["version"] for row in found["versions"]] == list(range(256))
    assert found["versions"][0]["message"] == "x" * 500


def test_of_versions_the_newest_stay() -> None:
    found = within_budget([model(f"model-{n}", 256, "") for n in range(32)])
    assert [row["version"] for row in found[0]["versions"]] == list(range(192, 256))


def test_what_was_made_short_stays_as_it_is() -> None:
    """Else each pass would write another status."""
    found = within_budget([model(f"model-{n}", 256, "x" * 2000, failures=64) for n in range(32)])
    assert within_budget(found) == found
