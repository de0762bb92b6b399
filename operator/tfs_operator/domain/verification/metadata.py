"""Reads the signatures of a version from the JSON of `GET /v1/models/M/versions/V/metadata`.

Source: tensorflow_serving/apis/get_model_metadata.proto, tensorflow/core/protobuf/meta_graph.proto, as protobuf JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfs_operator.api.base import MAX_INT64

_INTERNAL = "__saved_model_"
"""TensorFlow's own signatures: the operations that initialise and train. They take no request."""

_MOST_DIMENSIONS = 254
"""Of a tensor. Source: tensorflow/core/framework/tensor_shape.h (TensorShape::MaxDimensions)."""


class NotMetadata(ValueError):
    """The answer is not the metadata of a model of TensorFlow Serving."""


@dataclass(frozen=True)
class TensorInfo:
    """One input or output. `dtype` is such as DT_FLOAT; `shape` has -1 for a size that is not fixed, and is None where
    the rank is not known. `dense` is False for a sparse tensor, or one of several components such as a ragged one."""

    dtype: str
    shape: tuple[int, ...] | None
    dense: bool = True


@dataclass(frozen=True)
class Signature:
    """One signature. `defaults` are the inputs that a request may leave out."""

    name: str
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    defaults: frozenset[str] = frozenset()


def read_signatures(answer: Any) -> dict[str, Signature]:
    """Returns the signatures that clients can name, by name. `answer` is the decoded JSON; NotMetadata is raised when
    it has another shape."""
    try:
        found = answer["metadata"]["signature_def"]["signature_def"]
        return {
            name: _signature(name, entry) for name, entry in sorted(found.items()) if not name.startswith(_INTERNAL)
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NotMetadata(f"{type(error).__name__}: {error}") from None


def _signature(name: str, entry: Mapping[str, Any]) -> Signature:
    return Signature(
        name,
        _tensors(entry.get("inputs") or {}),
        _tensors(entry.get("outputs") or {}),
        frozenset(entry.get("defaults") or {}),
    )


def _tensors(entries: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {name: _tensor(entry) for name, entry in sorted(entries.items())}


def _tensor(entry: Mapping[str, Any]) -> TensorInfo:
    dense = "coo_sparse" not in entry and "composite_tensor" not in entry
    return TensorInfo(str(entry.get("dtype", "DT_INVALID")), _shape(entry.get("tensor_shape")), dense)


def _shape(entry: Mapping[str, Any] | None) -> tuple[int, ...] | None:
    if entry is None or entry.get("unknown_rank", False):
        return None
    dimensions = entry.get("dim") or ()
    if len(dimensions) > _MOST_DIMENSIONS:
        raise ValueError(f"a tensor has more than {_MOST_DIMENSIONS} dimensions")
    return tuple(_size(dimension.get("size", 0)) for dimension in dimensions)


def _size(value: Any) -> int:
    """Reads an int64 of protobuf's JSON, a text or a number; -1 is open."""
    size = int(value)
    if not -1 <= size <= MAX_INT64:
        raise ValueError("a dimension is not a number from -1 to 2^63 - 1")
    return size
