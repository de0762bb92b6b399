"""Values of a JSON request as TensorProtos.

(util/json_tensor.cc)
"""

from collections.abc import Callable, Iterator
from typing import Any

from model_server import crash
from model_server.json_numbers import as_float32
from model_server.json_values import debug_text, decode_base64, type_name
from model_server.protos import tensor_pb2, types_pb2
from model_server.status import invalid_argument, unimplemented
from model_server.tensors import type_name as dtype_name

_END = object()
_DEEPEST = 20_000
"""Lists within each other for which a stack of 8 MiB surely suffices: the real server, whose FillTensorProto calls
itself for each, lived with 5,000 and died with 50,000."""


def whole_tensor(dtype: int, value: Any) -> Any:
    """A tensor of the shape that the value has; raises StatusError."""
    shape = _shape(value)
    proto = tensor_pb2.TensorProto(dtype=dtype)
    _fill(proto, shape, value)
    return _shaped(proto, shape)


class Batch:
    """One input of all instances: values of the same shape, one after the other."""

    def __init__(self, dtype: int) -> None:
        self._proto = tensor_pb2.TensorProto(dtype=dtype)
        self._shape: list[int] | None = None
        self._size = 0

    def add(self, value: Any) -> None:
        shape = _shape(value)
        size = _fill(self._proto, shape, value)
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


def _fill(proto: Any, shape: list[int], value: Any) -> int:
    """Appends the elements of a nested list; returns how many. Ends the process where the real server's stack is
    full."""
    count = 0
    around: list[Iterator[Any]] = [iter([value])]
    while around:
        item = next(around[-1], _END)
        if item is _END:
            around.pop()
        elif isinstance(item, list):
            _check_list(shape, item, len(around) - 1)
            around.append(iter(item))
            if len(around) > _DEEPEST:
                crash.segfault()
        else:
            _check_level(shape, item, len(around) - 1)
            _append(proto, item)
            count += 1
    return count


def _check_level(shape: list[int], item: Any, level: int) -> None:
    if level != len(shape):
        raise invalid_argument(
            f"JSON Value: {debug_text(item)} found at incorrect level: {level + 1} in the JSON DOM. "
            f"Expected at level: {len(shape)}"
        )


def _check_list(shape: list[int], items: list[Any], level: int) -> None:
    if level >= len(shape):
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(items) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(items)} at level: {level} expected size: {shape[level]}"
        )


def _append(proto: Any, value: Any) -> None:
    if proto.dtype not in _FIELDS and not isinstance(value, dict):
        raise unimplemented(f"Conversion of JSON Value: {debug_text(value)} to type: {dtype_name(proto.dtype)}")
    field, convert = _FIELDS.get(proto.dtype, ("", _nothing))
    converted = convert(value)
    if converted is None:
        raise invalid_argument(
            f"JSON Value: {debug_text(value)} Type: {type_name(value)} "
            f"is not of expected type: {dtype_name(proto.dtype)}"
        )
    getattr(proto, field).append(converted)


def _float32(value: Any) -> float | None:
    return as_float32(value) if _is_number(value) else None


def _float64(value: Any) -> float | None:
    return float(value) if _is_number(value) else None


def _integer(lowest: int, end: int) -> "Convert":
    def convert(value: Any) -> int | None:
        return value if _is_number(value) and isinstance(value, int) and lowest <= value < end else None

    return convert


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, dict):
        return decode_base64(value)
    return value.encode(errors="surrogateescape") if isinstance(value, str) else None


def _nothing(_: Any) -> None:
    """An object where no type of tensor could hold one."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


Convert = Callable[[Any], Any]
"""A JSON value as an element of a tensor, or None if it is of another type."""

_INT32 = ("int_val", _integer(-(2**31), 2**31))

_FIELDS: dict[int, tuple[str, Convert]] = {
    types_pb2.DT_FLOAT: ("float_val", _float32),
    types_pb2.DT_DOUBLE: ("double_val", _float64),
    types_pb2.DT_INT32: _INT32,
    types_pb2.DT_INT16: _INT32,
    types_pb2.DT_INT8: _INT32,
    types_pb2.DT_UINT8: _INT32,
    types_pb2.DT_INT64: ("int64_val", _integer(-(2**63), 2**63)),
    types_pb2.DT_UINT32: ("uint32_val", _integer(0, 2**32)),
    types_pb2.DT_UINT64: ("uint64_val", _integer(0, 2**64)),
    types_pb2.DT_STRING: ("string_val", _bytes),
    types_pb2.DT_BOOL: ("bool_val", _boolean),
}
"""Data type → field of TensorProto, and what goes into it. Small integers are cut off there, not refused."""
