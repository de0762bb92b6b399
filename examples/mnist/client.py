#!/usr/bin/env python3
"""Asks a served model which digits 20 images show, and compares its answers with the truth.

    python examples/mnist/client.py --rest http://127.0.0.1:8501
    python examples/mnist/client.py --grpc 127.0.0.1:8500 --label stable

REST needs nothing but Python; gRPC needs tensorflow-serving-api. The images are what train.py wrote.
"""

import argparse
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else importing tensorflow writes a notice

SECONDS = 30  # for an answer, and for gRPC's connection as well


def ask_rest(url: str, model: str, label: str | None, images: list[Any]) -> list[list[float]]:
    """POST /v1/models/MODEL[/labels/LABEL]:predict. Each row of the answer has ten probabilities."""
    path = f"/v1/models/{model}/labels/{label}" if label else f"/v1/models/{model}"
    request = urllib.request.Request(
        f"{url.rstrip('/')}{path}:predict",
        data=json.dumps({"instances": images}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        answer: dict[str, list[list[float]]] = json.load(response)
    return answer["predictions"]


def ask_grpc(address: str, model: str, label: str | None, images: list[Any]) -> list[list[float]]:
    """PredictionService/Predict, with TensorFlow Serving's own messages."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    if label:
        request.model_spec.version_label = label
    request.inputs["image"].CopyFrom(tf.make_tensor_proto(images, dtype=tf.float32))
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(request, timeout=SECONDS, wait_for_ready=True)
    probabilities: list[list[float]] = tf.make_ndarray(response.outputs["probabilities"]).tolist()
    return probabilities


def most_likely(probabilities: list[float]) -> int:
    return probabilities.index(max(probabilities))


def report(answers: list[list[float]], true: list[int]) -> None:
    """Two versions that read as many images right still differ in the last line."""
    predicted = [most_likely(each) for each in answers]
    confidence = sum(each[digit] for each, digit in zip(answers, true, strict=True)) / len(true)
    right = [a == b for a, b in zip(predicted, true, strict=True)]
    print("true      ", *true)
    print("predicted ", *predicted)
    if not all(right):
        print("          ", *(" " if ok else "x" for ok in right))
    print(f"accuracy   {sum(right)} of {len(right)}")
    print(f"confidence {confidence:.1%} for the true digit, on average")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sends 20 images of digits to a model server.")
    server = parser.add_mutually_exclusive_group(required=True)
    server.add_argument("--rest", metavar="URL", help="for example http://127.0.0.1:8501")
    server.add_argument("--grpc", metavar="ADDRESS", help="for example 127.0.0.1:8500")
    parser.add_argument("--model", default="mnist", help="the model's name (default: mnist)")
    parser.add_argument("--label", help="ask the version with this label (default: the newest version)")
    parser.add_argument("--images", type=Path, default=Path("build/mnist-test-images.json"), metavar="FILE")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    test = json.loads(args.images.read_text())
    ask = ask_rest if args.rest else ask_grpc
    try:
        answers = ask(args.rest or args.grpc, args.model, args.label, test["instances"])
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.code}: {error.read().decode()}") from error
    report(answers, test["digits"])


if __name__ == "__main__":
    main()
