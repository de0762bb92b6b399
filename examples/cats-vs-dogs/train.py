#!/usr/bin/env python3
"""Trains two networks that tell cats from dogs, in two versions each, and saves them for TensorFlow Serving.

    python examples/cats-vs-dogs/train.py --out build/pets

writes `build/pets/cats-vs-dogs/1` and `/2`, a network in the shape of VGG16: 13 convolutions in five blocks, and three
dense layers, but narrow and for 64 x 64 pictures, so that training takes seconds; and `build/pets/cats-vs-dogs-small/1`
and `/2`, with three convolutions. Version 1 has seen a part of the pictures, version 2 all of them.

The pictures are photos (the 68 MB selection of TensorFlow's tutorials from Kaggle's Dogs vs. Cats) where those can be
downloaded, else drawn by draw.py. Needs tensorflow.
"""

import argparse
import http.client
import io
import os
import shutil
import time
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else importing tensorflow writes a notice

import draw
import numpy as np
import tensorflow as tf

PHOTOS = "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip"
DOWNLOAD_SECONDS = 60
PHOTOS_EACH, DRAWN_EACH = 600, 200
TEST_PART = 5  # every fifth picture is kept for the test
VGG16_BLOCKS = ((2, 8), (2, 16), (3, 24), (3, 32), (3, 32))  # of VGG16 itself: 64, 128, 256, 512, 512 wide


@dataclass(frozen=True)
class Dataset:
    """Pictures as uint8 [n, 64, 64, 3], and 0 for a cat or 1 for a dog."""

    name: str
    pictures: np.ndarray
    classes: np.ndarray

    def part(self, test: bool) -> tuple[np.ndarray, np.ndarray]:
        chosen = (np.arange(len(self.classes)) % TEST_PART == 0) == test
        return self.pictures[chosen], self.classes[chosen]


def download(url: str) -> bytes:
    """Raises OSError when it fails, or is not there after DOWNLOAD_SECONDS."""
    deadline, content = time.monotonic() + DOWNLOAD_SECONDS, io.BytesIO()
    with urllib.request.urlopen(url, timeout=5) as response:
        while part := response.read(1 << 20):
            content.write(part)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not there after {DOWNLOAD_SECONDS} s")
    return content.getvalue()


def picture_of(file: tf.Tensor) -> tf.Tensor:
    """The content of a JPEG or PNG file as float32 [64, 64, 3] from 0 to 255."""
    decoded = tf.io.decode_image(file, channels=3, expand_animations=False)
    return tf.ensure_shape(tf.image.resize(decoded, (draw.SIDE, draw.SIDE)), (draw.SIDE, draw.SIDE, 3))


def photos(url: str) -> Dataset:
    """`cats_and_dogs_filtered/train/cats/cat.0.jpg`, and so on."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(download(url)))
    except (OSError, http.client.HTTPException, zipfile.BadZipFile) as error:
        raise OSError(f"The photos of Dogs vs. Cats cannot be downloaded here: {error}") from error
    pictures, classes = [], []
    for index, kind in enumerate(draw.CLASSES):
        names = [n for n in archive.namelist() if n.endswith(".jpg") and f"/train/{kind}s/" in n]
        for name in sorted(names)[:PHOTOS_EACH]:
            pictures.append(picture_of(tf.constant(archive.read(name))).numpy().astype(np.uint8))
            classes.append(index)
    mixed = np.random.default_rng(0).permutation(len(classes))
    return Dataset("Dogs vs. Cats", np.stack(pictures)[mixed], np.array(classes)[mixed])


def drawn() -> Dataset:
    return Dataset("draw.py", *draw.faces(DRAWN_EACH, seed=0))


def dataset(choice: str, url: str) -> Dataset:
    if choice == "drawn":
        return drawn()
    try:
        return photos(url)
    except OSError as error:
        if choice == "photos":
            raise SystemExit(str(error)) from error
        print(f"{error}\nUsing faces that draw.py draws instead.", flush=True)
        return drawn()


def vgg16_shaped() -> tf.keras.Model:
    """13 convolutions, each block's end halving the picture, and three dense layers."""
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((draw.SIDE, draw.SIDE, 3)), layers.Rescaling(1 / 127.5, -1)])
    for convolutions, width in VGG16_BLOCKS:
        for _ in range(convolutions):
            model.add(layers.Conv2D(width, 3, padding="same", activation="relu", kernel_initializer="he_normal"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    for _ in range(2):
        model.add(layers.Dense(64, activation="relu", kernel_initializer="he_normal"))
    model.add(layers.Dense(len(draw.CLASSES), activation="softmax"))
    return model


def small() -> tf.keras.Model:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((draw.SIDE, draw.SIDE, 3)),
            layers.Rescaling(1 / 127.5, -1),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(len(draw.CLASSES), activation="softmax"),
        ]
    )


