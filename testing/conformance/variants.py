"""Versions with something wrong, each made of a good version of `scale`."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testing.recordings.models.editing import edit

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"

Change = Callable[[Path], None]
"""Changes an unfinished version folder."""


def publish_changed(library: Any, base_path: Path, version: int, change: Change) -> Path:
    """Publishes a changed copy of `scale` under a base path, whole or not at all."""
    name = f".changed-{version}"
    change(library.publish(base_path, 1, name=name) / name)
    (base_path / name).rename(base_path / str(version))
    return base_path


def publish_waiting(library: Any, base_path: Path, version: int) -> Path:
    """Publishes a version that loads until something is written into its warmup file, a pipe, which is returned."""

    def add_pipe(folder: Path) -> None:
        (folder / WARMUP).parent.mkdir()
        os.mkfifo(folder / WARMUP)

    return publish_changed(library, base_path, version, add_pipe) / str(version) / WARMUP


def unknown_operation(folder: Path) -> None:
    """Multiplies by an operation that no server has."""
    _edit_nodes(folder, "Mul", lambda node: setattr(node, "op", "NoSuchOp"))


def unknown_operation_in_restore(folder: Path) -> None:
    """Needs such an operation to restore its variables."""
    _edit_nodes(folder, "AssignVariableOp", lambda node: setattr(node, "op", "NoSuchOp"))


def missing_input_in_function(folder: Path) -> None:
    """Has a function that refers to what is not in it, and so cannot be instantiated."""
    _edit_nodes(folder, "Mul", lambda node: node.input.__setitem__(0, "nowhere:output:0"))


def missing_output(folder: Path) -> None:
    """Names a tensor in its signature that is not in the graph."""

    def rename(saved: Any) -> None:
        saved.meta_graphs[0].signature_def["serving_default"].outputs["y"].name = "nowhere:0"

    edit(folder, rename)


def no_variables(folder: Path) -> None:
    shutil.rmtree(folder / "variables")


def no_index(folder: Path) -> None:
    (folder / "variables" / "variables.index").unlink()


def _edit_nodes(folder: Path, operation: str, change: Callable[[Any], None]) -> None:
    """Changes the nodes of an operation in all functions of the graph."""

    def edit_functions(saved: Any) -> None:
        for function in saved.meta_graphs[0].graph_def.library.function:
            for node in function.node_def:
                if node.op == operation:
                    change(node)

    edit(folder, edit_functions)
