"""A Predict request in JSON, as TensorProtos.

(util/json_tensor.cc)
"""

from typing import Any

from model_server.json_reader import debug_text, decode_base64, format_error, is_base64, type_name
from model_server.protos import tensor_pb2, types_pb2
from model_server.status import StatusError, invalid_argument, unimplemented
from model_server.tensors import type_name as dtype_name

_INTEGERS = {
    types_pb2.DT_INT32: ("int_val", -(2**31), 2**31),
    types_pb2.DT_INT16: ("int_val", -(2**31), 2**31),
    types_pb2.DT_INT8: ("int_val", -(2**31), 2**31),
    types_pb2.DT_UINT8: ("int_val", -(2**31), 2**31),
    types_pb2.DT_INT64: ("int64_val", -(2**63), 2**63),
    types_pb2.DT_UINT32: ("uint32_val", 0, 2**32),
    types_pb2.DT_UINT64: ("uint64_val", 0, 2**64),
}
"""Data type → field of TensorProto, lowest value, end of the range that JSON may hold."""

_FLOATS = {types_pb2.DT_FLOAT: "float_val", types_pb2.DT_DOUBLE: "double_val"}


def request_tensors(document: dict[str, Any], inputs: Any) -> tuple[dict[str, Any], bool]:
    """The tensors by input name, and whether they came as `instances` (rows) rather than `inputs` (columns).

    `inputs` is the signature's map of TensorInfo. Raises StatusError.
    """
    rows = "instances" in document
    if rows and "inputs" in document:
        raise format_error(
            document,
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        )
    if not rows and "inputs" not in document:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    if rows:
        return _from_instances(document, inputs), True
    return _from_inputs(document["inputs"], inputs), False


def _from_instances(document: dict[str, Any], inputs: Any) -> dict[str, Any]:
    instances = document["instances"]
    if not isinstance(instances, list):
        raise format_error(document, "Expecting 'instances' to be an list/array")
    if not instances:
        raise format_error(document, "No values in 'instances' array")
    if not isinstance(instances[0], dict) and len(inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    named = _is_named(instances[0])
    tensors: dict[str, _Batch] = {}
    for index, instance in enumerate(instances):
        if named:
            _add_named(tensors, inputs, index, instance)
        else:
            _add_plain(tensors, inputs, index, instance)
    return {name: batch.proto(len(instances)) for name, batch in tensors.items()}


def _add_named(tensors: dict[str, "_Batch"], inputs: Any, index: int, instance: Any) -> None:
    if not _is_named(instance):
        raise invalid_argument(f"Expecting object but got list at item {index} of input list")
    for name, value in instance.items():
        try:
            _add(tensors, inputs, name, value)
        except StatusError as error:
            place = f"{index} key: {name} of 'instances' list."
            raise invalid_argument(f"Failed to process element: {place} Error: {error.status}") from error
    if set(instance) != set(inputs):
        raise invalid_argument(
            f"Failed to process element: {index} of 'instances' list. JSON object: {debug_text(instance)} "
            f"keys must be equal to: {','.join(sorted(inputs))}"
        )


def _add_plain(tensors: dict[str, "_Batch"], inputs: Any, index: int, instance: Any) -> None:
    if _is_named(instance):
        raise invalid_argument(f"Expecting value/list but got object at item {index} of input list")
    try:
        _add(tensors, inputs, next(iter(inputs)), instance)
    except StatusError as error:
        raise invalid_argument(
            f"Failed to process element: {index} of 'instances' list. Error: {error.status}"
        ) from error


def _add(tensors: dict[str, "_Batch"], inputs: Any, name: str, value: Any) -> None:
    if name not in inputs:
        raise invalid_argument(f"JSON object: does not have named input: {name}")
    if name not in tensors:
        tensors[name] = _Batch(inputs[name].dtype)
    tensors[name].add(value)


def _from_inputs(value: Any, inputs: Any) -> dict[str, Any]:
    if not _is_named(value):
        if len(inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        return {name: _whole(info.dtype, value) for name, info in inputs.items()}
    for name in inputs:
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return {name: _whole(info.dtype, value[name]) for name, info in inputs.items()}


def _is_named(value: object) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _whole(dtype: int, value: Any) -> Any:
    shape = _shape(value)
    proto = tensor_pb2.TensorProto(dtype=dtype)
    _fill(proto, shape, value, 0)
    return _shaped(proto, shape)


class _Batch:
    """One input of all instances: values of the same shape, one after the other."""

    def __init__(self, dtype: int) -> None:
        self._proto = tensor_pb2.TensorProto(dtype=dtype)
        self._shape: list[int] | None = None
        self._size = 0

    def add(self, value: Any) -> None:
        shape = _shape(value)
        size = _fill(self._proto, shape, value, 0)
        if self._shape is None:
            self._shape, self._size = shape, size
        elif size != self._size:
            raise invalid_argument(f"Expecting tensor size: {self._size} but got: {size}")
        elif shape != self._shape:
            raise invalid_argument(f"Expecting shape {_listed(self._shape)} but got: {_listed(shape)}")

    def proto(self, count: int) -> Any:
        return _shaped(self._proto, [count, *(self._shape or [])])


def _shape(value: Any) -> list[int]:
    """The shape that the first element of every list suggests."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _shaped(proto: Any, shape: list[int]) -> Any:
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def _listed(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _fill(proto: Any, shape: list[int], value: Any, level: int) -> int:
    """Appends the elements of a nested list; answers how many."""
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument(
                f"JSON Value: {debug_text(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        _append(proto, value)
        return 1
    if level >= len(shape):
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    return sum(_fill(proto, shape, item, level + 1) for item in value)


def _append(proto: Any, value: Any) -> None:
    dtype = proto.dtype
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if dtype in _FLOATS:
        if number:
            getattr(proto, _FLOATS[dtype]).append(value)
            return
    elif dtype in _INTEGERS:
        field, lowest, end = _INTEGERS[dtype]
        if number and isinstance(value, int) and lowest <= value < end:
            getattr(proto, field).append(value)
            return
    elif dtype == types_pb2.DT_STRING:
        if isinstance(value, str | dict):
            proto.string_val.append(value.encode() if isinstance(value, str) else decode_base64(value))
            return
    elif dtype == types_pb2.DT_BOOL:
        if isinstance(value, bool):
            proto.bool_val.append(value)
            return
    elif not isinstance(value, dict):
        raise unimplemented(f"Conversion of JSON Value: {debug_text(value)} to type: {dtype_name(dtype)}")
    raise invalid_argument(
        f"JSON Value: {debug_text(value)} Type: {type_name(value)} is not of expected type: {dtype_name(dtype)}"
    )
