"""Signatures for classify and regress, which parse tf.Examples, and some that cannot answer them."""

from typing import Any

import tensorflow as tf

from testing.recordings.models.signatures import Signatures, vector


def add_to(signatures: Signatures) -> None:
    _add_parsing(signatures)
    _add_classifiers(signatures)
    _add_bad_classifiers(signatures)
    _add_regressors(signatures)


def _feature(inputs: Any) -> Any:
    return tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]


def _low_and_high(x: Any) -> Any:
    return tf.repeat(tf.constant([["low", "high"]]), tf.size(x), axis=0)


def _add_parsing(signatures: Signatures) -> None:
    @signatures.add("parse", vector(tf.string, "examples"))
    def parse(examples: Any) -> Any:
        features = {
            "x": tf.io.FixedLenFeature([], tf.float32),
            "w": tf.io.FixedLenFeature([], tf.string, default_value=""),
            "i": tf.io.FixedLenFeature([], tf.int64, default_value=0),
        }
        parsed = tf.io.parse_example(examples, features)
        return {name: parsed[name] for name in features}

    @signatures.add("seq", vector(tf.string, "inputs"))
    def sums(inputs: Any) -> Any:
        sparse = tf.io.parse_example(inputs, {"x": tf.io.VarLenFeature(tf.float32)})["x"]
        return {"outputs": tf.sparse.reduce_sum(sparse, axis=1)}


def _add_classifiers(signatures: Signatures) -> None:
    @signatures.add("classify", vector(tf.string, "inputs"))
    def classify(inputs: Any) -> Any:
        x = _feature(inputs)
        return {"classes": _low_and_high(x), "scores": tf.stack([1.0 - x, x], axis=1)}

    @signatures.add("classes_only", vector(tf.string, "inputs"))
    def classes_only(inputs: Any) -> Any:
        return {"classes": _low_and_high(_feature(inputs))}

    @signatures.add("scores_only", vector(tf.string, "inputs"))
    def scores_only(inputs: Any) -> Any:
        x = _feature(inputs)
        return {"scores": tf.stack([1.0 - x, x], axis=1)}


def _add_bad_classifiers(signatures: Signatures) -> None:
    @signatures.add("classify_wrong", vector(tf.string, "inputs"))
    def one_dimension(inputs: Any) -> Any:
        return {"scores": _feature(inputs)}

    @signatures.add("classify_intscores", vector(tf.string, "inputs"))
    def integers(inputs: Any) -> Any:
        x = _feature(inputs)
        return {"scores": tf.cast(tf.stack([1.0 - x, x], axis=1), tf.int32)}


def _add_regressors(signatures: Signatures) -> None:
    @signatures.add("regress", vector(tf.string, "inputs"))
    def regress(inputs: Any) -> Any:
        return {"outputs": _feature(inputs) * 2.0}

    @signatures.add("regress_column", vector(tf.string, "inputs"))
    def column(inputs: Any) -> Any:
        return {"outputs": tf.expand_dims(_feature(inputs) * 2.0, 1)}

    @signatures.add("regress_wide", vector(tf.string, "inputs"))
    def two_columns(inputs: Any) -> Any:
        x = _feature(inputs)
        return {"outputs": tf.stack([x, x], axis=1)}

    @signatures.add("regress_int", vector(tf.string, "inputs"))
    def integers(inputs: Any) -> Any:
        return {"outputs": tf.cast(_feature(inputs), tf.int64)}
