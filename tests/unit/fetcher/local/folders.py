"""Base paths on a claim, as a pod mounts it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.models.folder_source import write
from testing.models.graph_files import saved_model
from testing.models.index_files import index_bytes
from tfs_operator.domain.fetch_protocol import LocalFolder

OTHER_USER = 65532
LONG_AGO = 1_000_000_000.0
INDEX, SHARD = "variables/variables.index", "variables/variables.data-00000-of-00001"


def on_claim(root: Path, path: str = "models/mnist") -> LocalFolder:
    """The folder of `pvc://store/PATH`; `root` is where the claim is mounted."""
    return LocalFolder(name="mnist", uri=f"pvc://store/{path}", base_path=str(root / path))


def publish(folder: LocalFolder, *numbers: int) -> None:
    """Versions with a graph and a variable of ten bytes."""
    for number in numbers:
        files = {
            "saved_model.pb": saved_model(mark=str(number)),
            INDEX: index_bytes(1, [(0, 0, 10)]),
            SHARD: b"0123456789",
        }
        write(Path(folder.base_path, str(number)), files)


@contextmanager
def as_another_user() -> Iterator[None]:
    """Without the rights of root, where the tests run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(user)