NETWORKS: dict[str, Callable[[], tf.keras.Model]] = {"cats-vs-dogs": vgg16_shaped, "cats-vs-dogs-small": small}
VERSIONS = {1: (0.5, 4), 2: (1.0, 8)}
"""The part of the pictures that a version has seen, and how often."""


def save(model: tf.keras.Model, base_path: Path, version: int) -> Path:
    """Takes JPEG or PNG files; answers the name of the class and how sure it is, from 0 to 1.

    Whole or not there: written under a name that TensorFlow Serving ignores, then renamed.
    """
    unfinished, finished = base_path / f".tmp-{version}", base_path / str(version)
    names = tf.constant(draw.CLASSES)

    def answer(file: tf.Tensor) -> dict[str, tf.Tensor]:
        pictures = tf.map_fn(picture_of, file, fn_output_signature=tf.float32)
        probabilities = model(pictures, training=False)
        name = tf.gather(names, tf.argmax(probabilities, axis=1))
        return {"class": name, "confidence": tf.reduce_max(probabilities, axis=1)}

    shutil.rmtree(unfinished, ignore_errors=True)
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", answer, [tf.TensorSpec([None], tf.string, name="file")])
    archive.write_out(str(unfinished), verbose=False)
    shutil.rmtree(finished, ignore_errors=True)
    return unfinished.rename(finished)


def train(model: tf.keras.Model, data: Dataset, part: float, epochs: int) -> float:
    """Returns the part of the unseen pictures that it tells right."""
    pictures, classes = data.part(test=False)
    seen = int(part * len(classes))
    unsure = tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.1)  # else every answer would be 100% sure
    model.compile(tf.keras.optimizers.Adam(0.001), unsure, metrics=["accuracy"])
    model.fit(pictures[:seen], one_hot(classes[:seen]), batch_size=16, epochs=epochs, verbose=0)
    unseen, true = data.part(test=True)
    return float(model.evaluate(unseen, one_hot(true), verbose=0)[1])


def one_hot(classes: np.ndarray) -> np.ndarray:
    return np.eye(len(draw.CLASSES), dtype=np.float32)[classes]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the cats-vs-dogs example for TensorFlow Serving.")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="a base path for each model is made in it"
    )
    parser.add_argument("--data", choices=["auto", "photos", "drawn"], default="auto", help="default: auto")
    parser.add_argument("--photos", default=PHOTOS, metavar="URL", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other models (default: 1)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    data = dataset(args.data, args.photos)
    tested = len(data.part(test=True)[1])
    print(f"Training on {len(data.classes) - tested} pictures of {data.name} …", flush=True)
    for name, network in NETWORKS.items():
        for version, (part, epochs) in VERSIONS.items():
            began = time.monotonic()
            tf.keras.utils.set_random_seed(args.seed)
            model = network()
            accuracy = train(model, data, part, epochs)
            saved = save(model, args.out / name, version)
            took = time.monotonic() - began
            print(
                f"Saved {saved}: {took:.0f} s; {accuracy:.1%} of {tested} unseen pictures are recognised.", flush=True
            )


if __name__ == "__main__":
    main()
