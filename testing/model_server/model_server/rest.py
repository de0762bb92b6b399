"""The REST API: routes, and what each of them answers.

(model_servers/http_rest_api_handler.cc, http_rest_api_util.cc)
"""

import re
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToJson

from model_server import json_examples, json_reader, json_request, json_response, metrics
from model_server.core import ServerCore
from model_server.inference import DEFAULT_SIGNATURE, Inference
from model_server.json_values import format_error
from model_server.json_writer import error_document
from model_server.model_status import SIGNATURE_DEF, model_metadata, model_status
from model_server.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from model_server.status import OK, Code, Status, StatusError, invalid_argument

_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(
    r"/v1/models/(?P<model>[^/:]+)" + _VERSION + ":(?P<method>classify|regress|predict)", re.I | re.ASCII
)
_GET = re.compile(r"/v1/models(?:/(?P<model>[^/:]+))?" + _VERSION + "(?:/(?P<metadata>metadata))?", re.I | re.ASCII)

_HTTP = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}
"""Code → HTTP status; 500 for the rest."""


@dataclass(frozen=True)
class Answer:
    """`content_type` is empty where the API says nothing of it."""

    http_status: int
    body: str
    content_type: str = "application/json"


class RestApi:
    """Answers requests under /v1/. `timeout_ms` bounds one run of a model."""

    def __init__(self, core: ServerCore, inference: Inference, timeout_ms: int) -> None:
        self._core = core
        self._inference = inference
        self._timeout_ms = max(timeout_ms, 0)

    def answer(self, verb: str, path: str, body: bytes, origin: str) -> Answer:
        """Answers one request, and counts it. `origin` is that header, for a preflight."""
        started = time.monotonic()
        route = _Route.of(verb, path)
        status, text = self._result(route, verb, path, body, origin)
        if status.ok:
            elapsed = (time.monotonic() - started) * 1e6
            metrics.REQUEST_LATENCY.observe(elapsed, route.model, route.method, "REST")
        metrics.REQUESTS.add(route.model, status.code.name)
        return Answer(http_status(status), text, "" if verb == "OPTIONS" else "application/json")

    def _result(self, route: "_Route", verb: str, path: str, body: bytes, origin: str) -> tuple[Status, str]:
        """Status and body; the body stays empty for a preflight, and for a version that is no number."""
        if verb == "OPTIONS":
            return _preflight(origin), ""
        try:
            spec = route.spec()
        except StatusError as error:
            return error.status, ""
        try:
            return OK, self._process(route, spec, verb, path, body)
        except StatusError as error:
            return error.status, error_document(error.status.message)

    def _process(self, route: "_Route", spec: Any, verb: str, path: str, body: bytes) -> str:
        match route.method if route.found and verb == "POST" else verb:
            case "predict":
                return self._predict(spec, body)
            case "classify":
                return self._classify(spec, body)
            case "regress":
                return self._regress(spec, body)
            case "GET" if route.found:
                return self._describe(route, spec)
        raise invalid_argument(f"Malformed request: {verb} {path}")

    def _predict(self, spec: Any, body: bytes) -> str:
        document = json_reader.parse(body)
        name = _signature_name(document)
        inputs = self._signature_inputs(spec, name)
        request = predict_pb2.PredictRequest(model_spec=spec)
        request.model_spec.signature_name = name
        tensors, rows = json_request.request_tensors(document, inputs)
        for name, tensor in tensors.items():
            request.inputs[name].CopyFrom(tensor)
        with self._core.servable(spec) as servable:
            response = self._inference.predict(servable, request, self._timeout_ms)
        return json_response.response_text(dict(sorted(response.outputs.items())), rows=rows)

    def _signature_inputs(self, spec: Any, signature_name: str) -> Any:
        name = signature_name or DEFAULT_SIGNATURE
        with self._core.servable(spec) as servable:
            if not _is_text(name) or name not in servable.signatures:
                raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
            inputs = dict(sorted(servable.signatures[name].inputs.items()))
        if not inputs:
            raise invalid_argument(f"Failed to get input map for signature: {signature_name or 'DEFAULT'}")
        return inputs

    def _classify(self, spec: Any, body: bytes) -> str:
        request = classification_pb2.ClassificationRequest()
        self._fill_examples(request, spec, body)
        with self._core.servable(spec) as servable:
            response = self._inference.classify(servable, request, self._timeout_ms)
        return json_response.classification_text(response.result)

    def _regress(self, spec: Any, body: bytes) -> str:
        request = regression_pb2.RegressionRequest()
        self._fill_examples(request, spec, body)
        with self._core.servable(spec) as servable:
            response = self._inference.regress(servable, request, self._timeout_ms)
        return json_response.regression_text(response.result)

    def _fill_examples(self, request: Any, spec: Any, body: bytes) -> None:
        document = json_reader.parse(body)
        request.model_spec.CopyFrom(spec)
        request.model_spec.signature_name = _signature_name(document).encode(errors="replace").decode()
        json_examples.fill_input(document, request.input)

    def _describe(self, route: "_Route", spec: Any) -> str:
        if not spec.name:
            raise invalid_argument("Missing model name in request.")
        if not route.metadata:
            return _json(model_status(self._core, spec)) + "\n"
        request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURE_DEF])
        return _metadata_text(model_metadata(self._core, request))


@dataclass(frozen=True)
class _Route:
    """What a path says; `found` is False for one that is no route of its verb."""

    found: bool
    model: str = ""
    version: str = ""
    label: str = ""
    method: str = ""
    metadata: bool = False

    @classmethod
    def of(cls, verb: str, path: str) -> "_Route":
        pattern = {"POST": _POST, "GET": _GET}.get(verb)
        match = pattern.fullmatch(path) if pattern else None
        if match is None:
            return cls(found=False)
        parts = {name: value or "" for name, value in match.groupdict().items()}
        return cls(
            found=True,
            model=urllib.parse.unquote(parts["model"]),
            version=parts["version"],
            label=urllib.parse.unquote(parts["label"]),
            method=parts.get("method", ""),
            metadata=parts.get("metadata") == "metadata",
        )

    def spec(self) -> Any:
        """The ModelSpec; raises StatusError for a version beyond 64 bits."""
        spec = model_pb2.ModelSpec(name=self.model)
        if self.version:
            if int(self.version) >= 2**63:
                raise invalid_argument(f"Failed to convert version: {self.version} to numeric.")
            spec.version.value = int(self.version)
        if self.label:
            spec.version_label = self.label
        return spec


def http_status(status: Status) -> int:
    return _HTTP.get(status.code, 500)


def _preflight(origin: str) -> Status:
    if re.search("https?://", origin):
        return OK
    return Status(Code.FAILED_PRECONDITION, "Origin header is missing in CORS preflight")


def _signature_name(document: dict[str, Any]) -> str:
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise format_error(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return name


def _is_text(name: str) -> bool:
    """Whether a name came as UTF-8, as those of signatures are."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _json(message: Any, *, proto_names: bool = False) -> str:
    return MessageToJson(
        message,
        indent=1,
        ensure_ascii=False,
        always_print_fields_with_no_presence=True,
        preserving_proto_field_name=proto_names,
    )


def _metadata_text(response: Any) -> str:
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    spec, signature_def = (_json(message, proto_names=True) for message in (response.model_spec, signatures))
    return f'{{\n"model_spec":{spec}\n,\n"metadata": {{"signature_def": {signature_def}\n}}\n}}\n'
