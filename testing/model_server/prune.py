"""Leaves of TensorFlow's wheel only what the double opens, for the image: `python3 prune.py SITE_PACKAGES`.

1.3 GB become 0.65: the C library without its symbol table, and the generated protocol buffers.
"""

import struct
import sys
from pathlib import Path

LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
PACKAGES = ("core", "tsl", "compiler")
"""The folders of `tensorflow` that hold generated modules."""

_ELF64_PROGRAM_HEADER = "<IIQQQQQQ"


def prune(site_packages: Path) -> None:
    tensorflow = site_packages / "tensorflow"
    # From the leaves up, so that a folder is empty by the time it is looked at.
    for path in sorted(tensorflow.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not is_used(path.relative_to(tensorflow)):
            path.unlink()
    for library in LIBRARIES:
        drop_sections(tensorflow / library)


def is_used(path: Path) -> bool:
    """Whether the double opens a file of the wheel, or its licence asks for it."""
    if path.parts[0] in PACKAGES:
        return path.name.endswith(("_pb2.py", "_pb2_grpc.py")) or path.name == "__init__.py"
    return str(path) in (*LIBRARIES, "THIRD_PARTY_NOTICES.txt")


def drop_sections(library: Path) -> None:
    """Cuts off what no segment needs: the loader never looks at sections, nor at the symbol table in one."""
    with library.open("r+b") as file:
        header = file.read(64)
        if header[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"not a little-endian 64-bit ELF file: {library}")
        (table,) = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(table)
        segments = [struct.unpack(_ELF64_PROGRAM_HEADER, file.read(size)) for _ in range(count)]
        end = max(table + size * count, *(offset + length for _, _, offset, _, _, length, _, _ in segments))
        file.seek(40)
        file.write(struct.pack("<Q", 0))
        file.seek(58)
        file.write(struct.pack("<HHH", 0, 0, 0))
        file.truncate(end)


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
