"""Tensors as Python values: what batching cuts up and puts together."""

import ctypes
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

from model_server.protos import types_pb2
from model_server.tensorflow_c import TSTRING_BYTES, library

Content = bytes | tuple[bytes, ...]


@dataclass(frozen=True)
class HostTensor:
    """`content` has the elements in the order of rows: the bytes of all, or of a string tensor a text each."""

    dtype: int
    dims: tuple[int, ...]
    content: Content

    @property
    def row(self) -> int:
        """Length of the content for one step along the first dimension."""
        return len(self.content) // self.dims[0] if self.dims[0] else 0


def read(tensor: int) -> HostTensor:
    """Copies a TF_Tensor."""
    dtype = library().TF_TensorType(tensor)
    dims = tuple(library().TF_Dim(tensor, axis) for axis in range(library().TF_NumDims(tensor)))
    return HostTensor(dtype, dims, tuple(_strings(tensor)) if dtype == types_pb2.DT_STRING else _bytes(tensor))


def concatenated(tensors: Sequence[HostTensor]) -> HostTensor:
    """Along the first dimension; the others are alike."""
    first = tensors[0]
    rows = sum(tensor.dims[0] for tensor in tensors)
    content = _joined((tensor.content for tensor in tensors), text=isinstance(first.content, tuple))
    return HostTensor(first.dtype, (rows, *first.dims[1:]), content)


def split(tensor: HostTensor, sizes: Iterable[int]) -> Iterator[HostTensor]:
    """Parts of these sizes along the first dimension."""
    for start, end in pairwise(accumulate(sizes, initial=0)):
        content = tensor.content[start * tensor.row : end * tensor.row]
        yield HostTensor(tensor.dtype, (end - start, *tensor.dims[1:]), content)


def padded(tensor: HostTensor, dims: Sequence[int]) -> HostTensor:
    """As large as `dims`, but for the first dimension, with its own first element in the places that are new."""
    target = (tensor.dims[0], *dims[1:])
    if target == tensor.dims:
        return tensor
    unit = len(tensor.content) // math.prod(tensor.dims)
    parts = _padded(tensor.content, tensor.dims, target, tensor.content[:unit])
    return HostTensor(tensor.dtype, target, _joined(parts, text=isinstance(tensor.content, tuple)))


def _padded(content: Content, dims: Sequence[int], target: Sequence[int], fill: Content) -> Iterator[Content]:
    if dims:
        step = len(content) // dims[0]
        for index in range(dims[0]):
            yield from _padded(content[index * step : (index + 1) * step], dims[1:], target[1:], fill)
        yield fill * (math.prod(target[1:]) * (target[0] - dims[0]))
    else:
        yield content


def _joined(parts: Iterable[Any], *, text: bool) -> Content:
    return tuple(chain.from_iterable(parts)) if text else b"".join(parts)


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
