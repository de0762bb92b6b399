"""Real SavedModels, as files to upload."""

from pathlib import Path

import pytest

from testing.once import made_once


@pytest.fixture(scope="session")
def one_shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel."""
    return made_once(tmp_path_factory, "one-shard", write_saved_model)


@pytest.fixture(scope="session")
def three_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The like, its variables in three shards."""
    return made_once(tmp_path_factory, "three-shards", _write_three_shards)


def files(folder: Path) -> dict[str, Path]:
    """Every file of a SavedModel by its path."""
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def write_saved_model(folder: Path) -> None:
    """Ten variables in one shard."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = [tf.Variable(tf.random.normal([20, 20]), name=f"w{n}") for n in range(10)]
    signature = [tf.TensorSpec([None, 20], tf.float32, name="x")]
    module.multiply = tf.function(lambda x: {"y": x @ module.weights[0]}, input_signature=signature)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.multiply})


def _write_three_shards(folder: Path) -> None:
    write_saved_model(folder)
    split_into_shards(folder, 3)


def split_into_shards(folder: Path, count: int) -> None:
    """Writes the variables anew as several shards, as a trainer on several machines does."""
    import tensorflow as tf

    variables = folder / "variables" / "variables"
    reader = tf.train.load_checkpoint(str(variables))
    names = sorted(reader.get_variable_to_dtype_map())
    parts = [names[shard::count] for shard in range(count)]
    prefixes = [str(folder / f"part-{shard}") for shard in range(count)]
    for prefix, part in zip(prefixes, parts, strict=True):
        tensors = [tf.constant(reader.get_tensor(name)) for name in part]
        tf.raw_ops.SaveV2(prefix=prefix, tensor_names=part, shape_and_slices=[""] * len(part), tensors=tensors)
    for path in (folder / "variables").iterdir():
        path.unlink()
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=prefixes, destination_prefix=str(variables), delete_old_dirs=False
    )
