"""Running signatures: predict, classify, regress and multi-inference on one loaded version.

(servables/tensorflow/predict_util.cc, classifier.cc, regressor.cc, multi_inference.cc)
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model_server import metrics
from model_server.examples import serialized_examples
from model_server.predict_inputs import feeds, output_names
from model_server.protos import classification_pb2, inference_pb2, predict_pb2, regression_pb2, tensor_pb2
from model_server.results import (
    CLASSIFY,
    REGRESS,
    check_classify,
    check_regress,
    classifications,
    regressions,
)
from model_server.servable import Servable
from model_server.status import (
    Code,
    StatusError,
    failed_precondition,
    invalid_argument,
    unimplemented,
)

DEFAULT_SIGNATURE = "serving_default"
PREDICT = "tensorflow/serving/predict"


@dataclass(frozen=True)
class InferenceOptions:
    """How signatures are run; `check_method_names` is --enable_signature_method_name_check."""

    check_method_names: bool = False
    as_tensor_content: bool = False


class Inference:
    """Answers the requests of the prediction service on a servable; every method raises StatusError.

    `timeout_ms` bounds the run of the graph; 0 does not.
    """

    def __init__(self, options: InferenceOptions) -> None:
        self._options = options

    def predict(self, servable: Servable, request: Any, timeout_ms: int = 0) -> Any:
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        if name not in servable.signatures:
            raise failed_precondition(f'Serving signature key "{name}" not found.')
        signature = servable.signatures[name]
        if self._options.check_method_names and signature.method_name not in (PREDICT, CLASSIFY, REGRESS):
            raise StatusError(
                Code.INTERNAL,
                f"Expected prediction signature method_name to be one of {{{PREDICT}, {CLASSIFY}, {REGRESS}}}. "
                f"Was: {signature.method_name}",
            )
        inputs, aliases = feeds(signature, request.inputs), output_names(signature, request.output_filter)
        tensors = self._run(
            servable,
            inputs,
            [signature.outputs[alias].name for alias in aliases],
            timeout_ms,
            record=(request.model_spec.name, "Predict"),
            as_content=self._options.as_tensor_content,
        )
        response = predict_pb2.PredictResponse()
        _answered_by(response.model_spec, request.model_spec.name, name, servable)
        for alias, tensor in zip(aliases, tensors, strict=True):
            response.outputs[alias].CopyFrom(tensor)
        return response

    def classify(self, servable: Servable, request: Any, timeout_ms: int = 0) -> Any:
        signature = _signature(servable, request.model_spec)
        check_classify(signature, check_method_name=self._options.check_method_names)
        response = classification_pb2.ClassificationResponse()
        tensors, count = self._on_examples(servable, signature, request, timeout_ms, "Classify")
        _answered_by(response.model_spec, request.model_spec.name, request.model_spec.signature_name, servable)
        response.result.CopyFrom(classifications(tensors, count))
        return response

    def regress(self, servable: Servable, request: Any, timeout_ms: int = 0) -> Any:
        signature = _signature(servable, request.model_spec)
        check_regress(signature, check_method_name=self._options.check_method_names)
        response = regression_pb2.RegressionResponse()
        tensors, count = self._on_examples(servable, signature, request, timeout_ms, "Regress")
        _answered_by(response.model_spec, request.model_spec.name, request.model_spec.signature_name, servable)
        response.result.CopyFrom(regressions(tensors, count))
        return response

    def multi_inference(self, servable: Servable, request: Any, timeout_ms: int = 0) -> Any:
        """Runs each task by itself, where the real server runs their graph once: the answers are the same."""
        signatures = [self._task_signature(servable, request, index) for index in range(len(request.tasks))]
        response = inference_pb2.MultiInferenceResponse()
        for task, signature in zip(request.tasks, signatures, strict=True):
            result = response.results.add()
            _answered_by(result.model_spec, task.model_spec.name, task.model_spec.signature_name, servable)
            tensors, count = self._on_examples(servable, signature, request, timeout_ms)
            if task.method_name == CLASSIFY:
                result.classification_result.CopyFrom(classifications(tensors, count))
            else:
                result.regression_result.CopyFrom(regressions(tensors, count))
            metrics.EXAMPLES.add(task.model_spec.name, by=count)
        return response

    def _task_signature(self, servable: Servable, request: Any, index: int) -> Any:
        task, before = request.tasks[index], request.tasks[:index]
        if not task.model_spec.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if any(task.model_spec.name != other.model_spec.name for other in before):
            raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if any(name == (other.model_spec.signature_name or DEFAULT_SIGNATURE) for other in before):
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        if name not in servable.signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        checks = {CLASSIFY: check_classify, REGRESS: check_regress}
        if task.method_name not in checks:
            raise unimplemented(f"Unsupported signature method_name: {task.method_name}")
        signature = servable.signatures[name]
        checks[task.method_name](signature, check_method_name=self._options.check_method_names)
        return signature

    def _on_examples(
        self, servable: Servable, signature: Any, request: Any, timeout_ms: int, api: str = ""
    ) -> tuple[dict[str, Any], int]:
        """Feeds the serialized examples to the one input; answers the outputs by alias, and how many examples."""
        examples = serialized_examples(request.input)
        tensor = tensor_pb2.TensorProto(dtype="DT_STRING", string_val=examples)
        tensor.tensor_shape.dim.add(size=len(examples))
        (name,) = signature.inputs
        record = (request.model_spec.name, api) if api else None
        outputs = self._run(
            servable,
            [(name, signature.inputs[name].name, tensor)],
            [info.name for info in signature.outputs.values()],
            timeout_ms,
            record=record,
        )
        return dict(zip(signature.outputs, outputs, strict=True)), len(examples)

    def _run(
        self,
        servable: Servable,
        inputs: Sequence[tuple[str, str, Any]],
        fetches: Sequence[str],
        timeout_ms: int,
        *,
        record: tuple[str, str] | None,
        as_content: bool = False,
    ) -> list[Any]:
        started = time.monotonic()
        tensors = servable.session.run(inputs, fetches, timeout_ms=timeout_ms, as_content=as_content)
        if record:
            metrics.RUNTIME_LATENCY.observe((time.monotonic() - started) * 1e6, *record, "TF1")
        return tensors


def _signature(servable: Servable, spec: Any) -> Any:
    name = spec.signature_name or DEFAULT_SIGNATURE
    if name not in servable.signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return servable.signatures[name]


def _answered_by(spec: Any, name: str, signature_name: str, servable: Servable) -> None:
    spec.name, spec.signature_name = name, signature_name or DEFAULT_SIGNATURE
    spec.version.value = servable.id.version
