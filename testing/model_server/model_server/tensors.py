"""Tensors between the C library and TensorProto."""

import ctypes
import struct
from typing import Any

from model_server.host_tensor import HostTensor, read
from model_server.protos import tensor_pb2, types_pb2
from model_server.status import StatusError, unimplemented
from model_server.tensorflow_c import CallStatus, buffer_of, library

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


def write(tensor: HostTensor) -> int:
    """Makes a TF_Tensor; the caller deletes it. Strings go by way of a TensorProto, which copies them."""
    if isinstance(tensor.content, tuple):
        return to_tensor(as_proto(tensor))
    dims = (ctypes.c_int64 * len(tensor.dims))(*tensor.dims)
    made: int = library().TF_AllocateTensor(tensor.dtype, dims, len(tensor.dims), len(tensor.content))
    ctypes.memmove(library().TF_TensorData(made), tensor.content, len(tensor.content))
    return made


def to_proto(tensor: int, *, as_content: bool = False) -> Any:
    """Copies a TF_Tensor into a TensorProto, its elements into `*_val`, or into `tensor_content` where asked."""
    return as_proto(read(tensor), as_content=as_content)


def as_proto(tensor: HostTensor, *, as_content: bool = False) -> Any:
    """The same of a tensor that has been read."""
    proto = tensor_pb2.TensorProto(dtype=tensor.dtype)
    # An empty list of dimensions still marks the shape as given: a scalar's.
    proto.tensor_shape.SetInParent()
    for size in tensor.dims:
        proto.tensor_shape.dim.add(size=size)
    if isinstance(tensor.content, tuple):
        proto.string_val.extend(tensor.content)
    elif as_content:
        proto.tensor_content = tensor.content
    else:
        field, form = _format(tensor.dtype)
        count = len(tensor.content) // struct.calcsize(form)
        getattr(proto, field).extend(struct.unpack(f"={count}{form}", tensor.content))
    return proto


def _format(dtype: int) -> tuple[str, str]:
    if dtype not in _VALUES:
        raise unimplemented(f"the double answers no tensor of type {type_name(dtype)}")
    return _VALUES[dtype]
