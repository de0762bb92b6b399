"""`scale`: `y = x * factor`, with the version as the factor."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from testing.recordings.models.signatures import save, vector

VERSIONS = (1, 2, 3, 4)


class Scale(tf.Module):  # type: ignore[misc]  # its base is an Any
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = tf.Variable(factor)

    @tf.function(input_signature=[vector(tf.float32)])  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def serve(self, x: Any) -> Any:
        return {"y": x * self.factor}


def write_scale(model: Path) -> None:
    for version in VERSIONS:
        scale = Scale(float(version))
        save(model / str(version), scale, {"serving_default": scale.serve})
