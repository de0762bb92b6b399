"""Copies of version 1 of `scale` with something changed, missing or broken; each is a model of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

from testing.recordings.models.editing import Change, edit, read

_DATA = "variables/variables.data-00000-of-00001"


def write_variants(library: Path) -> None:
    """Writes all of them beside `scale` in the library."""
    for name, change in _CHANGES.items():
        edit(_copy(library, name), change)
    for name, damage in _DAMAGES.items():
        damage(_copy(library, name))


def _copy(library: Path, name: str) -> Path:
    return Path(shutil.copytree(library / "scale" / "1", library / name / "1"))


def _without_such_tensor(saved: saved_model_pb2.SavedModel) -> None:
    _signature(saved).outputs["y"].name = "nowhere:0"


def _with_unknown_op(saved: saved_model_pb2.SavedModel) -> None:
    for node in _multiplications(saved):
        node.op = "NoSuchOp"


def _with_unknown_attribute(saved: saved_model_pb2.SavedModel) -> None:
    for node in _multiplications(saved):
        node.attr["nosuch"].i = 3


def _with_another_tag(saved: saved_model_pb2.SavedModel) -> None:
    del saved.meta_graphs[0].meta_info_def.tags[:]
    saved.meta_graphs[0].meta_info_def.tags.append("train")


def _without_signatures(saved: saved_model_pb2.SavedModel) -> None:
    saved.meta_graphs[0].signature_def.clear()


def _with_default_input(saved: saved_model_pb2.SavedModel) -> None:
    _signature(saved).defaults["x"].CopyFrom(tf.make_tensor_proto([5.0, 6.0]))


def _with_odd_names(saved: saved_model_pb2.SavedModel) -> None:
    signature, signatures = _signature(saved), saved.meta_graphs[0].signature_def
    for name in ("über", 'a "quoted"\n', "names"):
        signatures[name].CopyFrom(signature)
    for tensors, old, new in (
        (signatures["names"].inputs, "x", "eingäbe"),
        (signatures["names"].outputs, "y", "ausgäbe"),
    ):
        tensors[new].CopyFrom(tensors[old])
        del tensors[old]


def _signature(saved: saved_model_pb2.SavedModel) -> Any:
    return saved.meta_graphs[0].signature_def["serving_default"]


def _multiplications(saved: saved_model_pb2.SavedModel) -> list[Any]:
    functions = saved.meta_graphs[0].graph_def.library.function
    return [node for function in functions for node in function.node_def if node.op == "Mul"]


def _remove(*names: str) -> Callable[[Path], None]:
    def remove(version: Path) -> None:
        for name in names:
            (version / name).unlink()

    return remove


def _replace(name: str, content: bytes) -> Callable[[Path], None]:
    def replace(version: Path) -> None:
        (version / name).write_bytes(content)

    return replace


def _remove_variables(version: Path) -> None:
    shutil.rmtree(version / "variables")


def _remove_all(version: Path) -> None:
    shutil.rmtree(version)
    version.mkdir()


def _as_text(version: Path) -> None:
    (version / "saved_model.pbtxt").write_text(text_format.MessageToString(read(version)))
    (version / "saved_model.pb").unlink()


_CHANGES: dict[str, Change] = {
    "badnode": _without_such_tensor,
    "unknownop": _with_unknown_op,
    "unknownattr": _with_unknown_attribute,
    "othertag": _with_another_tag,
    "nosig": _without_signatures,
    "defaults": _with_default_input,
    "unicode": _with_odd_names,
}

_DAMAGES: dict[str, Callable[[Path], None]] = {
    "novars": _remove_variables,
    "noindex": _remove("variables/variables.index"),
    "nodata": _remove(_DATA),
    "shortdata": _replace(_DATA, b""),
    "garbage": _replace("saved_model.pb", b"this is not a protobuf\xff\xff"),
    "emptypb": _replace("saved_model.pb", b""),
    "nofingerprint": _remove("fingerprint.pb"),
    "emptydir": _remove_all,
    "pbtxt": _as_text,
}
