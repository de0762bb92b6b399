"""What is said of a JSON value: its type, its text in a message, and the bytes that it stands for.

(util/json_tensor.cc)
"""

import base64
import math
import re
from contextlib import suppress
from typing import Any

from model_server.json_numbers import shortest
from model_server.json_writer import JsonWriter
from model_server.status import StatusError, invalid_argument

_DEBUG_BYTES = 256
_BASE64 = re.compile(r"([A-Za-z0-9+/]*)([=.]*)")
_SPACE = re.compile(r"[ \t\n\v\f\r]")


def format_error(value: object, problem: str) -> StatusError:
    return invalid_argument(f"JSON Value: {debug_text(value)} {problem}")


def is_base64(value: object) -> bool:
    """Whether a value is `{"b64": "…"}`, the notation for bytes."""
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def decode_base64(value: Any) -> bytes:
    """The bytes of `{"b64": "…"}`, in which white space and missing padding do not matter; raises StatusError."""
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {debug_text(value)} not formatted correctly for base64 data")
    match = _BASE64.fullmatch(_SPACE.sub("", value["b64"]))
    padding = -len(match[1]) % 4 if match else 3
    if match is None or padding == 3 or len(match[2]) not in (0, padding):
        raise invalid_argument("Unable to base64 decode")
    return base64.b64decode(match[1] + "=" * padding)


def type_name(value: object) -> str:
    """RapidJSON's name for the type of a value."""
    match value:
        case None:
            return "Null"
        case True:
            return "True"
        case False:
            return "False"
        case dict():
            return "Object"
        case list():
            return "Array"
        case str():
            return "String"
        case _:
            return "Number"


def debug_text(value: object) -> str:
    """A value as JSON, broken off after 256 bytes, or before a number that is none or infinite."""
    writer = JsonWriter()
    writer.single_line_arrays = True
    with suppress(_BrokenOffError):
        _write(writer, value)
    return writer.text


class _BrokenOffError(Exception):
    pass


def _write(writer: JsonWriter, value: object) -> None:
    _check_length(writer)
    if isinstance(value, dict):
        writer.start_object()
        for key, item in value.items():
            _check_length(writer)
            writer.string(key)
            _write(writer, item)
        _check_length(writer)
        writer.end_object()
    elif isinstance(value, list):
        writer.start_array()
        for item in value:
            _write(writer, item)
        _check_length(writer)
        writer.end_array()
    else:
        _write_scalar(writer, value)


def _write_scalar(writer: JsonWriter, value: object) -> None:
    match value:
        case str():
            writer.string(value)
        case float():
            writer.raw(shortest(value) if math.isfinite(value) else "")
            if not math.isfinite(value):
                raise _BrokenOffError
        case None:
            writer.raw("null")
        case _:
            writer.raw(str(value).lower())


def _check_length(writer: JsonWriter) -> None:
    if len(writer.text.encode(errors="surrogateescape")) >= _DEBUG_BYTES:
        raise _BrokenOffError
