"""Merges the layers of an image into one tree."""

from collections.abc import Mapping, Sequence

from tfs_operator.fetcher.archives.unpack import Packed

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
"""https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts"""

Layer = Sequence[Packed]


def merge_layers(layers: Sequence[Layer]) -> dict[str, tuple[int, Packed]]:
    """Returns every path with the layer that has it; a later layer covers the earlier ones, and can remove from
    them."""
    tree: dict[str, tuple[int, Packed]] = {}
    for number, layer in enumerate(layers):
        if tree:
            tree = _without_covered(tree, layer)
        tree |= {packed.path: (number, packed) for packed in layer if not _is_whiteout(packed.path)}
    return tree


def _without_covered(tree: Mapping[str, tuple[int, Packed]], layer: Layer) -> dict[str, tuple[int, Packed]]:
    gone = {_removed(packed.path) for packed in layer}
    folders = {parent for packed in layer for parent in _parents(packed.path)}
    emptied = {packed.path.rpartition("/")[0] for packed in layer if packed.path.rpartition("/")[2] == _OPAQUE}

    def stays(path: str) -> bool:
        parents = _parents(path)
        return path not in folders and gone.isdisjoint([path, *parents]) and emptied.isdisjoint(parents)

    return {path: entry for path, entry in tree.items() if stays(path)}


def _removed(path: str) -> str:
    """The path below which `path` lets nothing shine through: a file its own, a whiteout the one that it names."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.removeprefix(_WHITEOUT)}"


def _is_whiteout(path: str) -> bool:
    return path.rpartition("/")[2].startswith(_WHITEOUT)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
