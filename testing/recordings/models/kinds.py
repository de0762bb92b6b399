"""`kinds`: a signature for each kind of input, output and failure."""

from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from testing.recordings.models import arithmetic, echoes, examples, shapes
from testing.recordings.models.editing import edit
from testing.recordings.models.signatures import Signatures, save

_METHODS = {
    "tensorflow/serving/classify": ("classify", "scores_only", "classes_only"),
    "tensorflow/serving/regress": ("regress", "regress_column"),
}
"""Method name → the signatures that say it; the others say predict."""


def write_kinds(version: Path) -> None:
    signatures, module = Signatures(), tf.Module()
    module.weights = tf.Variable([[1.0], [10.0]])
    echoes.add_to(signatures)
    arithmetic.add_to(signatures, module.weights)
    shapes.add_to(signatures)
    examples.add_to(signatures)
    save(version, module, signatures.by_name)
    edit(version, _name_methods)


def _name_methods(saved: saved_model_pb2.SavedModel) -> None:
    for method, names in _METHODS.items():
        for name in names:
            _signature_defs(saved)[name].method_name = method


def _signature_defs(saved: saved_model_pb2.SavedModel) -> Any:
    return saved.meta_graphs[0].signature_def
