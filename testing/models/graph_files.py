"""Writes a `saved_model.pb` without TensorFlow: as much of a graph as tells which other files a version needs.

The model server cannot serve these. Sources: tensorflow/core/protobuf/saved_model.proto and meta_graph.proto,
tensorflow/core/framework/graph.proto, function.proto, node_def.proto and tensor.proto.
"""

from collections.abc import Iterable

from testing.models.index_files import varint

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def saved_model(*meta_graphs: bytes, mark: str = "") -> bytes:
    """A SavedModel; `mark` makes its bytes different from others of the same content."""
    schema = b"\x08\x01"
    return schema + b"".join(_field(2, each) for each in meta_graphs) + (_field(15, mark.encode()) if mark else b"")


def meta_graph(
    *nodes: bytes,
    functions: Iterable[bytes] = (),
    saver: bool = False,
    assets: Iterable[str] = (),
    old_assets: Iterable[str] = (),
    signature: str = "",
    collection: str = "",
) -> bytes:
    """A MetaGraphDef; `old_assets` are named in a collection, as before TensorFlow 1.13."""
    library = b"".join(_field(1, function) for function in functions)
    graph = b"".join(_field(1, each) for each in nodes) + _field(2, library)
    parts = [_field(2, graph)]
    parts += [_field(3, _field(3, b"restore_op"))] if saver else []
    parts += [_field(4, _field(1, collection.encode()))] if collection else []
    parts += [_field(4, _assets_collection(old_assets))] if old_assets else []
    parts += [_field(5, _field(1, signature.encode()))] if signature else []
    return b"".join(parts + [_field(6, _asset(name)) for name in assets])


def function(*nodes: bytes) -> bytes:
    """A FunctionDef."""
    return _field(1, _field(1, b"f")) + b"".join(_field(3, each) for each in nodes)


def node(name: str, op: str, *inputs: str, strings: Iterable[str] = ()) -> bytes:
    """A NodeDef; `strings` are the value of a constant."""
    value = b"".join(_field(8, each.encode()) for each in strings)
    attr = _field(5, _field(1, b"value") + _field(2, _field(8, value))) if value else b""
    return _field(1, name.encode()) + _field(2, op.encode()) + b"".join(_field(3, i.encode()) for i in inputs) + attr


def restore(*names: str) -> tuple[bytes, bytes]:
    """The nodes of a function that restores these tensors."""
    constant = node("RestoreV2/tensor_names", "Const", strings=names)
    return constant, node("RestoreV2", "RestoreV2", "prefix", "RestoreV2/tensor_names:output:0", "slices:output:0")


def _assets_collection(names: Iterable[str]) -> bytes:
    packed = b"".join(_field(1, _field(1, b"type") + _field(2, _asset(name))) for name in names)
    return _field(1, b"saved_model_assets") + _field(2, _field(5, packed))


def _asset(name: str) -> bytes:
    return _field(1, _field(1, b"Const:0")) + _field(2, name.encode())


def _field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content
