"""The boston example: its model, with and without warmup requests, and its load."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from hack.playground.commands import ROOT

EXAMPLE = ROOT / "examples" / "boston"
TRAIN_SECONDS = 180
WARMUP = Path("assets.extra", "tf_serving_warmup_requests")


def train(folder: Path) -> Path:
    """The base path of the example's model, trained on drawn houses; beside it lie the example's samples."""
    base_path = folder / "boston"
    command = [sys.executable, str(EXAMPLE / "train.py"), "--data", "drawn", "--out", str(base_path)]
    subprocess.run(command, check=True, timeout=TRAIN_SECONDS, stdout=subprocess.DEVNULL)
    return base_path


def samples(base_path: Path) -> list[str]:
    """Bodies of requests with one house each."""
    return base_path.with_name(f"{base_path.name}-samples.jsonl").read_text().splitlines()


def load_program() -> ModuleType:
    """examples/boston/load.py, which is no package."""
    spec = importlib.util.spec_from_file_location("boston_load", EXAMPLE / "load.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{EXAMPLE}/load.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def predict_request(bodies: Sequence[str]) -> predict_pb2.PredictRequest:
    """The houses of these bodies in one gRPC request."""
    rows = [row for body in bodies for row in json.loads(body)["instances"]]
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "boston"
    request.inputs["features"].CopyFrom(tf.make_tensor_proto(rows, tf.float32))
    return request


def add_warmup(version: Path, bodies: Sequence[str]) -> None:
    """A warmup request for each body."""
    (version / WARMUP).parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(version / WARMUP)) as writer:
        for body in bodies:
            predicted = prediction_log_pb2.PredictLog(request=predict_request([body]))
            writer.write(prediction_log_pb2.PredictionLog(predict_log=predicted).SerializeToString())
