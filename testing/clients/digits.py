"""The example model's answers: from a server on both protocols, and from the SavedModel itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from testing.clients.asking import Question
from testing.local_cluster.model import EXAMPLE, Trained
from testing.programs import loaded

Answers = list[list[float]]


client = loaded(EXAMPLE / "client.py")


def images(trained: Trained) -> list[Any]:
    return list(json.loads(trained.test_images.read_text())["instances"])


def locally(folder: Path, instances: list[Any]) -> Answers:
    import tensorflow as tf

    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    answers: Answers = signature(image=tf.constant(instances, tf.float32))["probabilities"].numpy().tolist()
    return answers


def question(name: str, label: str, versions: Mapping[int, Trained]) -> Question:
    """For one image, with what each of the versions of the model answers."""
    image = images(next(iter(versions.values())))[0]
    return Question(name, label, image, {n: locally(trained.folder, [image])[0] for n, trained in versions.items()})


def same(served: Answers, local: Answers) -> bool:
    """REST rounds to nine digits, and another machine may add in another order."""
    return np.asarray(served).shape == np.asarray(local).shape and np.allclose(served, local, atol=1e-5)
