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
from model_server.json_writer import error_document
from model_server.model_status import SIGNATURE_DEF, model_metadata, model_status
from model_server.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from model_server.status import OK, Code, Status, StatusError, failed_precondition, invalid_argument

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
    http_status: int
    body: str


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
        status, text = OK, ""
        try:
            text = self._preflight(origin) if verb == "OPTIONS" else self._process(route, verb, path, body)
        except StatusError as error:
            status, text = error.status, error_document(error.status.message)
        if status.ok:
            elapsed = (time.monotonic() - started) * 1e6
            metrics.REQUEST_LATENCY.observe(elapsed, route.model, route.method, "REST")
        metrics.REQUESTS.add(route.model, status.code.name)
        return Answer(http_status(status), text)

    def _preflight(self, origin: str) -> str:
        if not re.search("https?://", origin):
            raise failed_precondition("Origin header is missing in CORS preflight")
        return ""

    def _process(self, route: "_Route", verb: str, path: str, body: bytes) -> str:
        spec = route.spec()
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
        document = _document(body, spec)
        request = predict_pb2.PredictRequest(model_spec=spec)
        inputs = self._signature_inputs(spec)
        tensors, rows = json_request.request_tensors(document, inputs)
        for name, tensor in tensors.items():
            request.inputs[name].CopyFrom(tensor)
        with self._core.servable(spec) as servable:
            response = self._inference.predict(servable, request, self._timeout_ms)
        return json_response.response_text(dict(sorted(response.outputs.items())), rows=rows)

    def _signature_inputs(self, spec: Any) -> Any:
        name = spec.signature_name or DEFAULT_SIGNATURE
        with self._core.servable(spec) as servable:
            if name not in servable.signatures:
                raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
            inputs = dict(sorted(servable.signatures[name].inputs.items()))
        if not inputs:
            raise invalid_argument(f"Failed to get input map for signature: {spec.signature_name or 'DEFAULT'}")
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
        document = _document(body, spec)
        request.model_spec.CopyFrom(spec)
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


def _document(body: bytes, spec: Any) -> dict[str, Any]:
    """Parses the body, and puts its signature name into the ModelSpec."""
    document = json_reader.parse(body)
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise json_reader.format_error(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    spec.signature_name = name
    return document


def _json(message: Any, *, proto_names: bool = False) -> str:
    return MessageToJson(
        message, indent=1, always_print_fields_with_no_presence=True, preserving_proto_field_name=proto_names
    )


def _metadata_text(response: Any) -> str:
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    spec, signature_def = (_json(message, proto_names=True) for message in (response.model_spec, signatures))
    return f'{{\n"model_spec":{spec}\n,\n"metadata": {{"signature_def": {signature_def}\n}}\n}}\n'
