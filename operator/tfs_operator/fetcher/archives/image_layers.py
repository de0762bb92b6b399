"""Merges the layers of an image into one tree."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tfs_operator.fetcher.archives.errors import BadArchive
from tfs_operator.fetcher.archives.unpack import Packed

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
"""https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts"""

MAX_FOLDER_BYTES = 32 * 1024**2
"""Of the paths of all folders, which are held in memory."""

Layer = Sequence[Packed]


def merge_layers(layers: Sequence[Layer]) -> dict[str, tuple[int, Packed]]:
    """Returns every path with the layer that has it; a later layer covers the earlier ones, and can remove from them.
    The last layer comes first, so that each entry is looked at once, however many layers there are. Raises
    BadArchive."""
    tree: dict[str, tuple[int, Packed]] = {}
    cover = _Cover()
    for number, layer in reversed(list(enumerate(layers))):
        tree |= {packed.path: (number, packed) for packed in layer if cover.shows(packed.path)}
        cover.add(layer)
    return tree


@dataclass
class _Cover:
    """What the later layers let nothing shine through of."""

    gone: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    folder_bytes: int = 0

    def add(self, layer: Layer) -> None:
        for packed in layer:
            folder, _, name = packed.path.rpartition("/")
            self.gone.add(_removed(packed.path))
            self._add_folder(folder)
            if name == _OPAQUE:
                self.emptied.add(folder)

    def _add_folder(self, folder: str) -> None:
        """With those above it, up to the first that is known."""
        while folder and folder not in self.folders:
            self.folders.add(folder)
            self.folder_bytes += len(folder)
            if self.folder_bytes > MAX_FOLDER_BYTES:
                raise BadArchive(f"the paths of its folders have more than {MAX_FOLDER_BYTES} bytes")
            folder = folder.rpartition("/")[0]

    def shows(self, path: str) -> bool:
        parents = _parents(path)
        covered = path in self.folders or not self.gone.isdisjoint([path, *parents])
        return not (covered or _is_whiteout(path) or not self.emptied.isdisjoint(parents))


def _removed(path: str) -> str:
    """The path below which `path` lets nothing shine through: a file its own, a whiteout the one that it names."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.removeprefix(_WHITEOUT)}"


def _is_whiteout(path: str) -> bool:
    return path.rpartition("/")[2].startswith(_WHITEOUT)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
