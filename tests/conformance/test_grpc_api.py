"""gRPC, section 4 of docs/tf-serving.md."""

from typing import Any

import grpc
import pytest
from tensorflow_serving.apis import (  # type: ignore[import-untyped]  # it ships no annotations
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
    session_service_pb2,
)


def predict_request(model: str = "scale", *values: float, signature: str = "") -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    request.inputs["x"].dtype = 1
    request.inputs["x"].tensor_shape.dim.add(size=len(values))
    request.inputs["x"].float_val.extend(values)
    return request


def refusal(method: Any, request: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as refused:
        method(request, timeout=30)
    return refused.value.code(), refused.value.details() or ""


def add_example(request_input: Any, x: float) -> None:
    request_input.example_list.examples.add().features.feature["x"].float_list.value.append(x)


def test_get_model_status(server: Any) -> None:
    states = [(known.version, known.state) for known in server.grpc.status("scale").model_version_status]
    available = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
    assert states == [(2, available), (1, available)]


def test_get_model_status_of_an_unknown_model(server: Any) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "absent"
    code, message = refusal(server.grpc.models.GetModelStatus, request)
    assert (code, message) == (grpc.StatusCode.NOT_FOUND, "Could not find any versions of model absent")


def test_predict_tells_which_version_answered(server: Any) -> None:
    response = server.grpc.predictions.Predict(predict_request("scale", 3.0), timeout=30)
    assert list(response.outputs["y"].float_val) == [6.0]
    assert (response.model_spec.name, response.model_spec.version.value) == ("scale", 2)
    assert response.model_spec.signature_name == "serving_default"


def test_predict_by_label(server: Any) -> None:
    request = predict_request("scale", 3.0)
    request.model_spec.version_label = "stable"
    assert server.grpc.predictions.Predict(request, timeout=30).model_spec.version.value == 1


def test_predict_with_an_unknown_label(server: Any) -> None:
    request = predict_request("scale", 3.0)
    request.model_spec.version_label = "absent"
    code, message = refusal(server.grpc.predictions.Predict, request)
    assert (code, message) == (grpc.StatusCode.INVALID_ARGUMENT, "Unrecognized servable version label: absent")


def test_predict_with_an_unknown_model(server: Any) -> None:
    code, message = refusal(server.grpc.predictions.Predict, predict_request("absent", 1.0))
    assert (code, message) == (grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(absent)")


def test_an_unknown_signature_is_a_failed_precondition(server: Any) -> None:
    request = predict_request("scale", 1.0, signature="absent")
    code, message = refusal(server.grpc.predictions.Predict, request)
    assert (code, message) == (grpc.StatusCode.FAILED_PRECONDITION, 'Serving signature key "absent" not found.')


def test_classify(server: Any) -> None:
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "various", "classify"
    add_example(request.input, 0.25)
    response = server.grpc.predictions.Classify(request, timeout=30)
    classes = response.result.classifications[0].classes
    assert [(entry.label, entry.score) for entry in classes] == [("low", 0.75), ("high", 0.25)]


def test_regress(server: Any) -> None:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "various", "regress"
    add_example(request.input, 0.25)
    response = server.grpc.predictions.Regress(request, timeout=30)
    assert [entry.value for entry in response.result.regressions] == [0.5]


def test_multi_inference(server: Any) -> None:
    request = inference_pb2.MultiInferenceRequest()
    for name in ("classify", "regress"):
        task = request.tasks.add(method_name=f"tensorflow/serving/{name}")
        task.model_spec.name, task.model_spec.signature_name = "various", name
    add_example(request.input, 0.25)
    results = server.grpc.predictions.MultiInference(request, timeout=30).results
    assert results[0].classification_result.classifications[0].classes[0].score == 0.75
    assert results[1].regression_result.regressions[0].value == 0.5


def test_get_model_metadata(server: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "scale"
    response = server.grpc.predictions.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert response.model_spec.version.value == 2
    assert signatures.signature_def["serving_default"].inputs["x"].dtype == 1


def test_reload_takes_only_a_list_of_models(server: Any) -> None:
    code, message = server.grpc.refusal("")
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert message.endswith("Only ModelConfigList is currently supported")


@pytest.mark.parametrize("method", ["/tensorflow.serving.SessionService/SessionRun", "/grpc.health.v1.Health/Check"])
def test_session_and_health_services_are_not_there(server: Any, method: str) -> None:
    call = server.grpc.channel.unary_unary(method)
    code, _ = refusal(call, session_service_pb2.SessionRunRequest().SerializeToString())
    assert code is grpc.StatusCode.UNIMPLEMENTED


def test_messages_are_cut_at_1024_characters(server: Any) -> None:
    code, message = refusal(server.grpc.predictions.Predict, predict_request("m" * 2000, 1.0))
    assert code is grpc.StatusCode.NOT_FOUND
    assert message.startswith("Servable not found for request: Latest(mmm")
    assert message.endswith("m...TRUNCATED")
    assert len(message) == 1024 + len("...TRUNCATED")
