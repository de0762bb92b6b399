"""Predictions by gRPC from the model y = 2x of a pod, past the operator, as clients for `testing.clients.load`."""

from collections.abc import Callable
from typing import Any

import grpc

from testing.clients.asking import WrongAnswerError

GRPC_PORT = 8500
SECONDS = 120.0
"""For one answer, on a machine that is busy."""


def connecting(address: str, model: str, label: str) -> Callable[[], "Call"]:
    """Returns what opens a connection that asks a label for the double of a number.

    It may be called on any thread: tensorflow is imported here, since two threads that do so at once can fail.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.version_label = model, label
    tensor = request.inputs["x"]
    tensor.dtype, tensor.float_val[:] = 1, [21.0]
    tensor.tensor_shape.dim.add(size=1)
    return lambda: Call(address, prediction_service_pb2_grpc.PredictionServiceStub, request)


class Call:
    """A connection of its own, which asks the same each time."""

    def __init__(self, address: str, stub: Callable[[grpc.Channel], Any], request: Any) -> None:
        self._channel = grpc.insecure_channel(f"{address}:{GRPC_PORT}", [("grpc.use_local_subchannel_pool", 1)])
        self._stub, self._request = stub(self._channel), request

    def ask(self) -> int:
        """Returns the version that answered; raises WrongAnswerError for a refusal, with code and words."""
        try:
            answer = self._stub.Predict(self._request, timeout=SECONDS)
        except grpc.RpcError as error:
            raise WrongAnswerError(f"{error.code().name}: {error.details()}") from error
        if list(answer.outputs["y"].float_val) != [42.0]:
            raise WrongAnswerError(f"21 doubled is not {answer.outputs}")
        return int(answer.model_spec.version.value)

    def close(self) -> None:
        self._channel.close()


def is_without_a_thread(address: str, model: str) -> bool:
    """Whether the server refuses a call for want of a thread, here a query of a model's status."""
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = model
    with grpc.insecure_channel(f"{address}:{GRPC_PORT}") as channel:
        try:
            model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=SECONDS)
        except grpc.RpcError as error:
            return bool(error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED)
    return False
