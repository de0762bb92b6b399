"""What a SavedModel itself answers to the body of a REST request: what a server must answer, too."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def predictions(version: Path, body: Mapping[str, Any]) -> list[Any]:
    """In the form of the REST API: a value for each instance, or a dict of values where there are several outputs."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(version))
    signature = loaded.signatures[body.get("signature_name", "serving_default")]
    specs = signature.structured_input_signature[1]
    rows = [
        instance if isinstance(instance, dict) and "b64" not in instance else None for instance in body["instances"]
    ]
    columns = {
        name: [
            plain(instance if row is None else row[name]) for row, instance in zip(rows, body["instances"], strict=True)
        ]
        for name in specs
    }
    inputs = {name: tf.constant(column, specs[name].dtype) for name, column in columns.items()}
    return by_row({name: output.numpy().tolist() for name, output in signature(**inputs).items()})


def plain(value: Any) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def by_row(outputs: Mapping[str, Sequence[Any]]) -> list[Any]:
    if len(outputs) == 1:
        return list(*outputs.values())
    return [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]


def alike(served: Any, local: Any) -> bool:
    """REST rounds to nine digits, and another machine may add in another order."""
    if isinstance(local, bytes):
        local = local.decode()
    if isinstance(local, str):
        return bool(served == local)
    if isinstance(local, dict):
        return served.keys() == local.keys() and all(alike(served[name], local[name]) for name in local)
    if isinstance(local, list):
        return len(served) == len(local) and all(map(alike, served, local))
    return bool(np.isclose(served, local, rtol=1e-4, atol=1e-5))
