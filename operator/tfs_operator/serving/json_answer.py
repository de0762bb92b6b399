"""Reads the errors of TensorFlow Serving, and of nothing else that listens at a pod's address."""

from tfs_operator.domain.foreign_json import NotJson, decode

_SHOWN = 200


def error_words(body: bytes) -> str:
    """Returns `: ` and the error of an answer that has the form of TensorFlow Serving's, `{"error": "…"}`; empty for
    any other. Whatever else listens at a pod's address is not shown to who may read TFModels."""
    try:
        answer = decode(body)
    except NotJson:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    return f": {error[:_SHOWN]}" if isinstance(error, str) else ""
