"""Changes a SavedModel that has been written."""

from collections.abc import Callable
from pathlib import Path

from tensorflow.core.protobuf import saved_model_pb2

Change = Callable[[saved_model_pb2.SavedModel], None]


def read(version: Path) -> saved_model_pb2.SavedModel:
    return saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())


def edit(version: Path, change: Change) -> None:
    """Applies a change to the saved_model.pb of a version folder."""
    saved = read(version)
    change(saved)
    (version / "saved_model.pb").write_bytes(saved.SerializeToString())
