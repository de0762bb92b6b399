"""A Predict request in JSON, as TensorProtos.

(util/json_tensor.cc)
"""

from typing import Any

from model_server.json_tensor import Batch, whole_tensor
from model_server.json_values import debug_text, format_error, is_base64
from model_server.status import StatusError, invalid_argument


def request_tensors(document: dict[str, Any], inputs: Any) -> tuple[dict[str, Any], bool]:
    """The tensors by input name, and whether they came as `instances` (rows) rather than `inputs` (columns).

    `inputs` is the signature's map of TensorInfo. Raises StatusError.
    """
    rows = "instances" in document
    if rows and "inputs" in document:
        raise format_error(
            document,
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        )
    if not rows and "inputs" not in document:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    if rows:
        return _from_instances(document, inputs), True
    return _from_inputs(document["inputs"], inputs), False


def _from_instances(document: dict[str, Any], inputs: Any) -> dict[str, Any]:
    instances = document["instances"]
    if not isinstance(instances, list):
        raise format_error(document, "Expecting 'instances' to be an list/array")
    if not instances:
        raise format_error(document, "No values in 'instances' array")
    if not isinstance(instances[0], dict) and len(inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    named = _is_named(instances[0])
    tensors: dict[str, Batch] = {}
    for index, instance in enumerate(instances):
        if named:
            _add_named(tensors, inputs, index, instance)
        else:
            _add_plain(tensors, inputs, index, instance)
    return {name: batch.proto(len(instances)) for name, batch in tensors.items()}


def _add_named(tensors: dict[str, Batch], inputs: Any, index: int, instance: Any) -> None:
    if not _is_named(instance):
        raise invalid_argument(f"Expecting object but got list at item {index} of input list")
    for name, value in instance.items():
        try:
            _add(tensors, inputs, name, value)
        except StatusError as error:
            place = f"{index} key: {name} of 'instances' list."
            raise invalid_argument(f"Failed to process element: {place} Error: {error.status}") from error
    if set(instance) != set(inputs):
        raise invalid_argument(
            f"Failed to process element: {index} of 'instances' list. JSON object: {debug_text(instance)} "
            f"keys must be equal to: {','.join(sorted(inputs))}"
        )


def _add_plain(tensors: dict[str, Batch], inputs: Any, index: int, instance: Any) -> None:
    if _is_named(instance):
        raise invalid_argument(f"Expecting value/list but got object at item {index} of input list")
    try:
        _add(tensors, inputs, next(iter(inputs)), instance)
    except StatusError as error:
        raise invalid_argument(
            f"Failed to process element: {index} of 'instances' list. Error: {error.status}"
        ) from error


def _add(tensors: dict[str, Batch], inputs: Any, name: str, value: Any) -> None:
    if name not in inputs:
        raise invalid_argument(f"JSON object: does not have named input: {name}")
    if name not in tensors:
        tensors[name] = Batch(inputs[name].dtype)
    tensors[name].add(value)


def _from_inputs(value: Any, inputs: Any) -> dict[str, Any]:
    if not _is_named(value):
        if len(inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        return {name: whole_tensor(info.dtype, value) for name, info in inputs.items()}
    for name in inputs:
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return {name: whole_tensor(info.dtype, value[name]) for name, info in inputs.items()}


def _is_named(value: object) -> bool:
    return isinstance(value, dict) and not is_base64(value)
