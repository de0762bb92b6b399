# ruff: noqa: N802  # the methods are named by the services' definitions
"""The gRPC services: ModelService and PredictionService.

(model_servers/model_service_impl.cc, prediction_service_impl.cc, grpc_status_util.cc)
"""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import grpc

from model_server import log, metrics
from model_server.core import ServerCore
from model_server.inference import Inference
from model_server.model_status import model_metadata, model_status
from model_server.protos import (
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)
from model_server.servable import Servable
from model_server.status import OK, Status, StatusError, invalid_argument

SOURCE = "model_servers/model_service_impl.cc"

_LONGEST_MESSAGE = 1024
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class ModelService(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]  # its base is an Any
    """Status, and the reload of the whole config."""

    def __init__(self, core: ServerCore) -> None:
        self._core = core

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            _require_spec(request)
            return model_status(self._core, request.model_spec)
        except StatusError as error:
            _abort(context, error.status)

    def HandleReloadConfigRequest(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answers once the config is applied or refused; a client's deadline does not end the work."""
        before = {name: metrics.counter_value(name) for name in request.metric_names}
        try:
            self._reload(request.config)
        except StatusError as error:
            log.error(SOURCE, f"ReloadConfig failed: {error.status.message}")
            _abort(context, error.status)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = OK.code
        for name, value in before.items():
            response.metric.add(name=name, int64_value_increase=metrics.counter_value(name) - value)
        return response

    def _reload(self, config: Any) -> None:
        if config.WhichOneof("config") != "model_config_list":
            raise invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        for index, model in enumerate(config.model_config_list.config):
            entry = {
                "index ": index,
                "path ": model.base_path,
                "name ": model.name,
                "platform ": model.model_platform,
            }
            log.info(SOURCE, "\nConfig entry" + "".join(f"\n\t{key}: {value}" for key, value in entry.items()))
        self._core.reload(config)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]  # an Any
    """Predictions and metadata."""

    def __init__(self, core: ServerCore, inference: Inference) -> None:
        self._core = core
        self._inference = inference

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._counted("Predict", self._inference.predict, request, context)

    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._counted("Classify", self._inference.classify, request, context)

    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._counted("Regress", self._inference.regress, request, context)

    def MultiInference(self, request: Any, context: grpc.ServicerContext) -> Any:
        spec = request.tasks[0].model_spec if request.tasks else model_pb2.ModelSpec()
        try:
            with self._core.servable(spec) as servable:
                return self._inference.multi_inference(servable, request, _timeout_ms(context))
        except StatusError as error:
            _abort(context, error.status)

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            _require_spec(request)
            return model_metadata(self._core, request)
        except StatusError as error:
            _abort(context, error.status)

    def _counted(
        self,
        api: str,
        infer: Callable[[Servable, Any, int], Any],
        request: Any,
        context: grpc.ServicerContext,
    ) -> Any:
        started, model = time.monotonic(), request.model_spec.name
        try:
            _require_spec(request)
            with self._core.servable(request.model_spec) as servable:
                response = infer(servable, request, _timeout_ms(context))
        except StatusError as error:
            metrics.REQUESTS.add(model, error.status.code.name)
            _abort(context, error.status)
        metrics.REQUEST_LATENCY.observe((time.monotonic() - started) * 1e6, model, api, "GRPC")
        metrics.REQUESTS.add(model, OK.code.name)
        return response


def _require_spec(request: Any) -> None:
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")


def _timeout_ms(context: grpc.ServicerContext) -> int:
    remaining = context.time_remaining()
    return 0 if remaining is None else max(int(remaining * 1000), 1)


def _abort(context: grpc.ServicerContext, status: Status) -> NoReturn:
    message = status.message
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + "...TRUNCATED"
    context.abort(_CODES[status.code], message)
    raise AssertionError("abort raises")
