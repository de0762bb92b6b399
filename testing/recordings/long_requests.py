"""Requests that were too long to be recorded, made again from what their names say of them."""

import gzip
import re
from collections.abc import Callable

from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import predict_pb2

from testing.recordings.data import RestCase

_OVERHEAD = 37
"""Bytes of a PredictRequest of some megabytes besides its numbers."""

_DEADLY = 20_000
"""Brackets nested deeper than about this make the real server overflow its stack and die; such cases are not sent."""


def request_of(case: RestCase) -> bytes | None:
    """Returns the bytes to send, or None for a request that ends the server."""
    if case.request or case.half_closes:
        return case.request
    for pattern, make in _MAKERS.items():
        if match := re.fullmatch(pattern, case.name):
            return make(int(match[1]))
    raise ValueError(f"no request was recorded for {case.name!r}, and none can be made")


def long_request(length: int) -> bytes:
    """Returns a serialized PredictRequest of the model `scale` that is this long, nearly all of it ones."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "scale"
    count = (length - _OVERHEAD) // 4
    request.inputs["x"].tensor_content = b"\0\0\x80\x3f" * count
    request.inputs["x"].dtype = types_pb2.DT_FLOAT
    request.inputs["x"].tensor_shape.dim.add(size=count)
    return bytes(request.SerializeToString())


def _post(body: bytes, headers: str = "") -> bytes:
    head = f"POST /v1/models/scale:predict HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _nested(key: str) -> Callable[[int], bytes | None]:
    def request(depth: int) -> bytes | None:
        body = b'{"%b":%b1%b}' % (key.encode(), b"[" * depth, b"]" * depth)
        return None if depth > _DEADLY else _post(body)

    return request


def _unclosed(count: int) -> bytes:
    return _post(b"[" * count)


def _blank(megabytes: int) -> bytes:
    return _post(gzip.compress(b" " * megabytes * 1_000_000), "Content-Encoding: gzip\r\n")


def _header(length: int) -> bytes:
    return f"GET /v1/models/scale HTTP/1.1\r\nHost: h\r\nX-Long: {'a' * length}\r\n\r\n".encode()


def _headers(count: int) -> bytes:
    lines = "".join(f"X-{number}: a\r\n" for number in range(count))
    return f"GET /v1/models/scale HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode()


def _path(length: int) -> bytes:
    return f"GET /v1/models/{'a' * length} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


_MAKERS: dict[str, Callable[[int], bytes | None]] = {
    r"depth (\d+)": _nested("instances"),
    r"depth inputs (\d+)": _nested("inputs"),
    r"(\d+) open brackets": _unclosed,
    r"content-encoding bomb (\d+)MB": _blank,
    r"header of (\d+)": _header,
    r"(\d+) headers": _headers,
    r"path of (\d+)": _path,
}
