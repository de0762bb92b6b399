"""examples/boston/warmup.py: what it writes is what TensorFlow Serving reads."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.unit.examples.example import load

SAMPLES = ['{"instances": [[1.5, 2]]}', '{"instances": [[3, 4], [5, 6]]}']


def written(path: Path) -> list[prediction_log_pb2.PredictionLog]:
    records = tf.data.TFRecordDataset([str(path)]).as_numpy_iterator()
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records]


def test_each_sample_is_a_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = load(monkeypatch, "boston", "warmup").write(tmp_path, SAMPLES)
    assert path == tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    requests = [log.predict_log.request for log in written(path)]
    assert [request.model_spec.name for request in requests] == ["boston", "boston"]
    rows = [tf.make_ndarray(request.inputs["features"]) for request in requests]
    assert all(each.dtype == np.float32 for each in rows)
    assert [each.tolist() for each in rows] == [[[1.5, 2.0]], [[3.0, 4.0], [5.0, 6.0]]]


def test_no_more_than_the_server_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = load(monkeypatch, "boston", "warmup").write(tmp_path, SAMPLES * 501)
    assert len(written(path)) == 1000
