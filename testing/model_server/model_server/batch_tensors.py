"""The tensors of a batch: those of its requests one below the other, and the answers cut apart again.

(batching/batching_session.cc, batching/batching_util.cc)
"""

from collections.abc import Iterator, Mapping, Sequence

from model_server import metrics
from model_server.host_tensor import HostTensor, concatenated, padded, split
from model_server.status import failed_precondition, invalid_argument

Tensors = Mapping[str, HostTensor]
"""By the name of the tensor in the graph."""

_MOST_DIMENSIONS = 6


def batch_size(inputs: Tensors) -> int:
    """The first dimension, which all inputs share; raises StatusError."""
    if not inputs:
        raise invalid_argument("Batching Run() must have at least one input tensor")
    if not all(tensor.dims for tensor in inputs.values()):
        raise invalid_argument("Batching Run() input tensors must have at least one dimension")
    sizes = {tensor.dims[0] for tensor in inputs.values()}
    if len(sizes) > 1:
        raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
    [size] = sizes
    for _ in inputs:
        metrics.INPUT_BATCH_SIZE.observe(size)
    return size


def merged(inputs: Sequence[Tensors], rows: int, *, pad_lengths: bool) -> dict[str, HostTensor]:
    """One tensor for each input, filled up to `rows` with the first row of the last request; raises StatusError."""
    filling = rows - sum(batch_size_of(each) for each in inputs)
    metrics.PADDING_SIZE.observe(filling, str(rows))
    metrics.PROCESSED_BATCH_SIZE.observe(rows)
    return {name: _merged(name, [each[name] for each in inputs], filling, pad_lengths) for name in sorted(inputs[0])}


def batch_size_of(inputs: Tensors) -> int:
    return next(iter(inputs.values())).dims[0]


def split_outputs(outputs: Tensors, sizes: Sequence[int], rows: int) -> Iterator[dict[str, HostTensor]]:
    """For each request its own rows; raises StatusError when an output has other rows than the inputs had."""
    for tensor in outputs.values():
        if not tensor.dims:
            raise failed_precondition("Batched output tensor has 0 dimensions")
        if tensor.dims[0] != rows:
            raise failed_precondition(
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the "
                "input tensors"
            )
    parts = {name: split(tensor, sizes) for name, tensor in outputs.items()}
    return ({name: next(part) for name, part in parts.items()} for _ in sizes)


def _merged(name: str, parts: Sequence[HostTensor], filling: int, pad_lengths: bool) -> HostTensor:
    alike = _of_one_length(parts) if pad_lengths else _checked(name, parts)
    [first_row] = split(alike[-1], [1]) if filling else [alike[-1]]
    return concatenated([*alike, *[first_row] * filling])


def _checked(name: str, parts: Sequence[HostTensor]) -> Sequence[HostTensor]:
    if any(part.dims[1:] != parts[0].dims[1:] for part in parts):
        raise failed_precondition(
            f"Tensors with name '{name}' from different tasks have different shapes and padding is turned off. Set "
            "pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal dimensions "
            "starting with the first dim."
        )
    return parts


def _of_one_length(parts: Sequence[HostTensor]) -> Sequence[HostTensor]:
    if any(len(part.dims) > _MOST_DIMENSIONS for part in parts):
        raise invalid_argument("Only tensors with rank from 1 to 6 can be padded.")
    largest = [max(sizes) for sizes in zip(*(part.dims for part in parts), strict=True)]
    for part in parts:
        if not part.content and part.dims[1:] != tuple(largest[1:]):
            raise invalid_argument("Got empty tensor in batch of non-empty tensors.")
    return [padded(part, largest) for part in parts]
