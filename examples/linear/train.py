#!/usr/bin/env python3
"""Fits a plane through 200 points, saves it for TensorFlow Serving, and packs it as an archive for a web server.

    python examples/linear/train.py --out build/linear

writes the SavedModel `build/linear/1` and `build/linear.tar.gz`, which holds it as `1/…`.

There is no data set to download: the points are drawn around y = 3·x1 + 2·x2 + 1, so it is known what the fit must
find. Needs tensorflow.
"""

import argparse
import os
import shutil
import tarfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else importing tensorflow writes a notice

import numpy as np
import tensorflow as tf

WEIGHTS, BIAS = np.float32([3, 2]), np.float32(1)
POINTS, NOISE = 200, 0.1
STEPS = 300


def points(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """x as float32 [n, 2] from -10 to 10, and y as float32 [n] with a little noise."""
    random = np.random.default_rng(seed)
    x = random.uniform(-10, 10, (POINTS, 2)).astype(np.float32)
    noise = random.normal(0, NOISE, POINTS).astype(np.float32)
    return x, x @ WEIGHTS + BIAS + noise


class Plane(tf.Module):
    """y = w·x + b, with a signature for each way in which a client may name the two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(tf.zeros([2]), name="w")
        self.b = tf.Variable(0.0, name="b")

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def by_position(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.linalg.matvec(x, self.w) + self.b}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="x1"),
            tf.TensorSpec([None], tf.float32, name="x2"),
        ]
    )
    def by_name(self, x1: tf.Tensor, x2: tf.Tensor) -> dict[str, tf.Tensor]:
        return self.by_position(tf.stack([x1, x2], axis=1))


def fit(plane: Plane, x: np.ndarray, y: np.ndarray) -> None:
    """Gradient descent on the mean squared error."""
    optimizer = tf.keras.optimizers.SGD(0.02)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            error = tf.reduce_mean((plane.by_position(x)["y"] - y) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(error, [plane.w, plane.b]), [plane.w, plane.b], strict=True))

    for _ in range(STEPS):
        step()


def save(plane: Plane, base_path: Path, version: int) -> Path:
    """Whole or not there: written under a name that TensorFlow Serving ignores, then renamed."""
    unfinished, finished = base_path / f".tmp-{version}", base_path / str(version)
    shutil.rmtree(unfinished, ignore_errors=True)
    signatures = {"serving_default": plane.by_position, "by_name": plane.by_name}
    tf.saved_model.save(plane, str(unfinished), signatures=signatures)
    shutil.rmtree(finished, ignore_errors=True)
    return unfinished.rename(finished)


def pack(version: Path) -> Path:
    """Every version of the base path; entries are named from it, such as `1/saved_model.pb`."""
    archive = version.parent.with_name(f"{version.parent.name}.tar.gz")
    unfinished = archive.with_name(f".tmp-{archive.name}")
    with tarfile.open(unfinished, "w:gz") as tar:
        for each in sorted(version.parent.glob("[0-9]*")):
            tar.add(each, arcname=each.name)
    return unfinished.rename(archive)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the linear example for TensorFlow Serving.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's base path")
    parser.add_argument("--version", type=int, default=1, metavar="N", help="which to write (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other points (default: 1)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    print(f"Drawing {POINTS} points around y = 3·x1 + 2·x2 + 1 (this example has no data set to download).")
    plane = Plane()
    fit(plane, *points(args.seed))
    w1, w2 = plane.w.numpy()
    print(f"Found y = {w1:.3f}·x1 + {w2:.3f}·x2 + {plane.b.numpy():.3f}")
    args.out.mkdir(parents=True, exist_ok=True)
    version = save(plane, args.out, args.version)
    print(f"Saved {version} and {pack(version)}")


if __name__ == "__main__":
    main()
