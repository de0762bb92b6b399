"""Reads a request's JSON.

(util/json_tensor.cc, ParseJson)
"""

import json
import re
from typing import Any

from model_server.json_numbers import NumberTooBigError, number
from model_server.json_parser import JsonError, parse_json
from model_server.json_values import format_error
from model_server.status import invalid_argument

_HALF_A_CHARACTER = re.compile(rb"\\u[dD]")


def parse(body: bytes) -> dict[str, Any]:
    """The request's object; raises StatusError for anything else."""
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = _quickly_parsed(body)
    except (ValueError, RecursionError, NumberTooBigError):
        document = _parsed(body)
    if not isinstance(document, dict):
        raise format_error(document, "Is not object")
    return document


def _quickly_parsed(body: bytes) -> Any:
    """By Python's own parser, which is many times faster; raises an error where the two might differ."""
    if _HALF_A_CHARACTER.search(body):
        raise ValueError("a surrogate may be alone")
    document, _ = _DECODER.raw_decode(body.decode().lstrip(" \t\r\n"))
    return document


def _parsed(body: bytes) -> Any:
    try:
        return parse_json(body)
    except JsonError as error:
        raise invalid_argument(f"JSON Parse error: {error}") from error


def _first_of_each_name(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    return found if len(found) == len(members) else dict(reversed(members))


_DECODER = json.JSONDecoder(object_pairs_hook=_first_of_each_name, parse_float=number, parse_int=number)
