"""Reads TensorFlow Serving's model status from its REST API's JSON. Source: tensorflow/serving, g3doc/api_rest.md."""

import re
from collections.abc import Mapping
from typing import Any

from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.observation import END, STATE_ORDER, VersionStatus

MOST_LIVE, MOST_ENDED = 1000, 1000
"""Versions of one model. A server lists also those that it has unloaded, as long as it runs; of these the newest are
read."""

_LONGEST_CODE, _LONGEST_MESSAGE = 64, 2000
_NUMBER = re.compile("[0-9]{1,19}")
_LARGEST = 2**63 - 1


class NotModelStatus(ValueError):
    """The answer is not a model status of TensorFlow Serving. Its words say what is wrong."""


def read_model_status(answer: Any) -> tuple[VersionStatus, ...]:
    """Returns the versions in the server's own order. `answer` is the decoded JSON of `GET /v1/models/NAME`; an answer
    of another shape raises NotModelStatus."""
    try:
        return _bounded([_version_status(entry) for entry in answer["model_version_status"]])
    except (KeyError, TypeError, AttributeError) as error:
        raise NotModelStatus(f"{type(error).__name__}: {error}") from None


def version_number(value: Any) -> int:
    """Reads an int64 of protobuf's JSON, a text or a number, that can be a version. Raises NotModelStatus."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise NotModelStatus("a version is not a number")
    text = str(value) if isinstance(value, str) or abs(value) <= _LARGEST else ""
    if not _NUMBER.fullmatch(text) or int(text) > _LARGEST:
        raise NotModelStatus("a version is not a number from 0 to 2^63 - 1")
    return int(text)


def _version_status(entry: Mapping[str, Any]) -> VersionStatus:
    status, state = entry.get("status", {}), entry["state"]
    if state not in STATE_ORDER:
        raise NotModelStatus("a version is in a state that it does not have")
    return VersionStatus(
        version=version_number(entry["version"]),
        state=state,
        error_code=one_line(str(status.get("error_code", "OK")), _LONGEST_CODE),
        error_message=one_line(str(status.get("error_message", "")), _LONGEST_MESSAGE),
    )


def _bounded(found: list[VersionStatus]) -> tuple[VersionStatus, ...]:
    ended = sorted(status.version for status in found if status.state == END)
    if len(found) - len(ended) > MOST_LIVE:
        raise NotModelStatus(f"it has more than {MOST_LIVE} versions loaded")
    oldest = ended[-MOST_ENDED] if len(ended) > MOST_ENDED else 0
    return tuple(status for status in found if status.state != END or status.version >= oldest)
