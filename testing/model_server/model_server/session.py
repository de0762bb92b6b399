"""A SavedModel that is loaded and can be run, through TensorFlow's own loader."""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from model_server.protos import config_pb2, meta_graph_pb2
from model_server.status import StatusError, invalid_argument
from model_server.tensorflow_c import Buffer, CallStatus, Output, buffer_of, library
from model_server.tensors import to_proto, to_tensor

Feed = tuple[str, str, Any]
"""An input's alias, its tensor's name, and the TensorProto."""


class Runnable(Protocol):
    """A loaded SavedModel, as inference sees it."""

    meta_graph: Any

    def run(
        self, feeds: Sequence[Feed], fetches: Sequence[str], *, timeout_ms: int = 0, as_content: bool = False
    ) -> list[Any]:
        """Answers the TensorProtos of the tensors `fetches`. `timeout_ms` 0 waits for ever. Raises StatusError."""

    def close(self) -> None:
        """After the last run."""


class Session:
    """One loaded SavedModel. `run` may be called by many threads; `close` only after the last of them."""

    def __init__(self, export_dir: str, tags: Sequence[str], config: Any) -> None:
        """Loads `export_dir`; `config` is a ConfigProto. Raises StatusError with TensorFlow's message."""
        self._graph = library().TF_NewGraph()
        self._operations: dict[str, Output] = {}
        try:
            self._session, self.meta_graph = _load(self._graph, export_dir, tags, config)
        except StatusError:
            library().TF_DeleteGraph(self._graph)
            raise

    def run(
        self,
        feeds: Sequence[Feed],
        fetches: Sequence[str],
        *,
        timeout_ms: int = 0,
        as_content: bool = False,
    ) -> list[Any]:
        """Runs the graph. Raises StatusError with TensorFlow's message."""
        with tensors(parsed(alias, proto) for alias, _, proto in feeds) as inputs:
            outputs = self.run_tensors([name for _, name, _ in feeds], inputs, fetches, timeout_ms)
        with tensors(outputs) as answers:
            return [to_proto(tensor, as_content=as_content) for tensor in answers]

    def close(self) -> None:
        with CallStatus() as status:
            library().TF_CloseSession(self._session, status)
        with CallStatus() as status:
            library().TF_DeleteSession(self._session, status)
        library().TF_DeleteGraph(self._graph)

    def run_tensors(
        self, names: Sequence[str], inputs: Sequence[int], fetches: Sequence[str], timeout_ms: int
    ) -> list[int]:
        """The same with TF_Tensors; the caller deletes those that it answers, too."""
        options = config_pb2.RunOptions(timeout_in_ms=timeout_ms).SerializeToString()
        results = (ctypes.c_void_p * len(fetches))()
        with CallStatus() as status:
            library().TF_SessionRun(
                self._session,
                buffer_of(options) if timeout_ms else None,
                (Output * len(names))(*(self._output(name) for name in names)),
                (ctypes.c_void_p * len(inputs))(*inputs),
                len(inputs),
                (Output * len(fetches))(*(self._output(name) for name in fetches)),
                results,
                len(fetches),
                None,
                0,
                None,
                status,
            )
        return [tensor for tensor in results if tensor]

    def _output(self, tensor_name: str) -> Output:
        """Finds `operation:index` in the graph."""
        if tensor_name not in self._operations:
            name, _, index = tensor_name.partition(":")
            operation = library().TF_GraphOperationByName(self._graph, name.encode())
            if not operation:
                raise invalid_argument(
                    f"Tensor {tensor_name}, specified in either feed_devices or fetch_devices "
                    "was not found in the Graph"
                )
            self._operations[tensor_name] = Output(operation, int(index or 0))
        return self._operations[tensor_name]


@contextmanager
def tensors(made: Iterable[int]) -> Iterator[list[int]]:
    """TF_Tensors that are deleted in the end, also when one of them cannot be made."""
    held: list[int] = []
    try:
        for tensor in made:
            held.append(tensor)  # noqa: PERF402  # one by one: the next one may raise
        yield held
    finally:
        for tensor in held:
            library().TF_DeleteTensor(tensor)


def parsed(alias: str, proto: Any) -> int:
    """Makes the TF_Tensor of an input; raises StatusError for one that is malformed."""
    try:
        return to_tensor(proto)
    except StatusError as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error


def _load(graph: int, export_dir: str, tags: Sequence[str], config: Any) -> tuple[int, Any]:
    serialized = config.SerializeToString()
    options = library().TF_NewSessionOptions()
    meta_graph = library().TF_NewBuffer()
    try:
        with CallStatus() as status:
            library().TF_SetConfig(options, serialized, len(serialized), status)
        with CallStatus() as status:
            session = library().TF_LoadSessionFromSavedModel(
                options,
                None,
                export_dir.encode(),
                (ctypes.c_char_p * len(tags))(*(tag.encode() for tag in tags)),
                len(tags),
                graph,
                meta_graph,
                status,
            )
        return session, _meta_graph(meta_graph.contents)
    finally:
        library().TF_DeleteBuffer(meta_graph)
        library().TF_DeleteSessionOptions(options)


def _meta_graph(buffer: Buffer) -> Any:
    """The MetaGraphDef without its graph, which the session holds already (and can be large)."""
    meta_graph = meta_graph_pb2.MetaGraphDef.FromString(ctypes.string_at(buffer.data, buffer.length))
    meta_graph.ClearField("graph_def")
    meta_graph.ClearField("object_graph_def")
    return meta_graph
