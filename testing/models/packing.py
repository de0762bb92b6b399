"""Makes archives for tests, good and bad ones."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tfs_operator.fetcher.archives.unpack import Packing
from tfs_operator.fetcher.core.hidden_files import JOURNAL

Files = Mapping[str, bytes]

WEIGHTS = os.urandom(300_000)
ONE = {"saved_model.pb": b"graph", "variables/variables.index": b"index", "variables/variables.data": WEIGHTS}
"""The files of a version."""


def below(folder: str, files: Files) -> dict[str, bytes]:
    return {f"{folder}/{path}": data for path, data in files.items()}


TWO = below("1", ONE) | below("002", ONE | {"saved_model.pb": b"other"})
"""Versions 1 and 2."""


def tar_bytes(files: Files, *, tar_format: int = tarfile.PAX_FORMAT, extra: Sequence[tarfile.TarInfo] = ()) -> bytes:
    """`extra` are entries without content, such as links; they come last."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def tar_gz_bytes(files: Files, *, extra: Sequence[tarfile.TarInfo] = ()) -> bytes:
    return gzip.compress(tar_bytes(files, extra=extra), compresslevel=1, mtime=0)


def tar_entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def zip_bytes(files: Files, *, mode: int = stat.S_IFREG | 0o644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # As it is: the constructor cleans names.
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


PACK: Mapping[Packing, Callable[[Files], bytes]] = {
    Packing.TAR: tar_bytes,
    Packing.TAR_GZIP: tar_gz_bytes,
    Packing.ZIP: zip_bytes,
}


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` but the journal, by relative path."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != JOURNAL)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
