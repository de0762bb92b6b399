"""What `make bench-fetch` publishes is what a model would be."""

from pathlib import Path

from bench.fetch_data import BUCKET, VERSION, Shape, publish, same
from testing.models.index_files import write_index
from testing.stores.s3 import S3Server


def test_tensorflow_reads_the_index(tmp_path: Path) -> None:
    import tensorflow as tf

    sizes = [100, 2**20, 300]
    write_index(tmp_path / "variables.index", len(sizes), [(number, 0, size) for number, size in enumerate(sizes)])
    for number, size in enumerate(sizes):
        (tmp_path / f"variables.data-{number:05}-of-{len(sizes):05}").write_bytes(bytes(size))
    found = tf.train.load_checkpoint(str(tmp_path / "variables")).get_variable_to_shape_map()
    assert found == {"tensor/00000": [100], "tensor/00001": [2**20], "tensor/00002": [300]}


def test_a_version_has_its_shards_and_two_small_files(s3_server: S3Server, tmp_path: Path) -> None:
    shape = Shape(4, size=2**20)
    s3_server.make_bucket(BUCKET)
    publish(s3_server, shape)
    published = s3_server.folder / shape.base_path / str(VERSION)
    sizes = {str(path.relative_to(published)): path.stat().st_size for path in published.rglob("*") if path.is_file()}
    shards = {path: size for path, size in sizes.items() if ".data-" in path}
    assert sorted(sizes.keys() - shards.keys()) == ["saved_model.pb", "variables/variables.index"]
    assert shards == {f"variables/variables.data-{number:05}-of-00004": 2**18 for number in range(4)}


def test_folders_are_the_same_by_their_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "variables").mkdir(parents=True)
        (folder / "variables/data").write_bytes(b"content")
    (other / ".notes.json").write_text("{}")
    assert same(one, other)
    (other / "variables/data").write_bytes(b"Content")
    assert not same(one, other)
    (other / "variables/data").unlink()
    assert not same(one, other)
    assert not same(tmp_path / "nothing", tmp_path / "nothing")
