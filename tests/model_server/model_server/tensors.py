"""Tensors between the C library and TensorProto."""

import ctypes
import struct
from typing import Any

from model_server.protos import tensor_pb2, types_pb2
from model_server.status import StatusError, unimplemented
from model_server.tensorflow_c import TSTRING_BYTES, CallStatus, buffer_of, library

_VALUES = {
    types_pb2.DT_FLOAT: ("float_val", "f"),
    types_pb2.DT_DOUBLE: ("double_val", "d"),
    types_pb2.DT_INT32: ("int_val", "i"),
    types_pb2.DT_INT16: ("int_val", "h"),
    types_pb2.DT_INT8: ("int_val", "b"),
    types_pb2.DT_UINT8: ("int_val", "B"),
    types_pb2.DT_UINT16: ("int_val", "H"),
    types_pb2.DT_INT64: ("int64_val", "q"),
    types_pb2.DT_UINT32: ("uint32_val", "I"),
    types_pb2.DT_UINT64: ("uint64_val", "Q"),
    types_pb2.DT_BOOL: ("bool_val", "?"),
    types_pb2.DT_HALF: ("half_val", "H"),
    types_pb2.DT_BFLOAT16: ("half_val", "H"),
    types_pb2.DT_COMPLEX64: ("scomplex_val", "f"),
    types_pb2.DT_COMPLEX128: ("dcomplex_val", "d"),
}
"""Data type → the field of TensorProto that holds its elements, and their format in `struct`."""


def type_name(dtype: int) -> str:
    """TensorFlow's short name of a data type, e.g. `float`."""
    return str(types_pb2.DataType.Name(dtype)).removeprefix("DT_").lower()


def to_tensor(proto: Any) -> int:
    """Makes a TF_Tensor of a TensorProto; the caller deletes it. Raises StatusError on one that is malformed."""
    tensor: int = library().TF_AllocateTensor(types_pb2.DT_FLOAT, None, 0, struct.calcsize("f"))
    data = proto.SerializeToString()
    try:
        with CallStatus() as status:
            library().TF_TensorFromProto(buffer_of(data), tensor, status)
    except StatusError:
        library().TF_DeleteTensor(tensor)
        raise
    return tensor


def to_proto(tensor: int, *, as_content: bool = False) -> Any:
    """Copies a TF_Tensor into a TensorProto, its elements into `*_val`, or into `tensor_content` where asked."""
    dtype = library().TF_TensorType(tensor)
    proto = tensor_pb2.TensorProto(dtype=dtype)
    # An empty list of dimensions still marks the shape as given: a scalar's.
    proto.tensor_shape.SetInParent()
    for axis in range(library().TF_NumDims(tensor)):
        proto.tensor_shape.dim.add(size=library().TF_Dim(tensor, axis))
    if dtype == types_pb2.DT_STRING:
        proto.string_val.extend(_strings(tensor))
    elif as_content:
        proto.tensor_content = _bytes(tensor)
    else:
        field, form = _format(dtype)
        data = _bytes(tensor)
        getattr(proto, field).extend(struct.unpack(f"={len(data) // struct.calcsize(form)}{form}", data))
    return proto


def _format(dtype: int) -> tuple[str, str]:
    if dtype not in _VALUES:
        raise unimplemented(f"the double answers no tensor of type {type_name(dtype)}")
    return _VALUES[dtype]


def _bytes(tensor: int) -> bytes:
    length = library().TF_TensorByteSize(tensor)
    if not length:
        return b""
    return ctypes.string_at(library().TF_TensorData(tensor), length)


def _strings(tensor: int) -> list[bytes]:
    count = library().TF_TensorByteSize(tensor) // TSTRING_BYTES
    first = library().TF_TensorData(tensor)
    return [_string(first + TSTRING_BYTES * index) for index in range(count)]


def _string(address: int) -> bytes:
    size = library().TF_StringGetSize(address)
    return ctypes.string_at(library().TF_StringGetDataPointer(address), size)
