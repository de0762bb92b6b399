#!/usr/bin/env python3
"""Trains a small network that estimates the price of a house from 13 numbers, and saves it for TensorFlow Serving.

    python examples/boston/train.py --out build/boston

writes the SavedModel `build/boston/1`, and `build/boston-samples.jsonl`: 20 requests, one a line, with houses that the
network has not seen; and `build/boston-prices.json` with their true prices.

The houses are the Boston housing data where those can be downloaded, else drawn with the same columns. The data of 1978
are out of use for anything but examples: one column, B, counts Black residents, on the assumption that their share
moves prices. Needs tensorflow.
"""

import argparse
import hashlib
import http.client
import io
import json
import os
import shutil
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else importing tensorflow writes a notice

import numpy as np
import tensorflow as tf

BOSTON = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz"
BOSTON_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"  # as Keras pins it
DOWNLOAD_SECONDS = 30
HOUSES, TEST_HOUSES, SAMPLES = 506, 100, 20

# name, mean, standard deviation, and what a house with one more standard deviation costs more, in 1,000 $
COLUMNS = (
    ("CRIM", 3.6, 8.6, -0.9),
    ("ZN", 11.4, 23.3, 1.1),
    ("INDUS", 11.1, 6.9, 0.1),
    ("CHAS", 0.07, 0.25, 0.7),
    ("NOX", 0.55, 0.12, -2.0),
    ("RM", 6.3, 0.7, 2.7),
    ("AGE", 68.6, 28.1, 0.0),
    ("DIS", 3.8, 2.1, -3.1),
    ("RAD", 9.5, 8.7, 2.6),
    ("TAX", 408.0, 168.0, -2.1),
    ("PTRATIO", 18.5, 2.2, -2.0),
    ("B", 356.0, 91.0, 0.0),
    ("LSTAT", 12.7, 7.1, -3.7),
)
MEAN_PRICE, PRICE_NOISE = 22.5, 2.0


@dataclass(frozen=True)
class Dataset:
    """Houses as float32 [n, 13], and prices as float32 [n] in 1,000 $ of 1978."""

    name: str
    houses: np.ndarray
    prices: np.ndarray


def download(url: str) -> bytes:
    """Raises OSError when it fails, or is not there after DOWNLOAD_SECONDS."""
    deadline, content = time.monotonic() + DOWNLOAD_SECONDS, io.BytesIO()
    with urllib.request.urlopen(url, timeout=5) as response:
        while part := response.read(1 << 16):
            content.write(part)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not there after {DOWNLOAD_SECONDS} s")
    return content.getvalue()


def boston(url: str) -> Dataset:
    try:
        content = download(url)
    except (OSError, http.client.HTTPException) as error:
        raise OSError(f"The Boston housing data cannot be downloaded here: {error}") from error
    if url == BOSTON and hashlib.sha256(content).hexdigest() != BOSTON_SHA256:
        raise OSError(f"What {url} answers is not the Boston housing data: another SHA-256")
    table = np.load(io.BytesIO(content))
    mixed = np.random.default_rng(113).permutation(len(table["y"]))
    return Dataset("Boston housing", np.float32(table["x"])[mixed], np.float32(table["y"])[mixed])


def drawn() -> Dataset:
    """The same columns with about the same means and spread. Nothing about Boston, or people, can be learnt from it."""
    random = np.random.default_rng(0)
    _, means, spreads, effects = zip(*COLUMNS, strict=True)
    standard = random.normal(0, 1, (HOUSES, len(COLUMNS)))
    houses = np.maximum(0, means + standard * spreads).round(3)
    prices = MEAN_PRICE + (houses - means) / spreads @ np.array(effects) + random.normal(0, PRICE_NOISE, HOUSES)
    return Dataset("drawn houses", np.float32(houses), np.float32(prices.round(1)))


def dataset(choice: str, url: str) -> Dataset:
    if choice == "drawn":
        return drawn()
    try:
        return boston(url)
    except OSError as error:
        if choice == "boston":
            raise SystemExit(str(error)) from error
        print(f"{error}\nUsing houses that are drawn at random instead, with the same 13 columns.", flush=True)
        return drawn()


def train(houses: np.ndarray, prices: np.ndarray) -> tf.keras.Model:
    layers = tf.keras.layers
    scale = layers.Normalization()
    scale.adapt(houses)
    model = tf.keras.Sequential(
        [
            layers.Input((len(COLUMNS),)),
            scale,
            layers.Dense(32, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(tf.keras.optimizers.Adam(0.01), "mse")
    model.fit(houses, prices, batch_size=32, epochs=40, verbose=0)
    return model


def save(model: tf.keras.Model, base_path: Path, version: int) -> Path:
    """Whole or not there: written under a name that TensorFlow Serving ignores, then renamed."""
    unfinished, finished = base_path / f".tmp-{version}", base_path / str(version)
    shutil.rmtree(unfinished, ignore_errors=True)
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serving_default",
        lambda features: {"price": tf.squeeze(model(features, training=False), axis=1)},
        input_signature=[tf.TensorSpec([None, len(COLUMNS)], tf.float32, name="features")],
    )
    archive.write_out(str(unfinished), verbose=False)
    shutil.rmtree(finished, ignore_errors=True)
    return unfinished.rename(finished)


def save_samples(houses: np.ndarray, prices: np.ndarray, base_path: Path) -> Path:
    samples = base_path.with_name(f"{base_path.name}-samples.jsonl")
    rows = [[round(float(number), 3) for number in house] for house in houses[:SAMPLES]]
    samples.write_text("".join(json.dumps({"instances": [row]}) + "\n" for row in rows))
    true = [round(float(price), 1) for price in prices[:SAMPLES]]
    base_path.with_name(f"{base_path.name}-prices.json").write_text(json.dumps(true))
    return samples


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the boston example for TensorFlow Serving.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's base path")
    parser.add_argument("--version", type=int, default=1, metavar="N", help="which to write (default: 1)")
    parser.add_argument("--data", choices=["auto", "boston", "drawn"], default="auto", help="default: auto")
    parser.add_argument("--boston", default=BOSTON, metavar="URL", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives another model (default: 1)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    began = time.monotonic()
    data = dataset(args.data, args.boston)
    houses, prices = data.houses[TEST_HOUSES:], data.prices[TEST_HOUSES:]
    print(f"Training on {len(prices)} houses of {data.name} …", flush=True)
    tf.keras.utils.set_random_seed(args.seed)
    model = train(houses, prices)
    estimated = model.predict(data.houses[:TEST_HOUSES], verbose=0)[:, 0]
    off = np.abs(estimated - data.prices[:TEST_HOUSES]).mean()
    print(f"Trained in {time.monotonic() - began:.0f} s; {TEST_HOUSES} unseen prices are {off:.1f} off on average.")
    args.out.mkdir(parents=True, exist_ok=True)
    samples = save_samples(data.houses, data.prices, args.out)
    print(f"Saved {save(model, args.out, args.version)} and {samples}")


if __name__ == "__main__":
    main()
