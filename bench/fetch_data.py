"""What is fetched in a measurement: versions of 1 GiB in the S3 server, laid out as SavedModels."""

import random
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from testing.models.graph_files import saved_model
from testing.models.index_files import index_bytes
from testing.stores.s3 import S3Server

BUCKET = "bench"
GIB = 2**30
VERSION = 1


@dataclass(frozen=True)
class Shape:
    """How the bytes of a version are spread: `shards` files of the same size, and two small ones."""

    shards: int
    size: int = GIB

    @property
    def name(self) -> str:
        return f"{self.shards}-files"

    @property
    def title(self) -> str:
        return f"{self.size // 2**20} MiB in {self.shards} files"

    @property
    def base_path(self) -> str:
        """The folder of the model in the bucket."""
        return f"{BUCKET}/{self.name}"


SHAPES = (Shape(64), Shape(2))


def publish(server: S3Server, shape: Shape) -> None:
    """Uploads the version. In a process of its own: what a process has held at most counts as its children's, too, and
    whole files are held here."""
    process = get_context("spawn").Process(target=_upload, args=(server, shape))
    process.start()
    process.join()
    if process.exitcode:
        raise OSError(f"{shape.title} could not be uploaded: exit status {process.exitcode}")


def _upload(server: S3Server, shape: Shape) -> None:
    folder = f"{shape.name}/{VERSION}"
    size = shape.size // shape.shards
    shards = [(number, 0, size) for number in range(shape.shards)]
    small = {"saved_model.pb": saved_model(), "variables/variables.index": index_bytes(shape.shards, shards)}
    # Each object by one PUT, so that its ETag is an MD5, which both fetchers check.
    server.put(BUCKET, {f"{folder}/{path}": content for path, content in small.items()})
    for number in range(shape.shards):
        content = _bytes(number, size)
        server.put(BUCKET, {f"{folder}/variables/variables.data-{number:05}-of-{shape.shards:05}": content})


def _bytes(seed: int, size: int) -> bytes:
    """What no two files share, and nothing compresses."""
    source, block = random.Random(seed), 2**24
    return b"".join(source.randbytes(min(block, size - done)) for done in range(0, size, block))


def same(published: Path, fetched: Path) -> bool:
    """Whether two folders have the same files with the same bytes. What is hidden is a fetcher's own note."""
    paths = _files(published)
    return bool(paths) and paths == _files(fetched) and all(_equal(published / path, fetched / path) for path in paths)


def _files(folder: Path) -> list[Path]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not path.name.startswith("."))


def _equal(one: Path, other: Path, chunk: int = 2**20) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        while data := left.read(chunk):
            if data != right.read(chunk):
                return False
        return not right.read(1)
