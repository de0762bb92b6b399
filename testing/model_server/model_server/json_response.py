"""Answers in JSON: predictions, classifications and regressions.

(util/json_tensor.cc)
"""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from model_server.json_writer import JsonWriter, double_token, float_token
from model_server.protos import types_pb2
from model_server.status import invalid_argument
from model_server.tensors import type_name

Write = Callable[[JsonWriter, Any], None]
Elements = tuple[Iterator[Any], Write]
"""The elements of a tensor that are still to be written, and how one is written."""


def response_text(outputs: dict[str, Any], *, rows: bool) -> str:
    """`predictions` row by row, or `outputs` tensor by tensor; a single output drops its name."""
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    return _rows_text(outputs) if rows else _columns_text(outputs)


def _rows_text(outputs: dict[str, Any]) -> str:
    count = _batch_size(outputs)
    elements = {name: _elements(name, tensor) for name, tensor in outputs.items()}
    writer = JsonWriter()
    writer.start_object()
    writer.string("predictions")
    writer.start_array()
    for _ in range(count):
        if len(outputs) > 1:
            writer.start_object()
        writer.single_line_arrays = True
        for name, tensor in outputs.items():
            if len(outputs) > 1:
                writer.string(name)
            _write_values(writer, _sizes(tensor)[1:], elements[name])
        writer.single_line_arrays = False
        if len(outputs) > 1:
            writer.end_object()
    writer.end_array()
    writer.end_object()
    return writer.text


def _columns_text(outputs: dict[str, Any]) -> str:
    writer = JsonWriter()
    writer.start_object()
    writer.string("outputs")
    if len(outputs) > 1:
        writer.start_object()
    for name, tensor in outputs.items():
        if len(outputs) > 1:
            writer.string(name)
        _write_values(writer, _sizes(tensor), _elements(name, tensor))
    if len(outputs) > 1:
        writer.end_object()
    writer.end_object()
    return writer.text


def _batch_size(outputs: dict[str, Any]) -> int:
    expected = -1
    for name, tensor in outputs.items():
        sizes = _sizes(tensor)
        if not sizes:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if expected not in (-1, sizes[0]):
            raise invalid_argument(f"Tensor name: {name} has inconsistent batch size: {sizes[0]} expecting: {expected}")
        expected = sizes[0]
    return expected


def _write_values(writer: JsonWriter, sizes: list[int], elements: Elements) -> None:
    if not sizes:
        values, write = elements
        write(writer, next(values))
        return
    writer.start_array()
    for _ in range(sizes[0]):
        _write_values(writer, sizes[1:], elements)
    writer.end_array()


def _elements(name: str, tensor: Any) -> Elements:
    if tensor.dtype == types_pb2.DT_STRING and name.endswith("_bytes"):
        return iter(tensor.string_val), _write_bytes
    if tensor.dtype not in _FIELDS:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {type_name(tensor.dtype)}")
    field, write = _FIELDS[tensor.dtype]
    return iter(getattr(tensor, field)), write


def _write_string(writer: JsonWriter, value: bytes) -> None:
    writer.string(value.decode(errors="surrogateescape"))


def _write_bytes(writer: JsonWriter, value: bytes) -> None:
    writer.start_object()
    writer.string("b64")
    writer.string(base64.b64encode(value).decode())
    writer.end_object()


def _write_float(writer: JsonWriter, value: float) -> None:
    writer.raw(float_token(value))


def _write_double(writer: JsonWriter, value: float) -> None:
    writer.raw(double_token(value))


def _write_integer(writer: JsonWriter, value: int) -> None:
    writer.raw(str(value))


def _write_bool(writer: JsonWriter, value: bool) -> None:
    writer.raw("true" if value else "false")


_FIELDS: dict[int, tuple[str, Write]] = {
    types_pb2.DT_FLOAT: ("float_val", _write_float),
    types_pb2.DT_DOUBLE: ("double_val", _write_double),
    types_pb2.DT_INT32: ("int_val", _write_integer),
    types_pb2.DT_INT16: ("int_val", _write_integer),
    types_pb2.DT_INT8: ("int_val", _write_integer),
    types_pb2.DT_UINT8: ("int_val", _write_integer),
    types_pb2.DT_INT64: ("int64_val", _write_integer),
    types_pb2.DT_UINT32: ("uint32_val", _write_integer),
    types_pb2.DT_UINT64: ("uint64_val", _write_integer),
    types_pb2.DT_BOOL: ("bool_val", _write_bool),
    types_pb2.DT_STRING: ("string_val", _write_string),
}
"""Data type → the field of TensorProto with its elements, and how one is written."""


def classification_text(result: Any) -> str:
    """`results`: for each example its (label, score) pairs."""
    writer = JsonWriter()
    writer.start_object()
    writer.string("results")
    writer.start_array()
    for row in result.classifications:
        writer.single_line_arrays = True
        writer.start_array()
        for entry in row.classes:
            writer.start_array()
            writer.string(entry.label)
            writer.raw(float_token(entry.score))
            writer.end_array()
        writer.end_array()
        writer.single_line_arrays = False
    writer.end_array()
    writer.end_object()
    return writer.text


def regression_text(result: Any) -> str:
    """`results`: one value an example."""
    writer = JsonWriter()
    writer.start_object()
    writer.string("results")
    writer.single_line_arrays = True
    writer.start_array()
    for entry in result.regressions:
        writer.raw(float_token(entry.value))
    writer.end_array()
    writer.end_object()
    return writer.text


def _sizes(tensor: Any) -> list[int]:
    return [dim.size for dim in tensor.tensor_shape.dim]
