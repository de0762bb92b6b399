"""Calls a gRPC server with recorded messages, as bytes, so that malformed ones and unknown methods can be sent too."""

import json
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from testing.recordings.data import GrpcCase
from testing.recordings.long_requests import long_request
from testing.recordings.normalise import Normaliser

_SECONDS = 5.0
"""The deadline of every call; one that was recorded as exceeding it waits for this long."""

_MESSAGES: dict[str, tuple[type[Message], type[Message]]] = {
    "Predict": (predict_pb2.PredictRequest, predict_pb2.PredictResponse),
    "Classify": (classification_pb2.ClassificationRequest, classification_pb2.ClassificationResponse),
    "Regress": (regression_pb2.RegressionRequest, regression_pb2.RegressionResponse),
    "MultiInference": (inference_pb2.MultiInferenceRequest, inference_pb2.MultiInferenceResponse),
    "GetModelMetadata": (
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
    ),
    "GetModelStatus": (get_model_status_pb2.GetModelStatusRequest, get_model_status_pb2.GetModelStatusResponse),
    "HandleReloadConfigRequest": (model_management_pb2.ReloadConfigRequest, model_management_pb2.ReloadConfigResponse),
}
"""Method → its request and its response."""


@dataclass(frozen=True)
class Ended:
    """How a call ended. `response` is protobuf JSON, a serialized message or the length of JSON, as it was recorded."""

    code: str
    details: str
    response: Any


def expected(case: GrpcCase, normaliser: Normaliser) -> Ended:
    response = case.response if case.raw_response is None else case.raw_response
    return Ended(
        case.code, normaliser.text(case.details), response if case.response_length is None else case.response_length
    )


def call(channel: grpc.Channel, case: GrpcCase, normaliser: Normaliser) -> Ended:
    method: Any = channel.unary_unary(case.method)
    try:
        response = method(_request(case), timeout=_SECONDS)
    except grpc.RpcError as error:
        return Ended(error.code().name, normaliser.text(error.details() or ""), None)
    return Ended("OK", "", _as_recorded(case, response))


def _request(case: GrpcCase) -> bytes:
    if case.raw_request is not None:
        return case.raw_request
    if case.request_length is not None:
        return long_request(case.request_length)
    request, _ = _MESSAGES[_name(case)]
    return json_format.ParseDict(case.request, request()).SerializeToString()


def _as_recorded(case: GrpcCase, response: bytes) -> Any:
    if case.raw_response is not None:
        return response
    if case.has_long_response:
        return None
    _, message = _MESSAGES[_name(case)]
    document = json_format.MessageToDict(message.FromString(response), preserving_proto_field_name=True)
    return document if case.response_length is None else len(json.dumps(document))


def _name(case: GrpcCase) -> str:
    return case.method.rpartition("/")[2]
