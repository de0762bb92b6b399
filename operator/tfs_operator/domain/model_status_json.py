"""Reads TensorFlow Serving's model status from its REST API's JSON. Source: tensorflow/serving, g3doc/api_rest.md."""

from collections.abc import Mapping
from typing import Any

from tfs_operator.domain.observation import VersionStatus


class NotModelStatus(ValueError):
    """The answer is not a model status of TensorFlow Serving."""


def read_model_status(answer: Any) -> tuple[VersionStatus, ...]:
    """Returns the versions in the server's own order. `answer` is the decoded JSON of `GET /v1/models/NAME`; an answer
    of another shape raises NotModelStatus."""
    try:
        return tuple(_version_status(entry) for entry in answer["model_version_status"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotModelStatus(f"{type(error).__name__}: {error}") from None


def _version_status(entry: Mapping[str, Any]) -> VersionStatus:
    status = entry.get("status", {})
    return VersionStatus(
        version=int(entry["version"]),
        state=str(entry["state"]),
        error_code=str(status.get("error_code", "OK")),
        error_message=str(status.get("error_message", "")),
    )
