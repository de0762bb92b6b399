"""The model of `make bench-memory`: 100 MB of variables of 4 MB each, and predictions of many small tensors."""

from pathlib import Path
from typing import Any

TABLES, ROWS, WIDTH = 24, 8192, 128
"""24 tables of 4 MiB: embeddings, as models of clicks and of words have them."""
LAYERS = (256, 128, 64, 1)
INPUT, OUTPUT = "ids", "score"


def save(folder: Path) -> None:
    """Writes a SavedModel: rows of `TABLES` numbers below `ROWS` in, a number for each row out."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        ids = v1.placeholder(tf.int64, [None, TABLES], name=INPUT)
        score = _network(tf, ids)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def({INPUT: ids}, {OUTPUT: score})
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], signature_def_map={"serving_default": signature})
        builder.save()


def _network(tf: Any, ids: Any) -> Any:
    rows = [tf.gather(_variable(tf, f"table{number}", [ROWS, WIDTH]), ids[:, number]) for number in range(TABLES)]
    hidden = tf.concat(rows, axis=1)
    for number, width in enumerate(LAYERS):
        weights = _variable(tf, f"layer{number}", [hidden.shape[1], width])
        hidden = tf.nn.relu(tf.matmul(hidden, weights))
    return hidden


def _variable(tf: Any, name: str, shape: list[int]) -> Any:
    return tf.compat.v1.get_variable(name, shape, initializer=tf.compat.v1.random_uniform_initializer(0.0, 0.01))
