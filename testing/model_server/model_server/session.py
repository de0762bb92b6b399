"""A SavedModel that is loaded and can be run, through TensorFlow's own session.

(tensorflow/cc/saved_model/loader.cc)
"""

import ctypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from model_server.file_errors import exists
from model_server.protos import config_pb2, meta_graph_pb2, tensor_pb2
from model_server.saved_model import assets, check_graph, initializer, read_meta_graph
from model_server.status import StatusError, invalid_argument
from model_server.tensorflow_c import CallStatus, buffer_of, library, texts
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
        meta_graph = read_meta_graph(export_dir, tags)
        check_graph(meta_graph.graph_def)
        self._session = _new_session(config)
        try:
            _extend(self._session, meta_graph.graph_def)
            self._restore(meta_graph, export_dir)
            self._initialize(meta_graph, export_dir)
        except StatusError:
            self.close()
            raise
        # The graph, which can be large, is the session's by now.
        self.meta_graph = meta_graph_pb2.MetaGraphDef(signature_def=meta_graph.signature_def)

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
            library().TF_CloseDeprecatedSession(self._session, status)
        with CallStatus() as status:
            library().TF_DeleteDeprecatedSession(self._session, status)

    def run_tensors(
        self,
        names: Sequence[str],
        inputs: Sequence[int],
        fetches: Sequence[str],
        timeout_ms: int = 0,
        operations: Sequence[str] = (),
    ) -> list[int]:
        """The same with TF_Tensors; the caller deletes those that it answers, too. `operations` run without answer."""
        options = config_pb2.RunOptions(timeout_in_ms=timeout_ms).SerializeToString()
        results = (ctypes.c_void_p * len(fetches))()
        with CallStatus() as status:
            library().TF_Run(
                self._session,
                buffer_of(options) if timeout_ms else None,
                texts(names),
                (ctypes.c_void_p * len(inputs))(*inputs),
                len(inputs),
                texts(fetches),
                results,
                len(fetches),
                texts(operations),
                len(operations),
                None,
                status,
            )
        return [tensor for tensor in results if tensor]

    def _restore(self, meta_graph: Any, export_dir: str) -> None:
        """Reads the variables; a SavedModel without `variables.index` is taken for one that has none."""
        if exists(f"{export_dir}/variables/variables.index"):
            saver = meta_graph.saver_def
            feeds = {saver.filename_tensor_name: f"{export_dir}/variables/variables"}
            self._run_once(feeds | assets(meta_graph, export_dir), saver.restore_op_name)

    def _initialize(self, meta_graph: Any, export_dir: str) -> None:
        operation = initializer(meta_graph, export_dir)
        if operation:
            self._run_once(assets(meta_graph, export_dir), operation)

    def _run_once(self, feeds: Mapping[str, str], operation: str) -> None:
        with tensors(to_tensor(_scalar(text)) for text in feeds.values()) as inputs:
            self.run_tensors(list(feeds), inputs, [], operations=[operation])


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


def _new_session(config: Any) -> int:
    serialized = config.SerializeToString()
    options = library().TF_NewSessionOptions()
    try:
        with CallStatus() as status:
            library().TF_SetConfig(options, serialized, len(serialized), status)
        with CallStatus() as status:
            session: int = library().TF_NewDeprecatedSession(options, status)
        return session
    finally:
        library().TF_DeleteSessionOptions(options)


def _extend(session: int, graph_def: Any) -> None:
    serialized = graph_def.SerializeToString()
    with CallStatus() as status:
        library().TF_ExtendGraph(session, serialized, len(serialized), status)


def _scalar(text: str) -> Any:
    return tensor_pb2.TensorProto(dtype="DT_STRING", tensor_shape={}, string_val=[text.encode()])
