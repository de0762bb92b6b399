"""Layers upon each other give what an unpacked image would have."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.fetcher.archives.errors import BadArchive
from tfs_operator.fetcher.archives.image_layers import merge_layers
from tfs_operator.fetcher.archives.unpack import Packed


def layer(*paths: str) -> list[Packed]:
    return [Packed(path, 1, "") for path in paths]


def seen(*layers: list[Packed]) -> dict[str, int]:
    """Which layer shows at each path."""
    return {path: number for path, (number, _) in merge_layers(layers).items()}


def test_a_later_layer_covers() -> None:
    assert seen(layer("a", "b"), layer("b", "c")) == {"a": 0, "b": 1, "c": 1}


def test_a_whiteout_removes_a_file_or_a_folder_from_earlier_layers() -> None:
    assert seen(layer("1/a", "2/a", "2/b/c", "22/a"), layer(".wh.2", "1/.wh.a", "2/new")) == {"22/a": 0, "2/new": 1}


def test_an_opaque_folder_hides_what_earlier_layers_have_in_it() -> None:
    assert seen(layer("1/a", "1/b/c", "2/a"), layer("1/.wh..wh..opq", "1/d")) == {"2/a": 0, "1/d": 1}


def test_a_file_takes_the_place_of_a_folder_and_the_other_way_about() -> None:
    assert seen(layer("a/b", "c"), layer("a", "c/d")) == {"a": 1, "c/d": 1}


PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(st.lists(PATHS, max_size=4), max_size=4))
def test_no_path_is_ever_a_file_and_a_folder(layers: list[list[str]]) -> None:
    consistent = [[p for p in paths if not any(q.startswith(f"{p}/") for q in paths)] for paths in layers]
    paths = set(seen(*(layer(*paths) for paths in consistent)))
    assert not any(other.startswith(f"{path}/") for path in paths for other in paths)
    assert set(consistent[-1] if consistent else []) <= paths


def one_after_the_other(layers: list[list[str]]) -> dict[str, int]:
    """As a runtime unpacks them."""
    tree: dict[str, int] = {}
    for number, paths in enumerate(layers):
        for path in paths:
            folder, _, name = path.rpartition("/")
            gone = folder if name == ".wh..wh..opq" else f"{folder}/{name.removeprefix('.wh.')}".lstrip("/")
            keeps = name == ".wh..wh..opq"
            tree = {
                other: layer
                for other, layer in tree.items()
                if layer == number
                or not (other.startswith(f"{gone}/") or (other == gone and not keeps) or path.startswith(f"{other}/"))
            }
        tree |= {path: number for path in paths if not path.rpartition("/")[2].startswith(".wh.")}
    return tree


LAYERED = st.lists(st.sampled_from(["a", "b", ".wh.a", ".wh..wh..opq"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(st.lists(PATHS | LAYERED, max_size=4), max_size=4))
def test_it_is_what_a_runtime_would_unpack(layers: list[list[str]]) -> None:
    consistent = [
        [p for p in paths if not any(q.startswith(f"{p}/") for q in paths) and ".wh." not in p.rpartition("/")[0]]
        for paths in layers
    ]
    assert seen(*(layer(*paths) for paths in consistent)) == one_after_the_other(consistent)


def test_a_thousand_layers_upon_a_large_one_are_merged_at_once() -> None:
    """Each entry is looked at once, and not once for each layer above it."""
    large = layer(*(f"models/{number}/a" for number in range(50_000)))
    begun = time.process_time()
    assert len(merge_layers([large, *(layer(f"x{number}") for number in range(1000))])) == 51_000
    assert time.process_time() - begun < 20


def test_folders_of_folders_have_a_bound() -> None:
    deep = layer(*(f"{number}{'/a' * 1900}" for number in range(40)))
    with pytest.raises(BadArchive, match="the paths of its folders have more than 33554432 bytes"):
        merge_layers([deep])
