"""Metadata as a TensorFlow Serving answers it: of the recordings, but for the kinds of inputs that these lack."""

from collections.abc import Mapping
from typing import Any

OPEN = -1
Tensors = Mapping[str, tuple[str, tuple[int, ...] | None]]
"""By name, its type and shape; None: of any rank."""

INIT_OP = {
    "inputs": {},
    "outputs": {
        "__saved_model_init_op": {
            "name": "NoOp",
            "dtype": "DT_INVALID",
            "tensor_shape": {"dim": [], "unknown_rank": True},
        }
    },
    "method_name": "",
    "defaults": {},
}


def shape(sizes: tuple[int, ...] | None) -> dict[str, Any]:
    dims = [{"size": str(size), "name": ""} for size in sizes or ()]
    return {"dim": dims, "unknown_rank": sizes is None}


def tensors(entries: Tensors) -> dict[str, Any]:
    return {
        name: {"name": f"serving_default_{name}:0", "dtype": dtype, "tensor_shape": shape(sizes)}
        for name, (dtype, sizes) in entries.items()
    }


def signature(inputs: Tensors, outputs: Tensors | None = None, method: str = "predict") -> dict[str, Any]:
    given = {"y": ("DT_FLOAT", (OPEN,))} if outputs is None else outputs
    return {
        "inputs": tensors(inputs),
        "outputs": tensors(given),
        "method_name": f"tensorflow/serving/{method}",
        "defaults": {},
    }


def metadata(signatures: Mapping[str, Any], version: int = 2) -> dict[str, Any]:
    return {
        "model_spec": {"name": "scale", "version": str(version), "signature_name": ""},
        "metadata": {"signature_def": {"signature_def": dict(signatures)}},
    }


SCALE = metadata(
    {"serving_default": signature({"x": ("DT_FLOAT", (OPEN,))}), "__saved_model_init_op": INIT_OP},
)
"""As recorded of `scale`."""

SPARSE = {
    "coo_sparse": {
        "values_tensor_name": "values:0",
        "indices_tensor_name": "indices:0",
        "dense_shape_tensor_name": "shape:0",
    },
    "dtype": "DT_FLOAT",
    "tensor_shape": shape((OPEN, 3)),
}
RAGGED = {
    "composite_tensor": {
        "type_spec": {"type_spec_class": "RAGGED_TENSOR_SPEC"},
        "components": [tensors({"values": ("DT_INT64", (OPEN,))})["values"]],
    },
    "dtype": "DT_INT64",
    "tensor_shape": shape((OPEN, OPEN)),
}
