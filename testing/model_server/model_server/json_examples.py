"""A Classify or Regress request in JSON, as an Input of tf.Examples.

(util/json_tensor.cc)
"""

from typing import Any

from model_server.json_values import decode_base64, format_error, is_base64, type_name
from model_server.protos import example_pb2
from model_server.status import StatusError, invalid_argument


def fill_input(document: dict[str, Any], request_input: Any) -> None:
    """Fills an Input from `examples` and `context`; raises StatusError."""
    context = document.get("context")
    listed = request_input.example_list
    if "context" in document:
        listed = request_input.example_list_with_context
        listed.context.CopyFrom(_example(context))
    if "examples" not in document:
        raise format_error(document, "When method is classify, key 'examples' is expected and was not found")
    examples = document["examples"]
    if not isinstance(examples, list):
        raise format_error(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise format_error(document, "'examples' value is an empty array")
    for example in examples:
        listed.examples.append(_example(example))


def _example(value: Any) -> Any:
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {type_name(value)}")
    example = example_pb2.Example()
    for name, content in value.items():
        feature = example.features.feature[name]
        for item in content if isinstance(content, list) else [content]:
            _append(name, feature, item)
    return example


def _append(name: str, feature: Any, value: Any) -> None:
    """Adds a value; the first one decides between bytes, floats and integers."""
    kind, converted = _convert(name, value)
    chosen = feature.WhichOneof("kind")
    if chosen not in (None, kind):
        expected = str(chosen).removesuffix("_list")
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {expected}")
    getattr(feature, kind).value.append(converted)


def _convert(name: str, value: Any) -> tuple[str, Any]:
    match value:
        case bool():
            return "int64_list", int(value)
        case str():
            return "bytes_list", value.encode()
        case float():
            return "float_list", value
        case int() if value < 2**63:
            return "int64_list", value
        case int():
            raise invalid_argument(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
        case dict() if is_base64(value):
            return "bytes_list", decode_base64(value)
    raise _unexpected(name, value)


def _unexpected(name: str, value: Any) -> StatusError:
    return invalid_argument(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")
