"""Reads a SavedModel from its folder, and judges what can be judged without running it.

(tensorflow_serving/session_bundle/oss/session_bundle_util.cc; tensorflow/cc/saved_model/reader.cc and loader.cc)
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from model_server.file_errors import exists
from model_server.protos import meta_graph_pb2, saved_model_pb2
from model_server.status import Code, StatusError, failed_precondition, not_found, unimplemented
from model_server.tensorflow_c import CallStatus, library, texts

_BINARY, _TEXT = "saved_model.pb", "saved_model.pbtxt"
_INITIALIZER = "__saved_model_init_op"
_ASSETS = "saved_model_assets"


def check_folder(export_dir: str) -> None:
    """Raises StatusError for a folder without a SavedModel, which the real server does not count as a load."""
    if exists(f"{export_dir}/export.meta"):
        raise unimplemented("Session Bundle is deprecated and removed.")
    if not exists(f"{export_dir}/{_BINARY}") and not exists(f"{export_dir}/{_TEXT}"):
        raise not_found(
            "Specified file path does not appear to contain a SavedModel bundle (should have a file called "
            f"`saved_model.pb`)\nSpecified file path: {export_dir}"
        )


def read_meta_graph(export_dir: str, tags: Sequence[str]) -> Any:
    """Reads the MetaGraphDef that has exactly these tags; raises StatusError in TensorFlow's words."""
    try:
        saved_model = _read(export_dir)
    except (OSError, DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise _refusal(export_dir, tags) from error
    for meta_graph in saved_model.meta_graphs:
        if set(meta_graph.meta_info_def.tags) == set(tags):
            return meta_graph
    raise not_found(
        f"Could not find meta graph def matching supplied tags: {{ {' '.join(tags)} }}. To inspect available tag-sets "
        "in the SavedModel, please use the SavedModel CLI: `saved_model_cli`"
    )


def check_graph(graph_def: Any) -> None:
    """Raises StatusError for constants without a value or of no possible shape, and for a function that calls itself.

    An operation that does not exist is no error yet: in a function it is looked for when the function is first called.
    """
    _check_nodes(graph_def.node)
    for function in graph_def.library.function:
        _check_nodes(function.node_def)
        name = function.signature.name
        if any(node.op == name for node in function.node_def):
            raise failed_precondition(
                f"Function {name} is self recursive and TensorFlow does not support this scenario."
            )


def initializer(meta_graph: Any, export_dir: str) -> str | None:
    """Answers the name of the operation to run once after the variables are restored, if there is one."""
    if _INITIALIZER in meta_graph.signature_def:
        return str(meta_graph.signature_def[_INITIALIZER].outputs[_INITIALIZER].name)
    for key in ("saved_model_main_op", "legacy_init_op"):
        if key in meta_graph.collection_def:
            names = meta_graph.collection_def[key].node_list.value
            if len(names) != 1:
                raise failed_precondition(f"Expected exactly one main op in : {export_dir}")
            return str(names[0])
    return None


def assets(meta_graph: Any, export_dir: str) -> dict[str, str]:
    """Answers the path of each asset by the name of the tensor that takes it."""
    listed = list(meta_graph.asset_file_def)
    if not listed and _ASSETS in meta_graph.collection_def:
        listed = [_asset(packed) for packed in meta_graph.collection_def[_ASSETS].any_list.value]
    return {asset.tensor_info.name: f"{export_dir}/assets/{asset.filename}" for asset in listed}


def _read(export_dir: str) -> Any:
    saved_model = saved_model_pb2.SavedModel()
    if exists(f"{export_dir}/{_BINARY}"):
        saved_model.ParseFromString(Path(export_dir, _BINARY).read_bytes())
    else:
        text_format.Parse(Path(export_dir, _TEXT).read_bytes(), saved_model)
    return saved_model


def _refusal(export_dir: str, tags: Sequence[str]) -> StatusError:
    """Lets TensorFlow read what cannot be read. It tells a file that ends too early from one that makes no sense."""
    options, graph = library().TF_NewSessionOptions(), library().TF_NewGraph()
    try:
        with CallStatus() as status:
            library().TF_LoadSessionFromSavedModel(
                options, None, export_dir.encode(), texts(tags), len(tags), graph, None, status
            )
    except StatusError as error:
        return error
    finally:
        library().TF_DeleteGraph(graph)
        library().TF_DeleteSessionOptions(options)
    return StatusError(Code.DATA_LOSS, f"Can't parse {export_dir}/{_BINARY} as binary proto")


def _check_nodes(nodes: Iterable[Any]) -> None:
    for node in nodes:
        if "value" in node.attr:
            _check_value(node)
        elif node.op == "Const":
            raise failed_precondition(
                f'Saved model contains node "{node.name}" which is a constant tensor but no value has been provided'
            )


def _check_value(node: Any) -> None:
    shape = node.attr["value"].tensor.tensor_shape
    if shape.unknown_rank or any(dim.size < 0 for dim in shape.dim):
        raise failed_precondition(
            f'Saved model contains node "{node.name}" (op "{node.op}") which initializes from a tensor with -1 elements'
        )


def _asset(packed: Any) -> Any:
    asset = meta_graph_pb2.AssetFileDef()
    packed.Unpack(asset)
    return asset
