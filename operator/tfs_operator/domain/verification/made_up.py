"""Makes up predict requests from a version's signatures: a batch of one, of zeros, empty strings and false.

A request names its inputs in columns (`inputs`), since the rows of `instances` need outputs with a batch dimension.
Sizes that a signature leaves open are tried small first: a request that is too small or too big for the model is
refused as an invalid argument, which says nothing about the version.
Source of the types: tensorflow_serving/util/json_tensor.cc.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfs_operator.domain.verification.metadata import Signature, TensorInfo

MAX_BODY_BYTES = 1024 * 1024
DEFAULT_SIGNATURE = "serving_default"

OPEN_SIZES = (1, 32, 224)
"""What is tried in turn for the open dimensions after the first: a row or a word, a small one, a usual picture."""

_MAX_SIGNATURES = 8
_CHANGING = {
    *("train", "training", "fit", "update", "learn", "save", "restore", "load", "init", "initialize", "initialise"),
    *("reset", "export", "checkpoint"),
}
"""Words in the names of signatures that change a model, as those that are trained on devices have: not for trying."""

_ZEROS = {
    **dict.fromkeys(("DT_FLOAT", "DT_DOUBLE"), "0.0"),
    **dict.fromkeys(("DT_INT8", "DT_INT16", "DT_INT32", "DT_INT64", "DT_UINT8", "DT_UINT32", "DT_UINT64"), "0"),
    "DT_BOOL": "false",
    "DT_STRING": '""',
}
"""Every type that a JSON request can have, and its zero. An empty string is an empty tf.Example too."""


@dataclass(frozen=True)
class PredictRequest:
    """The body of a POST to `:predict`, and the signature that it names."""

    signature: str
    body: str


@dataclass(frozen=True)
class MadeUp:
    """The requests by signature, in the order in which they are tried, and for each signature without any the reason.
    `reason` says why there is no signature to ask."""

    requests: Mapping[str, tuple[PredictRequest, ...]]
    reasons: Mapping[str, str]
    reason: str = ""


class _Impossible(Exception):
    """No request can be made up; its text says why."""


def made_up(signatures: Mapping[str, Signature]) -> MadeUp:
    """Returns the requests with which a version is tried: to `serving_default`, else to all that clients could mean."""
    chosen, requests, reasons = _chosen(signatures), {}, {}
    for signature in chosen:
        try:
            requests[signature.name] = tuple(_requests(signature))
        except _Impossible as why:
            reasons[signature.name] = str(why)
    return MadeUp(requests, reasons, "" if chosen else _no_signature(signatures))


def _no_signature(signatures: Mapping[str, Signature]) -> str:
    if not signatures:
        return "it has no signatures"
    return f"its signatures are named as if they changed the model: {', '.join(sorted(signatures))}"


def _chosen(signatures: Mapping[str, Signature]) -> list[Signature]:
    if DEFAULT_SIGNATURE in signatures:
        return [signatures[DEFAULT_SIGNATURE]]
    tried = [signature for name, signature in sorted(signatures.items()) if not _changes(name)]
    return tried[:_MAX_SIGNATURES]


def _changes(name: str) -> bool:
    return not _CHANGING.isdisjoint(word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", name))


def _requests(signature: Signature) -> Iterator[PredictRequest]:
    """Yields those that fit into MAX_BODY_BYTES; the smallest must."""
    if not signature.inputs:
        raise _Impossible("it takes no input, and REST has no request for that")
    for name, info in signature.inputs.items():
        _check(name, info)
    is_open = any(size < 0 for info in signature.inputs.values() for size in (info.shape or ())[1:])
    for size in OPEN_SIZES if is_open else OPEN_SIZES[:1]:
        shapes = {name: _closed(info.shape or (), size) for name, info in signature.inputs.items()}
        if sum(_length(signature.inputs[name], shape) for name, shape in shapes.items()) < MAX_BODY_BYTES:
            yield PredictRequest(signature.name, _body(signature, shapes))
        elif size == OPEN_SIZES[0]:
            raise _Impossible(f"a request of its shapes would exceed {MAX_BODY_BYTES // 1024} KiB")


def _check(name: str, info: TensorInfo) -> None:
    if not info.dense:
        raise _Impossible(f"its input {name} is sparse or ragged")
    if info.dtype not in _ZEROS:
        raise _Impossible(f"its input {name} is of type {info.dtype}, which no JSON request can have")
    if info.shape is None:
        raise _Impossible(f"its input {name} may have any rank")


def _closed(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """A first dimension that is open is the batch: one."""
    return tuple((1 if place == 0 else size) if given < 0 else given for place, given in enumerate(shape))


def _length(info: TensorInfo, shape: tuple[int, ...]) -> int:
    """The characters of `_values`, and some for its name, without writing them: a fixed shape may be of any size."""
    length = len(_ZEROS[info.dtype])
    for size in reversed(shape):
        length = max(2, size * (length + 1) + 1)
    return length


def _values(info: TensorInfo, shape: tuple[int, ...]) -> str:
    text = _ZEROS[info.dtype]
    for size in reversed(shape):
        text = "[" + ",".join([text] * size) + "]"
    return text


def _body(signature: Signature, shapes: Mapping[str, tuple[int, ...]]) -> str:
    inputs = (f"{json.dumps(name)}:{_values(signature.inputs[name], shape)}" for name, shape in shapes.items())
    return f'{{"signature_name":{json.dumps(signature.name)},"inputs":{{{",".join(inputs)}}}}}'
