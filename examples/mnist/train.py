#!/usr/bin/env python3
"""Trains a small network that reads handwritten digits, and saves it for TensorFlow Serving.

    python examples/mnist/train.py --out build/mnist --version 1

writes the SavedModel `build/mnist/1` (its base path is `build/mnist`) and, beside the base path,
`build/mnist-test-images.json`: 20 digits that the network has not seen, for client.py.

`--shift 2` makes a better one: it learns from images that are moved about as well.

The digits are MNIST's where those can be downloaded, else the 1,797 of data/digits.csv.gz. Needs tensorflow.
"""

import argparse
import gzip
import json
import os
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else importing tensorflow writes a notice

import numpy as np
import tensorflow as tf

DIGITS = Path(__file__).parent / "data" / "digits.csv.gz"
TEST_IMAGES = 20
DOWNLOAD_SECONDS = 30


@dataclass(frozen=True)
class Dataset:
    """Images as float32 [n, 28, 28, 1] from 0 (paper) to 1 (ink), and the digit that each one shows."""

    name: str
    train_images: np.ndarray
    train_digits: np.ndarray
    test_images: np.ndarray
    test_digits: np.ndarray
    epochs: int
    shifted_epochs: int


def as_images(pixels: np.ndarray) -> np.ndarray:
    """Three decimals are enough, and keep the JSON of a request short."""
    return np.round(pixels.astype(np.float32), 3)[..., np.newaxis]


def uci_digits() -> Dataset:
    """The 8 x 8 digits enlarged to 20 x 20 with a margin of 4, which is how MNIST places its own."""
    with gzip.open(DIGITS, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
    small = table[:, :64].reshape(-1, 8, 8, 1) / 16
    large = tf.image.resize(small, (20, 20)).numpy()[..., 0]
    images, digits = as_images(np.pad(large, ((0, 0), (4, 4), (4, 4)))), table[:, 64].astype(np.int64)
    return Dataset("UCI digits", images[:1500], digits[:1500], images[1500:], digits[1500:], 15, 30)


def download_mnist() -> Dataset:
    (train_images, train_digits), (test_images, test_digits) = tf.keras.datasets.mnist.load_data()
    train, test = as_images(train_images / 255), as_images(test_images / 255)
    return Dataset("MNIST", train, train_digits, test, test_digits, 1, 5)


def mnist() -> Dataset:
    """MNIST, or OSError after a short while where its server cannot be reached."""
    loaded: list[Dataset | Exception] = []

    def load() -> None:
        try:
            loaded.append(download_mnist())
        except Exception as error:  # Keras raises a bare Exception when a download fails
            loaded.append(error)

    socket.setdefaulttimeout(5)
    download = threading.Thread(target=load, daemon=True)
    download.start()
    download.join(DOWNLOAD_SECONDS)
    result = loaded[0] if loaded else f"no answer in {DOWNLOAD_SECONDS} s"
    if not isinstance(result, Dataset):
        raise OSError(f"MNIST cannot be downloaded here: {result}")
    return result


def dataset(choice: str) -> Dataset:
    if choice == "digits":
        return uci_digits()
    try:
        return mnist()
    except OSError as error:
        if choice == "mnist":
            raise SystemExit(str(error)) from error
        print(f"{error}\nUsing the digits of {DIGITS.name} instead.", flush=True)
        return uci_digits()


def network() -> tf.keras.Model:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((28, 28, 1), name="image"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def moved(images: np.ndarray, pixels: int, epoch: int) -> np.ndarray:
    """A fifth of the images up, another down, left, right, and one left in place; in five epochs, each in every way."""
    ways = [(-pixels, 0), (pixels, 0), (0, -pixels), (0, pixels), (0, 0)]
    fifths = enumerate(np.array_split(images, 5))
    return np.concatenate([np.roll(fifth, ways[(epoch + i) % 5], axis=(1, 2)) for i, fifth in fifths])


def train(data: Dataset, shift: int) -> tf.keras.Model:
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    if not shift:
        model.fit(data.train_images, data.train_digits, batch_size=32, epochs=data.epochs, verbose=0)
        return model
    for epoch in range(data.shifted_epochs):
        model.fit(moved(data.train_images, shift, epoch), data.train_digits, batch_size=32, verbose=0)
    return model


def save(model: tf.keras.Model, base_path: Path, version: int) -> Path:
    """Whole or not there: written under a name that TensorFlow Serving ignores, then renamed."""
    unfinished, finished = base_path / f".tmp-{version}", base_path / str(version)
    shutil.rmtree(unfinished, ignore_errors=True)
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serving_default",
        lambda image: {"probabilities": model(image, training=False)},
        input_signature=[tf.TensorSpec([None, 28, 28, 1], tf.float32, name="image")],
    )
    archive.write_out(str(unfinished), verbose=False)
    shutil.rmtree(finished, ignore_errors=True)
    return unfinished.rename(finished)


def save_test_images(data: Dataset, base_path: Path) -> Path:
    path = base_path.with_name(f"{base_path.name}-test-images.json")
    spread = np.arange(TEST_IMAGES) * len(data.test_digits) // TEST_IMAGES  # so that every writer is among them
    images, digits = data.test_images[spread], data.test_digits[spread]
    shortened = [[[[round(float(ink), 3)] for ink in row[:, 0]] for row in image] for image in images]
    path.write_text(json.dumps({"instances": shortened, "digits": digits.tolist()}))
    return path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the MNIST example for TensorFlow Serving.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's base path")
    parser.add_argument("--version", type=int, default=1, metavar="N", help="which to write (default: 1)")
    parser.add_argument("--data", choices=["auto", "mnist", "digits"], default="auto", help="default: auto")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives another model (default: 1)")
    parser.add_argument("--shift", type=int, default=0, metavar="PIXELS", help="how far to move images (default: 0)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    began = time.monotonic()
    data = dataset(args.data)
    print(f"Training on {len(data.train_digits)} images of {data.name} …", flush=True)
    tf.keras.utils.set_random_seed(args.seed)
    model = train(data, args.shift)
    _, accuracy = model.evaluate(data.test_images, data.test_digits, verbose=0)
    took = time.monotonic() - began
    print(f"Trained in {took:.0f} s; {accuracy:.1%} of {len(data.test_digits)} unseen images are read correctly.")
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"Saved {save(model, args.out, args.version)} and {save_test_images(data, args.out)}")


if __name__ == "__main__":
    main()
