"""Signatures by name, as functions of a graph."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Function = Callable[..., Any]

TRACED = "_"
"""What Python functions are called in the recordings: TensorFlow puts the name into the messages of its errors."""


class Signatures:
    """Collects functions: `@signatures.add("pair", spec, spec)` makes one a signature with these TensorSpecs."""

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}

    def add(self, name: str, *inputs: Any) -> Callable[[Function], Function]:
        def added(function: Function) -> Function:
            function.__name__ = TRACED
            self.by_name[name] = tf.function(function, input_signature=list(inputs))
            return function

        return added


def vector(dtype: Any, name: str = "x") -> Any:
    """Returns the TensorSpec of a list of any length."""
    return tf.TensorSpec([None], dtype, name=name)


def save(folder: Any, module: Any, signatures: dict[str, Any]) -> None:
    tf.saved_model.save(module, str(folder), signatures=signatures)
