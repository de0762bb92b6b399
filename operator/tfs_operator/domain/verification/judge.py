"""Judges an answer to a predict request: can the version predict, can it not, or may it be due to the request?

REST gives no code but HTTP's: 400 stands for INVALID_ARGUMENT as for FAILED_PRECONDITION, 500 for INTERNAL, UNKNOWN and
DATA_LOSS. So the words decide where the code does not. They are TensorFlow's own; each stands with its source.
Source of the codes: tensorflow_serving/model_servers/http_rest_api_util.cc and util/net_http.
"""

import re
from dataclasses import dataclass

from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.verification.probed import Outcome, Probed

_MAX_WORDS = 600
_MOST_SEARCHED = 32 * 1024
"""Characters at either end of an error: what TensorFlow says comes first, and where it happened last."""

_NO_INPUT_TO_BLAME = (
    # core/framework/op.cc, node_def_util.cc, op_kernel.cc, common_runtime/placer.cc: the server lacks what the graph
    # needs, or has it otherwise.
    r"Op type not registered '",
    r"NodeDef (mentions|missing|expected) ",
    r"No OpKernel was registered to support Op '",
    r"Cannot assign a device for operation ",
    r"Could not satisfy (explicit )?device specification '",
    r"only supports (the )?(NHWC|NDHWC)",
    # common_runtime/graph_execution_state.cc, graph/subgraph.cc, function.cc: the graph lacks what it names.
    r"specified in either feed_devices or fetch_devices was not found in the Graph",
    r"FeedInputs: unable to find feed output ",
    r"FetchOutputs node ",
    r"(input|output) \S+ is not found: ",
    r"Function \S+ is not defined\.",
    # kernels/resource_variable_ops.cc, common_runtime/executor.cc, kernels/lookup_table_op.cc, resource_mgr.cc:
    # nothing has restored or initialised it.
    r"Could not find variable ",
    r"Error while reading resource variable ",
    r"Attempting to use uninitialized value ",
    r"Table not initialized",
    r"Resource \S+ does not exist\.",
    # framework/op_kernel.h, common_runtime/bfc_allocator.cc, xla/stream_executor: no memory, here or on a GPU.
    r"OOM when allocating ",
    r"[Oo]ut of memory",
    r"failed to allocate memory",
    r"CUDA_ERROR_",
)

_BY_THE_INPUT = (
    # util/json_tensor.cc, before anything is run: JSON has no such type.
    r"Conversion of JSON Value: ",
    # kernels/decode_compressed_op.cc, decode_proto_op.cc: DATA_LOSS, of a string in the request.
    r"inflate\(\) failed",
    r"Unable to parse binary protobuf",
)

_AFTER_THE_RUN = (
    # util/json_tensor.cc: the graph was run, and its outputs cannot be written as JSON.
    r"^Failed to write JSON value for tensor type: ",
    r"^Cannot convert empty tensor map to JSON",
    r"^Tensor name: .* has (no shape information|inconsistent batch size)",
)

_OK, _INTERNAL_ERROR, _UNIMPLEMENTED = 200, 500, 501


@dataclass(frozen=True)
class Answer:
    """The answer to a predict request: HTTP's status, and the body; only its beginning where it is not `whole`."""

    status: int
    body: str
    whole: bool = True


def judge(asked: str, answer: Answer) -> Probed:
    """Judges one answer. `asked` says what was asked, for users."""
    if answer.status == _OK:
        return Probed(Outcome.GOOD)
    error = _error(answer.body)
    if error is None:
        return Probed(Outcome.UNPROVEN, f"{asked}: HTTP {answer.status}, without an error of TensorFlow Serving")
    outcome = _outcome(answer.status, error)
    words = f"{asked}: HTTP {answer.status}: {one_line(error, _MAX_WORDS)}"
    return Probed(outcome, "" if outcome is Outcome.GOOD else words)


def _outcome(status: int, error: str) -> Outcome:
    searched = error if len(error) <= 2 * _MOST_SEARCHED else f"{error[:_MOST_SEARCHED]}\n{error[-_MOST_SEARCHED:]}"
    if _is_one_of(_AFTER_THE_RUN, searched):
        return Outcome.GOOD
    if _is_one_of(_BY_THE_INPUT, searched):
        return Outcome.UNPROVEN
    if status in (_INTERNAL_ERROR, _UNIMPLEMENTED) or _is_one_of(_NO_INPUT_TO_BLAME, searched):
        return Outcome.BAD
    return Outcome.UNPROVEN


def _is_one_of(patterns: tuple[str, ...], error: str) -> bool:
    return any(re.search(pattern, error) for pattern in patterns)


def _error(body: str) -> str | None:
    """The server's words, or None where the answer is not one of TensorFlow Serving's errors."""
    try:
        answer = decode(body.encode(errors="replace"))
    except NotJson:
        return None
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, str) else None
