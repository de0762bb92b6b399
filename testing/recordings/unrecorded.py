"""What the recorder did to the files besides the steps of reloads.jsonl, as far as it follows from what came of it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, predict_pb2, prediction_log_pb2, session_service_pb2

Log = prediction_log_pb2.PredictionLog
"""One record of a warmup file."""


def before_start(history: str, folder: Path) -> None:
    """Changes the folder of the models, once the versions that a server starts with are published."""
    change = _CHANGES.get(history)
    if change is not None:
        change(folder)


def add_warmup(version: Path, number: int) -> None:
    """Gives a version the warmup file that the version of this number had in the history `warmups`."""
    file = version / "assets.extra" / "tf_serving_warmup_requests"
    file.parent.mkdir()
    if number in _NO_RECORDS:
        file.write_bytes(_NO_RECORDS[number])
        return
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in _RECORDS[number]():
            writer.write(record)


def _file_beside_versions(folder: Path) -> None:
    """The process ended: this is never loaded, and nothing else is while it is tried."""
    (folder / "m" / "5").write_text("")


def _link_to_other_model(folder: Path) -> None:
    """`m` answered as version 9 with what was published as version 9 of `q`."""
    (folder / "m" / "9").symlink_to(folder / "q" / "9")


def _empty_base_path(folder: Path) -> None:
    """Other models went on to be looked at, which a missing base path would have ended."""
    (folder / "n").mkdir()


_CHANGES: Mapping[str, Callable[[Path], None]] = {
    "odd_versions": _file_beside_versions,
    "odd_versions2": _link_to_other_model,
    "empty_path": _empty_base_path,
}


def _predict(values: Any = (1.0,), dtype: Any = tf.float32, alias: str = "x", signature: str = "") -> bytes:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "m", signature
    request.inputs[alias].CopyFrom(tf.make_tensor_proto(values, dtype))
    return _logged(request)


def _logged(request: Any) -> bytes:
    written: bytes = Log(predict_log=prediction_log_pb2.PredictLog(request=request)).SerializeToString()
    return written


def _classify() -> bytes:
    request = classification_pb2.ClassificationRequest()
    request.input.example_list.examples.add()
    written: bytes = Log(classify_log=prediction_log_pb2.ClassifyLog(request=request)).SerializeToString()
    return written


def _session_run() -> bytes:
    request = session_service_pb2.SessionRunRequest()
    written: bytes = Log(session_run_log=prediction_log_pb2.SessionRunLog(request=request)).SerializeToString()
    return written


_NO_RECORDS = {8: b"", 9: b"this is no file of records"}
"""The bytes of the files that hold no records."""

_RECORDS: Mapping[int, Callable[[], Iterable[bytes]]] = {
    2: lambda: [_predict()],
    3: lambda: [_predict(signature="nope")],
    4: lambda: [_predict((1,), tf.int32)],
    5: lambda: [_predict(alias="z")],
    6: lambda: [Log().SerializeToString()],
    7: lambda: [b"\xff\xff"],
    10: lambda: [_predict(()), _predict()],
    11: lambda: [_predict((1.0, 2.0))] * 2,
    12: lambda: [_logged(predict_pb2.PredictRequest())],
    13: lambda: [_classify()],
    14: lambda: [_session_run()],
    15: lambda: [_predict()] * 1000,
    16: lambda: [_predict(signature="serving_default")],
    17: lambda: [_predict()] * 1001,
    18: lambda: [_predict(), _predict(signature="nope")],
}
