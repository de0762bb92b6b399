"""A Predict request held against a signature: what to feed, and what to fetch.

(servables/tensorflow/predict_util.cc, tensorflow/cc/saved_model/util.cc)
"""

from collections.abc import Iterable, Sequence
from typing import Any

from model_server.status import invalid_argument


def feeds(signature: Any, inputs: Any) -> list[tuple[str, str, Any]]:
    """For each input of the signature its alias, tensor name and TensorProto (the request's or the default)."""
    _check_count(signature, inputs)
    chosen = []
    for alias, info in signature.inputs.items():
        if alias not in inputs and alias not in signature.defaults:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {info.name}) not found in request and no default "
                f"value provided. Inputs expected to be in the request {{{_listed(inputs)}}}, "
                f"or default input alias set: {_listed(signature.defaults)}"
            )
        chosen.append((alias, info.name, inputs[alias] if alias in inputs else signature.defaults[alias]))
    used = [alias for alias in signature.inputs if alias in inputs]
    if inputs and len(used) != len(inputs):
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {_listed(used)}, request input: {_listed(inputs)}"
        )
    return chosen


def output_names(signature: Any, requested: Sequence[str]) -> list[str]:
    """The aliases of the outputs to answer: those of the request's filter, or all."""
    for index, alias in enumerate(requested):
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{_listed(signature.outputs)}}}."
            )
        if alias in requested[:index]:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
    return list(requested) or sorted(signature.outputs)


def _check_count(signature: Any, inputs: Any) -> None:
    if len(inputs) == len(signature.inputs) or (len(inputs) < len(signature.inputs) and signature.defaults):
        return
    sent, expected = set(inputs), set(signature.inputs)
    raise invalid_argument(
        f"input size does not match signature: {len(inputs)}!={len(signature.inputs)} "
        f"len({{{_listed(sent)}}}) != len({{{_listed(expected)}}}). "
        f"Sent extra: {{{_listed(sent - expected)}}}. Missing but required: {{{_listed(expected - sent)}}}."
    )


def _listed(names: Iterable[str]) -> str:
    return ",".join(sorted(names))
