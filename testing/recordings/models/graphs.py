"""Models in the way of TensorFlow 1: tables with and without an initialiser, and a variable that is never set."""

from pathlib import Path
from typing import Any

import tensorflow as tf

v1 = tf.compat.v1


def write_table(version: Path, *, initialised: bool) -> None:
    """Looks words up; without the initialiser the table stays empty and each lookup fails."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        words = v1.placeholder(tf.string, [None], name="x")
        contents = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int64)
        numbers = tf.lookup.StaticHashTable(contents, -1).lookup(words)
        initialiser = v1.tables_initializer()
        session.run(initialiser)
        _save(version, session, words, numbers, v1.tables_initializer() if initialised else None)


def write_uninitialised(version: Path) -> None:
    """Multiplies by a variable that is in no collection, so that it is neither saved nor restored."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        factor = v1.get_variable("v", initializer=2.0, use_resource=True, collections=[])
        y = x * factor
        session.run(factor.initializer)
        _save(version, session, x, y)


def _save(version: Path, session: Any, x: Any, y: Any, main_op: Any = None) -> None:
    builder = v1.saved_model.Builder(str(version))
    signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
    builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature}, main_op=main_op)
    builder.save()
