"""The example model's answers: from a server on both protocols, and from the SavedModel itself."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from testing.local_cluster.model import EXAMPLE, Trained

Answers = list[list[float]]


def load_client() -> ModuleType:
    """examples/mnist/client.py: what users copy is what is tested."""
    spec = importlib.util.spec_from_file_location("mnist_client", EXAMPLE / "client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


client = load_client()


def images(trained: Trained) -> list[Any]:
    return list(json.loads(trained.test_images.read_text())["instances"])


def locally(folder: Path, instances: list[Any]) -> Answers:
    import tensorflow as tf

    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    answers: Answers = signature(image=tf.constant(instances, tf.float32))["probabilities"].numpy().tolist()
    return answers


def same(served: Answers, local: Answers) -> bool:
    """REST rounds to nine digits, and another machine may add in another order."""
    return np.asarray(served).shape == np.asarray(local).shape and np.allclose(served, local, atol=1e-5)
