"""Signatures for examples, and their outputs as classifications and regressions.

(servables/tensorflow/classifier.cc, regressor.cc)
"""

from typing import Any

from model_server.protos import classification_pb2, regression_pb2, types_pb2
from model_server.status import StatusError, invalid_argument

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"


def check_classify(signature: Any, *, check_method_name: bool) -> None:
    """Raises StatusError unless the signature takes `inputs` and answers `classes`, `scores` or both."""
    if check_method_name and signature.method_name != CLASSIFY:
        raise _wrong_method("classification", CLASSIFY, signature)
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) not in (1, 2):
        raise invalid_argument(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if "inputs" not in signature.inputs:
        raise invalid_argument(f"No classification inputs found in SignatureDef: {_printed(signature)}")
    if not {"classes", "scores"} & set(signature.outputs):
        raise invalid_argument(
            "Expected classification signature outputs to contain at least one of "
            f'"classes" or "scores". Signature was: {_printed(signature)}'
        )


def check_regress(signature: Any, *, check_method_name: bool) -> None:
    """Raises StatusError unless the signature takes `inputs` and answers `outputs`."""
    if check_method_name and signature.method_name != REGRESS:
        raise _wrong_method("regression", REGRESS, signature)
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if "inputs" not in signature.inputs:
        raise invalid_argument(f"No regression inputs found in SignatureDef: {_printed(signature)}")
    if "outputs" not in signature.outputs:
        raise invalid_argument(f"No regression outputs found in SignatureDef: {_printed(signature)}")


def classifications(outputs: dict[str, Any], count: int) -> Any:
    """A ClassificationResult with `count` rows of (label, score)."""
    columns = (
        _matrix(outputs, "classes", types_pb2.DT_STRING, count),
        _matrix(outputs, "scores", types_pb2.DT_FLOAT, count),
    )
    widths = [width for width, _ in filter(None, columns)]
    if len(set(widths)) > 1:
        raise invalid_argument(f"Tensors class and score should match in dim_size(1). Got {widths[0]} vs. {widths[1]}")
    labels, scores = (iter(column[1]) if column else None for column in columns)
    result = classification_pb2.ClassificationResult()
    for _ in range(count):
        row = result.classifications.add()
        for _ in range(widths[0]):
            row.classes.add(label=next(labels) if labels else "", score=next(scores) if scores else 0.0)
    return result


def regressions(outputs: dict[str, Any], count: int) -> Any:
    """A RegressionResult with `count` values."""
    tensor = outputs["outputs"]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]):
        raise invalid_argument(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(shape)}"
        )
    if shape[0] != count:
        raise invalid_argument(f"Input batch size did not match output batch size: {count} vs. {shape[0]}")
    if tensor.dtype != types_pb2.DT_FLOAT:
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {types_pb2.DataType.Name(tensor.dtype)}")
    result = regression_pb2.RegressionResult()
    for value in tensor.float_val:
        result.regressions.add(value=value)
    return result


def _matrix(outputs: dict[str, Any], name: str, dtype: int, count: int) -> tuple[int, Any] | None:
    """The width and the elements of a `[count, width]` output, or None if the signature lacks it."""
    if name not in outputs:
        return None
    tensor = outputs[name]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if len(shape) != 2:
        raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(shape)}")
    if tensor.dtype != dtype:
        expected, got = types_pb2.DataType.Name(dtype), types_pb2.DataType.Name(tensor.dtype)
        raise invalid_argument(f"Expected {name} Tensor of {expected}. Got: {got}")
    if shape[0] != count:
        raise invalid_argument(f"Expected {name} output batch size of {count}. Got: {shape[0]}")
    return shape[1], tensor.string_val if dtype == types_pb2.DT_STRING else tensor.float_val


def _wrong_method(kind: str, expected: str, signature: Any) -> StatusError:
    return invalid_argument(f"Expected {kind} signature method_name to be {expected}. Was: {signature.method_name}")


def _printed(signature: Any) -> str:
    """A message as the real server's protocol buffers print it, with a prefix against programs that read it."""
    return f"goo.gle/debugproto  \n{signature}"


def _shape(sizes: list[int]) -> str:
    return f"[{','.join(map(str, sizes))}]"
