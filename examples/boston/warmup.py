#!/usr/bin/env python3
"""Adds warmup requests to a version: TensorFlow Serving runs them before it serves the version.

    python examples/boston/warmup.py --version build/boston/1 --samples build/boston-samples.jsonl

writes `build/boston/1/assets.extra/tf_serving_warmup_requests`, a request for each line of the samples. Do so before
the version is published. Needs tensorflow and tensorflow-serving-api.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

FILE = Path("assets.extra", "tf_serving_warmup_requests")
MOST_REQUESTS = 1000  # the server loads no version with more


def prediction_log(sample: str, model: str = "boston", name: str = "features") -> prediction_log_pb2.PredictionLog:
    """The gRPC request that says the same as a line of JSON."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.inputs[name].CopyFrom(tf.make_tensor_proto(json.loads(sample)["instances"], tf.float32))
    return prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))


def write(version: Path, samples: list[str]) -> Path:
    path = version / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for sample in samples[:MOST_REQUESTS]:
            writer.write(prediction_log(sample).SerializeToString())
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Adds warmup requests to a version of the boston example.")
    parser.add_argument("--version", type=Path, default=Path("build/boston/1"), metavar="DIR")
    parser.add_argument("--samples", type=Path, default=Path("build/boston-samples.jsonl"), metavar="FILE")
    args = parser.parse_args()
    print(f"Wrote {write(args.version, args.samples.read_text().splitlines())}")


if __name__ == "__main__":
    main()
