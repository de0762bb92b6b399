"""Reads a request's JSON as the real server does: NaN and Infinity allowed, anything after the document ignored.

(util/json_tensor.cc; the messages are RapidJSON's)
"""

import base64
import binascii
import json
from typing import Any

from model_server.json_writer import JsonWriter
from model_server.status import StatusError, invalid_argument

_DEBUG_BYTES = 256

_REASONS = {
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
    "Invalid control character at": "Invalid encoding in string.",
}
"""What Python's parser says → what RapidJSON says."""


def parse(body: bytes) -> dict[str, Any]:
    """The request's object; raises StatusError for anything else."""
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    text = body.decode(errors="replace")
    start = len(text) - len(text.lstrip(" \t\r\n"))
    try:
        document, _ = json.JSONDecoder(strict=True).raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise invalid_argument(f"JSON Parse error: {_reason(error)} at offset: {error.pos}") from error
    if not isinstance(document, dict):
        raise format_error(document, "Is not object")
    return document


def format_error(value: object, problem: str) -> StatusError:
    return invalid_argument(f"JSON Value: {debug_text(value)} {problem}")


def is_base64(value: object) -> bool:
    """Whether a value is `{"b64": "…"}`, the notation for bytes."""
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def decode_base64(value: Any) -> bytes:
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {debug_text(value)} not formatted correctly for base64 data")
    text = value["b64"]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise invalid_argument("Unable to base64 decode") from error


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
    """A value as JSON, broken off after 256 bytes."""
    writer = JsonWriter()
    writer.single_line_arrays = True
    _write(writer, value)
    return writer.text


def _write(writer: JsonWriter, value: object) -> None:
    if len(writer.text) >= _DEBUG_BYTES:
        return
    if isinstance(value, dict):
        writer.start_object()
        for key, item in value.items():
            writer.string(key)
            _write(writer, item)
        writer.end_object()
    elif isinstance(value, list):
        writer.start_array()
        for item in value:
            _write(writer, item)
        writer.end_array()
    else:
        writer.raw(json.dumps(value, ensure_ascii=False))


def _reason(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip(" \t\r\n")) and not error.doc.strip(" \t\r\n"):
        return "The document is empty."
    if error.msg == "Expecting ',' delimiter":
        closing, what = ("]", "array element") if _in_array(error.doc[: error.pos]) else ("}", "object member")
        return f"Missing a comma or {closing} after an {what}."
    return _REASONS.get(error.msg, "Invalid value.")


def _in_array(text: str) -> bool:
    """Whether the innermost bracket left open is a list's."""
    brackets, in_string, escaped = [], False, False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            brackets.append(character)
        elif character in "]}":
            brackets.pop()
    return brackets[-1:] == ["["]
