"""The examples of a Classify, Regress or MultiInference request.

(servables/tensorflow/util.cc, InputToSerializedExampleTensor)
"""

from typing import Any

from model_server.status import invalid_argument


def serialized_examples(request_input: Any) -> list[bytes]:
    """Serializes each example, after the context if there is one; raises StatusError if there is none."""
    match request_input.WhichOneof("kind"):
        case "example_list":
            context, examples = b"", request_input.example_list.examples
        case "example_list_with_context":
            listed = request_input.example_list_with_context
            context, examples = listed.context.SerializeToString(), listed.examples
        case _:
            context, examples = b"", []
    if not examples:
        raise invalid_argument("Input is empty.")
    # Two serialized messages one after the other are their merge.
    return [context + example.SerializeToString() for example in examples]
