#!/usr/bin/env python3
"""Trains a small network that tells five flowers apart, and saves it for TensorFlow Serving.

    python examples/flowers/train.py --out build/flowers

writes the SavedModel `build/flowers/001`, and `build/flowers-request.json`: one picture that the network has not seen,
as the 224 x 224 x 3 numbers that its signature `serving_default` takes.

The pictures are the photos of tf_flowers (218 MB) where those can be downloaded, else drawn by draw.py. Needs
tensorflow.
"""

import argparse
import http.client
import json
import os
import shutil
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else importing tensorflow writes a notice

import draw
import numpy as np
import tensorflow as tf

PHOTOS = "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz"
CLASSES = list(draw.KINDS)
VERSION = "001"
DOWNLOAD_SECONDS = 60
PHOTOS_EACH, DRAWN_EACH = 120, 50
TEST_PART = 5  # every fifth picture is kept for the test


@dataclass(frozen=True)
class Dataset:
    """Pictures as uint8 [n, 224, 224, 3], and the index of the class of each one."""

    name: str
    pictures: np.ndarray
    classes: np.ndarray
    epochs: int

    def part(self, test: bool) -> tuple[np.ndarray, np.ndarray]:
        chosen = (np.arange(len(self.classes)) % TEST_PART == 0) == test
        return self.pictures[chosen], self.classes[chosen]


def download(url: str, into: Path) -> None:
    """Raises OSError when it fails, or is not there after DOWNLOAD_SECONDS."""
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    with urllib.request.urlopen(url, timeout=5) as response, into.open("wb") as file:
        while part := response.read(1 << 20):
            file.write(part)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not there after {DOWNLOAD_SECONDS} s")


def members(archive: Path) -> Iterator[tuple[int, bytes]]:
    """The first PHOTOS_EACH photos of each class, with its index: `flower_photos/daisy/….jpg`."""
    taken = dict.fromkeys(CLASSES, 0)
    with tarfile.open(archive) as tar:
        for member in tar:
            kind = Path(member.name).parent.name
            if not member.name.endswith(".jpg") or taken.get(kind, PHOTOS_EACH) >= PHOTOS_EACH:
                continue
            taken[kind] += 1
            file = tar.extractfile(member)
            if file:
                yield CLASSES.index(kind), file.read()


def photos(url: str) -> Dataset:
    try:
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "flower_photos.tgz"
            download(url, archive)
            loaded = [(index, picture_of(tf.constant(file)).numpy()) for index, file in members(archive)]
    except (OSError, EOFError, http.client.HTTPException, tarfile.TarError) as error:
        raise OSError(f"The photos of tf_flowers cannot be downloaded here: {error}") from error
    mixed = np.random.default_rng(0).permutation(len(loaded))
    pictures = np.stack([loaded[i][1] for i in mixed]).astype(np.uint8)
    return Dataset("tf_flowers", pictures, np.array([loaded[i][0] for i in mixed]), 12)


def drawn() -> Dataset:
    return Dataset("draw.py", *draw.flowers(DRAWN_EACH, seed=0), epochs=6)


def dataset(choice: str, url: str) -> Dataset:
    if choice == "drawn":
        return drawn()
    try:
        return photos(url)
    except OSError as error:
        if choice == "photos":
            raise SystemExit(str(error)) from error
        print(f"{error}\nUsing flowers that draw.py draws instead.", flush=True)
        return drawn()


def picture_of(file: tf.Tensor) -> tf.Tensor:
    """The content of a JPEG or PNG file as float32 [224, 224, 3] from 0 to 255."""
    decoded = tf.io.decode_image(file, channels=3, expand_animations=False)
    return tf.ensure_shape(tf.image.resize(decoded, (draw.SIDE, draw.SIDE)), (draw.SIDE, draw.SIDE, 3))


def network() -> tf.keras.Model:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((draw.SIDE, draw.SIDE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 5, strides=4, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(64, activation="relu"),
            layers.Dense(len(CLASSES), activation="softmax"),
        ]
    )


def endpoints(model: tf.keras.Model, archive: tf.keras.export.ExportArchive) -> None:
    """`custom_class` has a probability for each of the five classes, in the order of draw.KINDS."""
    names = tf.constant(CLASSES)

    def by_pixels(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"custom_class": model(image, training=False)}

    def by_file(file: tf.Tensor) -> dict[str, tf.Tensor]:
        """JPEG or PNG files, so that a client needs neither TensorFlow nor 150,528 numbers."""
        pictures = tf.map_fn(picture_of, file, fn_output_signature=tf.float32)
        probabilities = model(pictures, training=False)
        return {"custom_class": probabilities, "name": tf.gather(names, tf.argmax(probabilities, axis=1))}

    shape = [None, draw.SIDE, draw.SIDE, 3]
    archive.add_endpoint("serving_default", by_pixels, [tf.TensorSpec(shape, tf.float32, name="image")])
    archive.add_endpoint("from_file", by_file, [tf.TensorSpec([None], tf.string, name="file")])


def save(model: tf.keras.Model, base_path: Path) -> Path:
    """Whole or not there: written under a name that TensorFlow Serving ignores, then renamed."""
    unfinished, finished = base_path / f".tmp-{VERSION}", base_path / VERSION
    shutil.rmtree(unfinished, ignore_errors=True)
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    endpoints(model, archive)
    archive.write_out(str(unfinished), verbose=False)
    shutil.rmtree(finished, ignore_errors=True)
    return unfinished.rename(finished)


def save_request(picture: np.ndarray, base_path: Path) -> Path:
    path = base_path.with_name(f"{base_path.name}-request.json")
    path.write_text(json.dumps({"instances": [picture.tolist()]}))
    return path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the flowers example for TensorFlow Serving.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's base path")
    parser.add_argument("--data", choices=["auto", "photos", "drawn"], default="auto", help="default: auto")
    parser.add_argument("--photos", default=PHOTOS, metavar="URL", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives another model (default: 1)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    began = time.monotonic()
    data = dataset(args.data, args.photos)
    pictures, classes = data.part(test=False)
    print(f"Training on {len(classes)} pictures of {data.name} …", flush=True)
    tf.keras.utils.set_random_seed(args.seed)
    model = network()
    model.compile(tf.keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(pictures, classes, batch_size=16, epochs=data.epochs, verbose=0)
    test_pictures, test_classes = data.part(test=True)
    _, accuracy = model.evaluate(test_pictures, test_classes, verbose=0)
    took = time.monotonic() - began
    print(f"Trained in {took:.0f} s; {accuracy:.1%} of {len(test_classes)} unseen pictures are recognised.")
    args.out.mkdir(parents=True, exist_ok=True)
    request = save_request(test_pictures[0], args.out)
    print(f"Saved {save(model, args.out)} and {request}, which shows {CLASSES[test_classes[0]]}")


if __name__ == "__main__":
    main()
