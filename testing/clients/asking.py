"""Connections that ask the example model for one digit, and say which version has answered.

A connection is one TCP connection, so behind a Service all of its requests reach one pod; but for one that is kept:
it is replaced by what an HTTP library does about connections that break.
"""

import http.client
import ipaddress
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import grpc
import numpy as np
import urllib3

SECONDS = 30.0
"""For one answer, the connecting included: a lost request is never answered, and a slow machine answers late."""
TRY_AGAIN = urllib3.Retry(total=2, allowed_methods=None)
"""Also a POST whose connection broke before it was answered: a prediction may be asked for twice."""


class Connection(Protocol):
    def ask(self) -> int:
        """The version that answered. Raises ConnectionError when nobody has, TimeoutError when nobody has in time, and
        WrongAnswerError."""

    def close(self) -> None: ...


Connect = Callable[[], Connection]


class WrongAnswerError(Exception):
    """The server refused, or what it answered is not what any version answers."""


@dataclass(frozen=True)
class Question:
    """`answers` has each version's probabilities for `image`, by which REST's answers are told from each other.

    An empty `label` asks without one.
    """

    model: str
    label: str
    image: Any
    answers: Mapping[int, Sequence[float]]

    def version_of(self, probabilities: Sequence[float]) -> int:
        found = [version for version, known in self.answers.items() if alike(probabilities, known)]
        if len(found) != 1:
            raise WrongAnswerError(f"versions {found or 'none'} would answer {probabilities}")
        return found[0]


def alike(served: Sequence[float], known: Sequence[float]) -> bool:
    """REST rounds to nine digits, and another machine may add in another order."""
    return len(served) == len(known) and bool(np.allclose(served, known, atol=1e-4))


def by_rest(url: str, question: Question) -> Connect:
    """Refuses any address but this machine's own."""
    parts = urlsplit(url)
    host, port = on_this_machine(parts.hostname or "", parts.port or 80)
    return lambda: RestConnection(host, port, question)


def by_kept_rest(url: str, question: Question, retries: urllib3.Retry | bool = TRY_AGAIN) -> Connect:
    """Stays connected, as clients with a connection pool do. Refuses any address but this machine's own."""
    parts = urlsplit(url)
    host, port = on_this_machine(parts.hostname or "", parts.port or 80)
    return lambda: KeptRestConnection(host, port, question, retries)


def by_grpc(address: str, question: Question, service_config: str | None = None) -> Connect:
    """As gRPC does by default, what never left the client is tried again on another connection, which is what happens
    when a call and a server's GOAWAY cross; anything else only if a service config says so. Refuses any address but
    this machine's own."""
    name, _, number = address.rpartition(":")
    host, port = on_this_machine(name, int(number))
    request = predict_request(question)
    tries = [("grpc.service_config", service_config)] if service_config else []
    return lambda: GrpcConnection(f"{host}:{port}", request, question, tries)


def by_both(url: str, address: str, question: Question) -> dict[str, Connect]:
    """By REST and by gRPC, each under its name."""
    return {"REST": by_rest(url, question), "gRPC": by_grpc(address, question)}


def on_this_machine(host: str, port: int) -> tuple[str, int]:
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"{host} is not this machine: load goes to 127.0.0.1 alone")
    return host, port


JSON = {"Content-Type": "application/json"}


def rest_request(question: Question) -> tuple[str, str]:
    """Path and body."""
    label = f"/labels/{question.label}" if question.label else ""
    path = f"/v1/models/{question.model}{label}:predict"
    return path, json.dumps({"instances": [question.image]})


def version_said(question: Question, status: int, said: str) -> int:
    if status != 200:
        raise WrongAnswerError(f"{status} {said}")
    return question.version_of(json.loads(said)["predictions"][0])


class RestConnection:
    def __init__(self, host: str, port: int, question: Question) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
        self._path, self._body = rest_request(question)
        self._question = question

    def ask(self) -> int:
        return version_said(self._question, *self._post())

    def _post(self) -> tuple[int, str]:
        try:
            self._connection.request("POST", self._path, self._body, JSON)
            response = self._connection.getresponse()
            return response.status, response.read().decode()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        self._connection.close()


class KeptRestConnection:
    """A pool of one connection, which is used as long as it lasts."""

    def __init__(self, host: str, port: int, question: Question, retries: urllib3.Retry | bool) -> None:
        self._pool = urllib3.HTTPConnectionPool(host, port, timeout=SECONDS, maxsize=1, retries=retries)
        self._path, self._body = rest_request(question)
        self._question = question

    def ask(self) -> int:
        try:
            answer = self._pool.request("POST", self._path, body=self._body, headers=JSON)
        except urllib3.exceptions.TimeoutError as error:
            raise TimeoutError(str(error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise ConnectionError(str(error)) from error
        return version_said(self._question, answer.status, answer.data.decode())

    def close(self) -> None:
        self._pool.close()


def predict_request(question: Question) -> Any:
    """A PredictRequest. Imports tensorflow, which the messages of tensorflow_serving do anyway."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = question.model
    if question.label:
        request.model_spec.version_label = question.label
    request.inputs["image"].CopyFrom(tf.make_tensor_proto([question.image], dtype=tf.float32))
    return request


class GrpcConnection:
    def __init__(self, address: str, request: Any, question: Question, tries: Sequence[tuple[str, Any]]) -> None:
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        # Else the library would use one TCP connection for all channels.
        self._channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1), *tries])
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._request, self._question = request, question

    def ask(self) -> int:
        response = self._predict()
        answered = self._question.version_of(response.outputs["probabilities"].float_val)
        claimed = response.model_spec.version.value
        if claimed != answered:
            raise WrongAnswerError(f"the answer is version {answered}'s, and says it is version {claimed}'s")
        return answered

    def _predict(self) -> Any:
        try:
            return self._stub.Predict(self._request, timeout=SECONDS)
        except grpc.RpcError as error:
            code, details = error.code(), error.details()
            kinds = {grpc.StatusCode.UNAVAILABLE: ConnectionError, grpc.StatusCode.DEADLINE_EXCEEDED: TimeoutError}
            raise kinds.get(code, WrongAnswerError)(f"{code.name}: {details}") from error

    def close(self) -> None:
        self._channel.close()
