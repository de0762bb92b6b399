"""The protocol buffers and services of TensorFlow and TensorFlow Serving, without Python TensorFlow.

The generated modules of the official wheels start with `from tensorflow.core… import …`, which would run
`tensorflow/__init__.py`: three seconds and 300 MB for nothing that the double needs. A bare package in its place
lets the import system find the generated modules and no more.
"""

import importlib.util
import sys
import types
from pathlib import Path


def _tensorflow_folder() -> Path:
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("the double needs the tensorflow-cpu (or tensorflow) wheel")
    return Path(spec.submodule_search_locations[0])


TENSORFLOW = _tensorflow_folder()

if "tensorflow" not in sys.modules:
    _package = types.ModuleType("tensorflow")
    _package.__path__ = [str(TENSORFLOW)]
    sys.modules["tensorflow"] = _package

from tensorflow.core.example import example_pb2  # noqa: E402
from tensorflow.core.framework import tensor_pb2, types_pb2  # noqa: E402
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, saved_model_pb2  # noqa: E402
from tensorflow_serving.apis import (  # noqa: E402
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
    status_pb2,
)
from tensorflow_serving.config import (  # noqa: E402
    model_server_config_pb2,
    platform_config_pb2,
)

__all__ = [
    "TENSORFLOW",
    "classification_pb2",
    "config_pb2",
    "example_pb2",
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "inference_pb2",
    "meta_graph_pb2",
    "model_management_pb2",
    "model_pb2",
    "model_server_config_pb2",
    "model_service_pb2_grpc",
    "platform_config_pb2",
    "predict_pb2",
    "prediction_log_pb2",
    "prediction_service_pb2_grpc",
    "regression_pb2",
    "saved_model_pb2",
    "status_pb2",
    "tensor_pb2",
    "types_pb2",
]
