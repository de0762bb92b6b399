"""Asking a model server, by REST and by gRPC."""

import http.client
import json
import urllib.parse
from dataclasses import dataclass
from typing import Any

import grpc
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

_SECONDS = 60.0


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; `json` is its body read as JSON, `error` the message of a refusal."""

    status: int
    content_type: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        assert set(self.json) == {"error"}
        return str(self.json["error"])


class Rest:
    """The REST port at an address like `http://127.0.0.1:8501`; a connection for each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._netloc = urllib.parse.urlsplit(url).netloc

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> Reply:
        """Sends a body: text as it is, anything else as JSON."""
        return self.ask("POST", path, body if isinstance(body, str) else json.dumps(body))

    def ask(self, verb: str, path: str, body: str | None = None) -> Reply:
        connection = http.client.HTTPConnection(self._netloc, timeout=_SECONDS)
        try:
            connection.request(verb, path, body)
            response = connection.getresponse()
            return Reply(response.status, response.headers.get("Content-Type", ""), response.read().decode())
        finally:
            connection.close()

    def states(self, model: str) -> dict[int, str]:
        """The state of each version; empty for a model that is not known."""
        reply = self.get(f"/v1/models/{model}")
        if reply.status == 404:
            return {}
        return {int(known["version"]): known["state"] for known in reply.json["model_version_status"]}

    def labelled(self, model: str, label: str) -> int | None:
        """The version that a label answers, or None if it answers none."""
        reply = self.get(f"/v1/models/{model}/labels/{label}/metadata")
        return int(reply.json["model_spec"]["version"]) if reply.status == 200 else None

    def predict(self, target: str, *values: float) -> list[float]:
        """Predicts with the model `scale` under a target like `scale` or `scale/versions/1`."""
        reply = self.post(f"/v1/models/{target}:predict", {"instances": list(values)})
        assert reply.status == 200, reply.text
        return list(reply.json["predictions"])


class Grpc:
    """The gRPC port at an address like `127.0.0.1:8500`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = grpc.insecure_channel(address)
        self.models: Any = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.predictions: Any = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)

    def close(self) -> None:
        self.channel.close()

    def reload(self, config: str, seconds: float = _SECONDS) -> None:
        """Pushes a text ModelServerConfig; raises grpc.RpcError when it is refused or takes longer."""
        request = model_management_pb2.ReloadConfigRequest()
        text_format.Parse(config, request.config)
        self.models.HandleReloadConfigRequest(request, timeout=seconds)

    def refusal(self, config: str, seconds: float = _SECONDS) -> tuple[grpc.StatusCode, str]:
        """Pushes a config that must not be accepted; answers code and message."""
        try:
            self.reload(config, seconds)
        except grpc.RpcError as error:
            return error.code(), error.details() or ""
        raise AssertionError("the config was accepted")

    def predict(self, model: str, signature: str = "", **inputs: Any) -> dict[str, Any]:
        """Asks one signature; inputs are what numpy takes, the answer is lists. Raises grpc.RpcError."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = model, signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        answer = self.predictions.Predict(request, timeout=_SECONDS)
        return {name: tf.make_ndarray(tensor).tolist() for name, tensor in answer.outputs.items()}

    def status(self, model: str) -> Any:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        return self.models.GetModelStatus(request, timeout=_SECONDS)
