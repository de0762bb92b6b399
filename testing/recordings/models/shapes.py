"""Signatures by the shapes of what they take and answer."""

from typing import Any

import tensorflow as tf

from testing.recordings.models.signatures import Signatures, vector


def add_to(signatures: Signatures) -> None:
    _add_inputs(signatures)
    _add_lengths(signatures)
    _add_outputs(signatures)


def _add_inputs(signatures: Signatures) -> None:
    @signatures.add("total", vector(tf.float32))
    def total(x: Any) -> Any:
        return {"total": tf.reduce_sum(x)}

    @signatures.add("grid", tf.TensorSpec([None, 2, 2], tf.float32, name="x"))
    def grid(x: Any) -> Any:
        return {"y": tf.transpose(x, [0, 2, 1])}

    @signatures.add("vector3", tf.TensorSpec([None, 3], tf.float32, name="x"))
    def vector3(x: Any) -> Any:
        return {"y": x}

    @signatures.add("wide", tf.TensorSpec([None, None], tf.float32, name="x"))
    def wide(x: Any) -> Any:
        return {"y": x}

    @signatures.add("words", tf.TensorSpec([None, None], tf.string, name="x"))
    def words(x: Any) -> Any:
        return {"y": x}


def _add_lengths(signatures: Signatures) -> None:
    @signatures.add("count", tf.TensorSpec([], tf.int32, name="n"))
    def count(n: Any) -> Any:
        return {"y": tf.range(n)}

    @signatures.add("zeros", tf.TensorSpec([], tf.int32, name="n"))
    def zeros(n: Any) -> Any:
        return {"y": tf.zeros([n], tf.float32)}


def _add_outputs(signatures: Signatures) -> None:
    @signatures.add("tail", vector(tf.float32))
    def tail(x: Any) -> Any:
        return {"y": x[1:], "z": x}

    @signatures.add("no_rows", vector(tf.float32))
    def no_rows(x: Any) -> Any:
        return {"y": x[:0]}

    @signatures.add("matrix0", vector(tf.float32))
    def matrix0(x: Any) -> Any:
        return {"y": tf.zeros([tf.size(x), 0])}

    @signatures.add("constant", vector(tf.float32))
    def constant(x: Any) -> Any:
        return {"y": tf.constant([1.0, 2.0])}

    @signatures.add("no_inputs")
    def no_inputs() -> Any:
        return {"y": tf.constant([1.0, 2.0])}
