"""Keeps a status small enough for the API server, whatever model servers and stores have said.

An object in etcd has at most 1.5 MiB, the spec and `managedFields` included. A status that is refused for its size
would stay as it was for ever.
"""

import json
from typing import Any

from tfs_operator.api.manifest import Manifest

MAX_BYTES = 256 * 1024
"""Of the status of the models. A version with its error takes half a KiB; `managedFields` take as much again."""

_MESSAGES = (500, 100, 0)
_ITEMS = (64, 16, 4)


def within_budget(models: list[Manifest]) -> list[Manifest]:
    """Returns the status of the models with messages that are short enough, and, where that is not enough, with lists
    that are: their last items stay, which are the newest. Most are returned as they are."""
    for limit in _MESSAGES:
        if _size(models) <= MAX_BYTES:
            return models
        models = _with_shorter_messages(models, limit)
    for count in _ITEMS:
        if _size(models) <= MAX_BYTES:
            return models
        models = [_with_shorter_lists(model, count) for model in models]
    return models


def _size(models: list[Manifest]) -> int:
    return len(json.dumps(models, ensure_ascii=False).encode())


def _with_shorter_messages(value: Any, limit: int) -> Any:
    if isinstance(value, list):
        return [_with_shorter_messages(item, limit) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item[:limit] if key == "message" and isinstance(item, str) else _with_shorter_messages(item, limit)
        for key, item in value.items()
    }


def _with_shorter_lists(value: Any, count: int) -> Any:
    if isinstance(value, list):
        return [_with_shorter_lists(item, count) for item in value[-count:]]
    if isinstance(value, dict):
        return {key: _with_shorter_lists(item, count) for key, item in value.items()}
    return value
