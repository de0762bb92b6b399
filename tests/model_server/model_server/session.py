"""A SavedModel that is loaded and can be run, through TensorFlow's own loader."""

import ctypes
from collections.abc import Sequence
from typing import Any

from model_server.protos import config_pb2, meta_graph_pb2
from model_server.status import StatusError, invalid_argument
from model_server.tensorflow_c import Buffer, CallStatus, Output, buffer_of, library
from model_server.tensors import to_proto, to_tensor


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
        feeds: Sequence[tuple[str, str, Any]],
        fetches: Sequence[str],
        *,
        timeout_ms: int = 0,
        as_content: bool = False,
    ) -> list[Any]:
        """Runs the graph: feeds are (alias, tensor name, TensorProto), fetches tensor names; answers TensorProtos.

        `timeout_ms` 0 waits for ever. Raises StatusError with TensorFlow's message.
        """
        inputs: list[int] = []
        try:
            for alias, _, proto in feeds:
                inputs.append(_input(alias, proto))
            outputs = self._run([name for _, name, _ in feeds], inputs, fetches, timeout_ms)
        finally:
            for tensor in inputs:
                library().TF_DeleteTensor(tensor)
        try:
            return [to_proto(tensor, as_content=as_content) for tensor in outputs]
        finally:
            for tensor in outputs:
                library().TF_DeleteTensor(tensor)

    def close(self) -> None:
        with CallStatus() as status:
            library().TF_CloseSession(self._session, status)
        with CallStatus() as status:
            library().TF_DeleteSession(self._session, status)
        library().TF_DeleteGraph(self._graph)

    def _run(self, names: Sequence[str], inputs: list[int], fetches: Sequence[str], timeout_ms: int) -> list[int]:
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


def _input(alias: str, proto: Any) -> int:
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
