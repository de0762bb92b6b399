"""Signatures that answer what they were sent, or not much else: one for each data type and each odd name."""

from typing import Any

import tensorflow as tf

from testing.recordings.models.signatures import Signatures, vector

_TYPES = {
    "float": tf.float32,
    "double": tf.float64,
    "half": tf.float16,
    "bfloat16": tf.bfloat16,
    "int8": tf.int8,
    "int16": tf.int16,
    "int32": tf.int32,
    "int64": tf.int64,
    "uint8": tf.uint8,
    "uint16": tf.uint16,
    "uint32": tf.uint32,
    "uint64": tf.uint64,
    "bool": tf.bool,
    "string": tf.string,
    "complex64": tf.complex64,
}


def add_to(signatures: Signatures) -> None:
    for name, dtype in _TYPES.items():
        _add_type(signatures, name, dtype)
    _add_names(signatures)


def _add_type(signatures: Signatures, name: str, dtype: Any) -> None:
    @signatures.add(f"echo_{name}", tf.TensorSpec(None, dtype, name="x"))
    def any_shape(x: Any) -> Any:
        return {"y": tf.identity(x)}

    @signatures.add(f"list_{name}", vector(dtype))
    def one_dimension(x: Any) -> Any:
        return {"y": tf.identity(x)}


def _add_names(signatures: Signatures) -> None:
    @signatures.add("echo_bytes", vector(tf.string, "text"))
    def echo_bytes(text: Any) -> Any:
        return {"echo_bytes": text}

    @signatures.add("mixed_bytes", vector(tf.string, "text_bytes"))
    def mixed_bytes(text_bytes: Any) -> Any:
        return {"a_bytes": text_bytes, "b": text_bytes, "n": tf.strings.length(text_bytes)}

    @signatures.add("int_bytes", vector(tf.int32))
    def int_bytes(x: Any) -> Any:
        return {"x_bytes": x}

    @signatures.add("b64", vector(tf.string, "b64"))
    def b64(b64: Any) -> Any:
        return {"b64": b64}

    @signatures.add("instances", vector(tf.float32, "instances"))
    def instances(instances: Any) -> Any:
        return {"predictions": instances}
