"""Signatures that compute, and some that fail at it."""

from typing import Any

import tensorflow as tf

from testing.recordings.models.signatures import Signatures, vector


def add_to(signatures: Signatures, weights: Any) -> None:
    """`weights` is a variable of two rows and one column."""
    _add_products(signatures, weights)
    _add_inverses(signatures)
    _add_failures(signatures)


def _add_products(signatures: Signatures, weights: Any) -> None:
    @signatures.add("serving_default", tf.TensorSpec(None, tf.float32, name="rows"))
    def product(rows: Any) -> Any:
        return {"product": tf.matmul(rows, weights)}

    @signatures.add("pair", vector(tf.int64, "a"), vector(tf.int64, "b"))
    def pair(a: Any, b: Any) -> Any:
        return {"difference": a - b, "sum": a + b}

    @signatures.add(
        "three", vector(tf.float32, "a"), vector(tf.string, "b"), tf.TensorSpec([None, 2], tf.int32, name="c")
    )
    def three(a: Any, b: Any, c: Any) -> Any:
        return {"p": a * 2.0, "q": b, "r": c, "s": tf.reduce_sum(c, axis=1)}

    @signatures.add("scalar", tf.TensorSpec([], tf.float32, name="x"))
    def scalar(x: Any) -> Any:
        return {"y": x * 2.0}

    @signatures.add("mixed_rank", vector(tf.float32), tf.TensorSpec([], tf.float32, name="k"))
    def mixed_rank(x: Any, k: Any) -> Any:
        return {"y": x * k}

    @signatures.add("busy", vector(tf.float32))
    def busy(x: Any) -> Any:
        """Takes some 20 ms of CPU."""
        matrix = tf.ones([256, 256]) * 0.001
        steps = tf.while_loop(lambda i, a: i < 40, lambda i, a: (i + 1, tf.matmul(a, a) * 0.1), [0, matrix])
        return {"y": x + tf.reduce_sum(steps[1]) * 0.0}


def _add_inverses(signatures: Signatures) -> None:
    @signatures.add("inverse", vector(tf.float32))
    def inverse(x: Any) -> Any:
        return {"inverse": tf.constant(1.0) / x}

    @signatures.add("inverse_double", vector(tf.float64))
    def inverse_double(x: Any) -> Any:
        return {"inverse": tf.constant(1.0, tf.float64) / x}

    @signatures.add("inverse_half", vector(tf.float16))
    def inverse_half(x: Any) -> Any:
        return {"inverse": tf.constant(1.0, tf.float16) / x}


def _add_failures(signatures: Signatures) -> None:
    @signatures.add("gather", vector(tf.int32, "i"))
    def gather(i: Any) -> Any:
        return {"y": tf.gather(tf.constant([1.0, 2.0, 3.0]), i)}

    @signatures.add("check", vector(tf.float32))
    def check(x: Any) -> Any:
        positive = tf.debugging.assert_positive(x, message="x must be positive, said " + "long " * 10)
        with tf.control_dependencies([positive]):
            return {"y": tf.identity(x)}

    @signatures.add("check_long", vector(tf.float32))
    def check_long(x: Any) -> Any:
        """Fails with a message longer than gRPC's answers can be."""
        message = "very long message: " + "0123456789" * 200
        positive = tf.debugging.Assert(tf.reduce_all(x > 0), [message], summarize=10)
        with tf.control_dependencies([positive]):
            return {"y": tf.identity(x)}

    @signatures.add("numbers", vector(tf.string))
    def numbers(x: Any) -> Any:
        return {"y": tf.strings.to_number(x)}
