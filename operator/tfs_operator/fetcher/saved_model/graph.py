"""Reads from `saved_model.pb` which other files of the version it needs: variables to restore, and assets.

Sources: tensorflow/core/protobuf/saved_model.proto and meta_graph.proto, tensorflow/core/framework/graph.proto,
function.proto, node_def.proto, attr_value.proto and tensor.proto (the field numbers below); what the server does with
them is in tensorflow/cc/saved_model/loader.cc (RestoreSession) and loader_util.cc (GetAssetFileDefs).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfs_operator.fetcher.saved_model.wire import MessageFile, Span, TooManyFields

MOST_FIELDS = 5_000_000
"""Of a graph, in all; some 6 s of work. What a graph with more needs is found out by the model server."""

_OBJECT_GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"
"""What Python needs to make objects of a checkpoint. TensorFlow 2 restores it in every model, also in one without
variables, and no prediction uses it."""

_RESTORE = b"RestoreV2"
_VARIABLES = {b"VarHandleOp", b"VariableV2", b"Variable", _RESTORE}
_INIT_COLLECTIONS = {b"saved_model_main_op", b"legacy_init_op"}
_INIT_SIGNATURE = b"__saved_model_init_op"
_ASSETS_COLLECTION = b"saved_model_assets"

_META_GRAPHS = 2
_GRAPH_DEF, _SAVER_DEF, _COLLECTIONS, _SIGNATURES, _ASSETS = 2, 3, 4, 5, 6
_NODES, _LIBRARY, _FUNCTIONS, _FUNCTION_NODES = 1, 2, 1, 3
_NODE_NAME, _NODE_OP, _NODE_INPUT, _NODE_ATTR = 1, 2, 3, 5
_TENSOR, _STRINGS = 8, 8
_KEY, _VALUE = 1, 2
_ANY_LIST, _ANY, _ANY_VALUE = 5, 1, 2
_ASSET_FILENAME = 2


def asset_names(path: Path) -> Iterator[str]:
    """Yields the name of each file below `assets/` that the graph reads. Raises DamagedMessage and OSError."""
    with path.open("rb") as opened:
        file = MessageFile(opened, MOST_FIELDS)
        for meta_graph in _spans(file, file.whole, _META_GRAPHS):
            for asset in _asset_file_defs(file, meta_graph):
                for name in file.strings(asset, _ASSET_FILENAME):
                    yield name.decode(errors="replace")


def restores_variables(path: Path) -> bool:
    """Whether the graph has variables that only a checkpoint can give a value; False where it has too many fields to
    tell. Raises DamagedMessage and OSError."""
    with path.open("rb", buffering=128 * 1024) as opened:
        file = MessageFile(opened, MOST_FIELDS)
        try:
            return any(_MetaGraph(file, span).restores() for span in _spans(file, file.whole, _META_GRAPHS))
        except TooManyFields:
            return False


@dataclass(frozen=True)
class _MetaGraph:
    file: MessageFile
    span: Span

    def restores(self) -> bool:
        """The model server restores what the saver names, if there is one. Without it, variables have the value that
        an initialising op gives them, or none."""
        if any(_spans(self.file, self.span, _SAVER_DEF)):
            found = [_restores(self.file, scope, nodes) for scope, nodes in self._scopes()]
            return True in found or False not in found
        return not self._is_initialised() and self._has_variables()

    def _has_variables(self) -> bool:
        return any(
            _first(self.file, node, _NODE_OP) in _VARIABLES
            for scope, nodes in self._scopes()
            for node in _spans(self.file, scope, nodes)
        )

    def _is_initialised(self) -> bool:
        keys = (_first(self.file, entry, _KEY) for entry in _spans(self.file, self.span, _COLLECTIONS))
        signatures = (_first(self.file, entry, _KEY) for entry in _spans(self.file, self.span, _SIGNATURES))
        return any(key in _INIT_COLLECTIONS for key in keys) or _INIT_SIGNATURE in signatures

    def _scopes(self) -> Iterator[tuple[Span, int]]:
        """Each graph and function, and the number of the field that has its nodes."""
        for graph in _spans(self.file, self.span, _GRAPH_DEF):
            yield graph, _NODES
            for library in _spans(self.file, graph, _LIBRARY):
                for function in _spans(self.file, library, _FUNCTIONS):
                    yield function, _FUNCTION_NODES


def _restores(file: MessageFile, scope: Span, nodes: int) -> bool | None:
    """Whether something besides the object graph is restored here; None where nothing is."""
    sources = {
        _second_input(file, node) for node in _spans(file, scope, nodes) if _first(file, node, _NODE_OP) == _RESTORE
    }
    if not sources:
        return None
    harmless = {
        name
        for node in _spans(file, scope, nodes)
        if (name := _first(file, node, _NODE_NAME)) in sources and _names_object_graph_alone(file, node)
    }
    return sources != harmless


def _names_object_graph_alone(file: MessageFile, constant: Span) -> bool:
    names = _constant_strings(file, constant)
    return next(names, None) == _OBJECT_GRAPH and next(names, None) is None


def _second_input(file: MessageFile, node: Span) -> bytes:
    """The name of the node that has the names of the restored tensors: RestoreV2 takes them after the prefix."""
    inputs = [name for name, _ in zip(file.strings(node, _NODE_INPUT), range(2), strict=False)]
    return inputs[1].partition(b":")[0] if len(inputs) == 2 else b""


def _constant_strings(file: MessageFile, node: Span) -> Iterator[bytes]:
    for attr in _spans(file, node, _NODE_ATTR):
        for value in _spans(file, attr, _VALUE):
            for tensor in _spans(file, value, _TENSOR):
                yield from file.strings(tensor, _STRINGS)


def _asset_file_defs(file: MessageFile, meta_graph: Span) -> Iterator[Span]:
    """Models of before TensorFlow 1.13 have them in a collection."""
    yield from _spans(file, meta_graph, _ASSETS)
    for entry in _spans(file, meta_graph, _COLLECTIONS):
        if _first(file, entry, _KEY) == _ASSETS_COLLECTION:
            for any_list in (span for value in _spans(file, entry, _VALUE) for span in _spans(file, value, _ANY_LIST)):
                for any_value in _spans(file, any_list, _ANY):
                    yield from _spans(file, any_value, _ANY_VALUE)


def _spans(file: MessageFile, message: Span, number: int) -> Iterator[Span]:
    return (span for found, span in file.fields(message) if found == number)


def _first(file: MessageFile, message: Span, number: int) -> bytes:
    return next(file.strings(message, number), b"")
