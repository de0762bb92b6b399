"""The tiny SavedModels that the tests serve, and the configs that name them.

`python -m testing.conformance.models FOLDER BASE` writes everything that a running server
needs for the tests against an address; BASE is FOLDER as the server will see it.
"""

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import (
    predict_pb2,
    prediction_log_pb2,
)

MONITORING = 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
"""A text MonitoringConfig that shows the metrics at their usual path."""


def signature(*inputs: Any) -> Callable[[Callable[..., Any]], Any]:
    """Makes a method a function of the graph, with these TensorSpecs as its inputs."""
    traced: Callable[[Callable[..., Any]], Any] = tf.function(input_signature=list(inputs))
    return traced


class Scale(tf.Module):  # type: ignore[misc]  # its base is an Any
    """`y = x * factor`, so that with the version as factor an answer tells its version."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = tf.Variable(factor)

    @signature(tf.TensorSpec([None], tf.float32, name="x"))
    def serve(self, x: Any) -> Any:
        return {"y": x * self.factor}


class Various(tf.Module):  # type: ignore[misc]  # its base is an Any
    """One signature for each shape that requests and answers can take."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable([[1.0], [10.0]])

    @signature(tf.TensorSpec(None, tf.float32, name="rows"))
    def matrix(self, rows: Any) -> Any:
        return {"product": tf.matmul(rows, self.weights)}

    @signature(tf.TensorSpec([None], tf.int64, name="a"), tf.TensorSpec([None], tf.int64, name="b"))
    def pair(self, a: Any, b: Any) -> Any:
        return {"difference": a - b, "sum": a + b}

    @signature(tf.TensorSpec([None], tf.string, name="text"))
    def echo(self, text: Any) -> Any:
        return {"echo": text}

    @signature(tf.TensorSpec([None], tf.string, name="text"))
    def echo_bytes(self, text: Any) -> Any:
        return {"echo_bytes": text}

    @signature(tf.TensorSpec([None], tf.float32, name="x"))
    def inverse(self, x: Any) -> Any:
        return {"inverse": tf.constant(1.0) / x}

    @signature(tf.TensorSpec([None], tf.string, name="inputs"))
    def classify(self, inputs: Any) -> Any:
        x = self._feature(inputs)
        classes = tf.repeat(tf.constant([["low", "high"]]), tf.size(x), axis=0)
        return {"classes": classes, "scores": tf.stack([1.0 - x, x], axis=1)}

    @signature(tf.TensorSpec([None], tf.float32, name="x"))
    def total(self, x: Any) -> Any:
        return {"total": tf.reduce_sum(x)}

    @signature(tf.TensorSpec([None], tf.string, name="inputs"))
    def regress(self, inputs: Any) -> Any:
        return {"outputs": self._feature(inputs) * 2.0}

    def _feature(self, inputs: Any) -> Any:
        return tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]


class Library:
    """Saved once a session; `publish` puts copies where a server looks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for version in (1, 2, 3):
            scale = Scale(float(version))
            tf.saved_model.save(
                scale, str(folder / "scale" / str(version)), signatures={"serving_default": scale.serve}
            )
        various = Various()
        signatures = ("pair", "echo", "echo_bytes", "inverse", "classify", "regress", "total")
        named = {name: getattr(various, name) for name in signatures}
        tf.saved_model.save(
            various, str(folder / "various" / "1"), signatures={"serving_default": various.matrix} | named
        )

    def publish(self, base_path: Path, *versions: int, model: str = "scale", name: str | None = None) -> Path:
        """Copies versions under a base path, whole or not at all; `name` names the folder otherwise."""
        base_path.mkdir(parents=True, exist_ok=True)
        for version in versions:
            unfinished = base_path / f".tmp-{version}"
            shutil.copytree(self._folder / model / str(version), unfinished)
            unfinished.rename(base_path / (name or str(version)))
        return base_path

    def publish_bad(self, base_path: Path, version: int) -> Path:
        """Publishes a version folder without a SavedModel in it."""
        (base_path / str(version)).mkdir(parents=True)
        return base_path

    def publish_with_warmup(
        self, base_path: Path, values: Iterable[float], signature: str = "", records: int = 1
    ) -> Path:
        """Publishes version 1 with one warmup request, or the same several times."""
        unfinished = self.publish(base_path, 1, name=".tmp-warm") / ".tmp-warm"
        request = predict_pb2.PredictRequest()
        request.model_spec.signature_name = signature
        request.inputs["x"].CopyFrom(tf.make_tensor_proto(list(values), tf.float32))
        log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
        extra = unfinished / "assets.extra"
        extra.mkdir()
        with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
            for _ in range(records):
                writer.write(log.SerializeToString())
        unfinished.rename(base_path / "1")
        return base_path


def model_config(
    name: str,
    base_path: Path | str,
    *versions: int,
    policy: str = "",
    labels: Mapping[str, int] | None = None,
    platform: str = "tensorflow",
) -> str:
    """One `config` entry in text; `versions` are the specific ones, `policy` any other policy."""
    if versions:
        policy = "specific { " + " ".join(f"versions: {version}" for version in versions) + " }"
    entry = [f'name: "{name}" base_path: "{base_path}"']
    entry += [f'model_platform: "{platform}"'] if platform else []
    entry += [f"model_version_policy {{ {policy} }}"] if policy else []
    entry += [f'version_labels {{ key: "{key}" value: {value} }}' for key, value in (labels or {}).items()]
    return "config { " + " ".join(entry) + " }"


def config_list(*entries: str) -> str:
    """A text ModelServerConfig."""
    return "model_config_list { " + " ".join(entries) + " }\n"


def write_shared(library: Library, folder: Path, base: str) -> None:
    """Writes the models and files of the server that the tests share; `base` is the folder as it sees it."""
    library.publish(folder / "scale", 1, 2)
    library.publish(folder / "various", 1, model="various")
    scale = model_config("scale", f"{base}/scale", 1, 2, labels={"stable": 1, "canary": 2, "über label": 2})
    various = model_config("various", f"{base}/various")
    (folder / "models.config").write_text(config_list(scale, various))
    (folder / "monitoring.config").write_text(MONITORING)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_shared(Library(target / "library"), target, sys.argv[2])
