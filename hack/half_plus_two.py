"""Writes charts/tfs-operator/files/test/half_plus_two.tar.gz, the model of `helm test`: y = x / 2 + 2.

One version without variables, a few hundred bytes; the graph of TensorFlow Serving's own half_plus_two. The archive
is checked in: run this only to change it. Needs .venv.
"""

import gzip
import io
import tarfile
import tempfile
from pathlib import Path

import tensorflow as tf

ARCHIVE = Path(__file__).parents[1] / "charts/tfs-operator/files/test/half_plus_two.tar.gz"
PROTO = "saved_model.pb"


def saved_model() -> bytes:
    """By TensorFlow 1's builder: `tf.saved_model.save` would add functions, a checkpoint and its own fingerprint."""
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session, tempfile.TemporaryDirectory() as folder:
        x = v1.placeholder(tf.float32, [None], name="x")
        y = tf.add(tf.multiply(x, 0.5), 2.0, name="y")
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder = v1.saved_model.Builder(f"{folder}/1")
        builder.add_meta_graph_and_variables(
            session, ["serve"], signature_def_map={"serving_default": signature}, strip_default_attrs=True
        )
        builder.save()
        return (Path(folder) / "1" / PROTO).read_bytes()


def archive(content: bytes) -> bytes:
    """The same bytes for the same content: no times, no names of users."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as out:
        member = tarfile.TarInfo(f"1/{PROTO}")
        member.size = len(content)
        out.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


def main() -> None:
    ARCHIVE.write_bytes(archive(saved_model()))
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
