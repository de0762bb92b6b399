"""The committed configuration as an annotation of the ConfigMap: compact JSON, read back without guessing.

The text-format files beside it are for the model server; this copy is for the operator. A second annotation has what
was committed of other sets of models, for pods that still run one of those: by the digest of the set, which they bear.
"""

import json
from collections.abc import Mapping
from typing import Any

from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy

COMMITTED_ANNOTATION = "tfs-operator.io/committed"
FORMER_ANNOTATION = "tfs-operator.io/former-models"
_MAX_INT64 = 2**63 - 1


def to_annotation(config: ModelServerConfig) -> str:
    """Returns the annotation's value; equal configurations give equal text."""
    return _compact(_to_json(config))


def from_annotation(text: str) -> ModelServerConfig | None:
    """Returns None when it is unreadable, since another client wrote it: then nothing is known of what is committed."""
    try:
        return _from_json(json.loads(text))
    except _UNREADABLE:
        return None


def former_to_annotation(sets: Mapping[str, ModelServerConfig]) -> str:
    """Returns the value of the second annotation, with the sets in their order."""
    return _compact([{"digest": digest, "models": _to_json(config)} for digest, config in sets.items()])


def former_from_annotation(text: str) -> dict[str, ModelServerConfig]:
    """Returns no set when it is unreadable."""
    try:
        return {_text(item["digest"]): _from_json(item["models"]) for item in _list(json.loads(text))}
    except _UNREADABLE:
        return {}


_UNREADABLE = (ValueError, TypeError, KeyError, RecursionError)


def _compact(item: Any) -> str:
    return json.dumps(item, separators=(",", ":"), sort_keys=True)


def _to_json(config: ModelServerConfig) -> list[dict[str, Any]]:
    return [_model_to_json(model) for model in config.models]


def _from_json(item: Any) -> ModelServerConfig:
    return ModelServerConfig(tuple(map(_model_from_json, _list(item))))


def _model_to_json(model: ModelConfig) -> dict[str, Any]:
    labels = {"labels": dict(model.labels)} if model.labels else {}
    return {"name": model.name, "path": model.base_path, "serve": _policy_to_json(model.policy), **labels}


def _policy_to_json(policy: VersionPolicy) -> Any:
    match policy:
        case Specific(versions):
            return list(versions)
        case Latest(num_versions):
            return {"latest": num_versions}
        case All():
            return "all"


def _model_from_json(item: Any) -> ModelConfig:
    labels = {str(label): _number(version) for label, version in dict(item.get("labels", {})).items()}
    policy = _policy_from_json(item["serve"])
    return ModelConfig(_text(item["name"]), _text(item["path"]), policy, dict(sorted(labels.items())))


def _policy_from_json(item: Any) -> VersionPolicy:
    match item:
        case "all":
            return All()
        case {"latest": number}:
            return Latest(_number(number))
        case [_, *_]:
            return Specific(tuple(sorted({_number(version) for version in item})))
    raise ValueError("no version policy")


def _list(item: Any) -> list[dict[str, Any]]:
    if not isinstance(item, list) or not item or not all(isinstance(entry, dict) for entry in item):
        raise ValueError("not a list of models")
    return item


def _text(item: Any) -> str:
    if not isinstance(item, str) or not item:
        raise ValueError("not a text")
    return item


def _number(item: Any) -> int:
    if not isinstance(item, int) or isinstance(item, bool) or not 0 <= item <= _MAX_INT64:
        raise ValueError("not a version")
    return item
